package account

import (
	"context"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage"
)

// RecoveryCodes keeps keyed hashes of recovery codes; storage/sqlstore.RecoveryCodes
// in the binary.
type RecoveryCodes interface {
	// Replace voids the set before. Failures with codes no longer count, and
	// trusted devices are forgotten. It answers storage.ErrConsumed when the
	// password epoch is another.
	Replace(ctx context.Context, c storage.RecoverySet, e storage.Event, m ...storage.Message) error
	Status(ctx context.Context, userID storage.ID) (storage.RecoveryCodes, error)
}

// RecoveryCounts reports whether recovery codes are of use.
func (s *Service) RecoveryCounts() bool { return s.cfg.Policy.Reaches(storage.FactorRecovery) != "" }

// ReplaceRecoveryCodes makes a new set of recovery codes; the one before is void.
// What it returns is shown once and kept nowhere. The owner is told.
func (s *Service) ReplaceRecoveryCodes(ctx context.Context, by Actor, id storage.ID) ([]string, error) {
	c, err := s.begin(ctx, by, replaceCodes, id)
	if err != nil {
		return nil, err
	}
	codes, hashes, err := s.cfg.Factors.Recovery().NewSet(id)
	if err != nil {
		return nil, err
	}
	err = s.notifyProven(c, message.Notice{
		Kind: storage.MessageRecoveryReplaced, Factor: storage.FactorRecovery, Remaining: len(codes),
	})
	if err != nil {
		return nil, err
	}
	set := storage.RecoverySet{UserID: id, PasswordEpoch: c.user.PasswordEpoch, Hashes: hashes, Now: c.now}
	if err := s.written(c, "replace recovery codes", s.cfg.Recovery.Replace(ctx, set, c.event, c.messages...)); err != nil {
		return nil, err
	}
	return codes, nil
}

package mfa

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

const (
	// recoveryCodeCount is how many codes a set has.
	recoveryCodeCount = 10
	// recoveryCodeLength is that of a code in characters of five bits each: 50
	// bits, short enough to type on a phone. They are kept as keyed hashes and
	// guessed under the limit of tries: docs/decisions/recovery-codes.md.
	recoveryCodeLength = 10
	recoveryGroup      = 5
	// recoveryAlphabet is Crockford's: no letter is mistaken for a digit.
	recoveryAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	recoveryPurpose  = "recovery code"
)

// Recovery is the factor of recovery codes: for the day that every other one
// is lost. A set is shown once; here are keyed hashes, each spent by one
// conditional write. They replace the second factor and nothing else.
type Recovery struct {
	cfg     Config
	limiter *attemptLimiter
}

// Kind implements Factor.
func (r *Recovery) Kind() storage.FactorKind { return storage.FactorRecovery }

// Available implements Factor.
func (r *Recovery) Available(p Person) bool { return p.Recovery.Remaining > 0 }

// Begin implements Factor.
func (r *Recovery) Begin(_ context.Context, a Attempt) (Challenge, error) {
	if !r.Available(a.Person) {
		return Challenge{}, ErrNotOffered
	}
	if err := closed(a.Person.lockout(storage.FactorRecovery), a.Now); err != nil {
		return Challenge{}, err
	}
	return Challenge{Kind: storage.FactorRecovery, Input: InputCode}, nil
}

// Verify implements Factor. The person is told that a code was used. Codes that were
// made under a key that this node does not know cannot be judged: that counts as no
// failure, and is keys.ErrUnknownKey (requirement KY5).
func (r *Recovery) Verify(ctx context.Context, a Attempt, response Response) (storage.Proof, error) {
	if !r.Available(a.Person) {
		return storage.Proof{}, ErrNotOffered
	}
	if err := r.cfg.Hasher.KnowsID(a.Person.Recovery.KeyID); errors.Is(err, keys.ErrUnknownKey) {
		return storage.Proof{}, fmt.Errorf("judge recovery code: key %q: %w", a.Person.Recovery.KeyID, err)
	}
	entry, err := r.limiter.enter(ctx, a, storage.FactorRecovery)
	if err != nil {
		return storage.Proof{}, err
	}
	code, ok := canonicalRecoveryCode(response.Code)
	if !ok {
		return storage.Proof{}, entry.fail(ctx, errors.New("malformed code"))
	}
	e, err := r.limiter.event(a, storage.EventRecoveryUsed, storage.Success, "")
	if err != nil {
		return storage.Proof{}, err
	}
	notices, err := r.limiter.notices(a, Notice{
		Kind: storage.MessageRecoveryUsed, Factor: storage.FactorRecovery, Remaining: a.Person.Recovery.Remaining - 1,
	})
	if err != nil {
		return storage.Proof{}, err
	}
	u := a.Person.User
	err = r.cfg.Recovery.Consume(ctx, u.ID, r.cfg.Hasher.Sums(recoveryPurpose, string(u.ID), code), a.Now, e, notices...)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return storage.Proof{}, entry.fail(ctx, errors.New("wrong code"))
	case errors.Is(err, storage.ErrConsumed):
		return storage.Proof{}, entry.fail(ctx, errors.New("code was used"))
	case err != nil:
		return storage.Proof{}, fmt.Errorf("spend recovery code: %w", err)
	}
	return entry.pass(ctx, storage.Proof{})
}

// NewSet makes a new set of codes for a person, with the keyed hashes that package
// account keeps of them. The codes are shown once and kept nowhere.
func (r *Recovery) NewSet(userID storage.ID) (codes, hashes []string, err error) {
	codes, hashes = make([]string, recoveryCodeCount), make([]string, recoveryCodeCount)
	for i := range codes {
		code, err := r.newCode()
		if err != nil {
			return nil, nil, err
		}
		codes[i] = spellRecoveryCode(code)
		hashes[i] = r.cfg.Hasher.Sum(recoveryPurpose, string(userID), code)
	}
	return codes, hashes, nil
}

func (r *Recovery) newCode() (string, error) {
	random := make([]byte, recoveryCodeLength)
	if _, err := io.ReadFull(r.cfg.Random, random); err != nil {
		return "", fmt.Errorf("read randomness for a recovery code: %w", err)
	}
	for i, b := range random {
		random[i] = recoveryAlphabet[b%32] // 256 is a multiple of 32: no character is likelier
	}
	return string(random), nil
}

// spellRecoveryCode writes a code in groups, as people read it.
func spellRecoveryCode(code string) string {
	var groups []string
	for ; len(code) > recoveryGroup; code = code[recoveryGroup:] {
		groups = append(groups, code[:recoveryGroup])
	}
	return strings.Join(append(groups, code), "-")
}

// canonicalRecoveryCode reads a code as people type it: in any case, with or
// without dashes and spaces, with letters for the digits that they look like.
func canonicalRecoveryCode(text string) (string, bool) {
	code := lookAlikes.Replace(typed(text))
	if len(code) != recoveryCodeLength || strings.Trim(code, recoveryAlphabet) != "" {
		return "", false
	}
	return code, true
}

// lookAlikes are the letters that Crockford's alphabet leaves out for the digits
// that they look like.
var lookAlikes = strings.NewReplacer("O", "0", "I", "1", "L", "1")

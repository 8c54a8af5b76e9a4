package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/storage"
)

// peek looks at what a one-time token stands for, and spends nothing; ErrVoid
// where it stands for nothing.
func peek[T any](ctx context.Context, s *Service, purpose onetime.Purpose, token string) (T, error) {
	entry, err := s.cfg.Tokens.Peek(ctx, purpose, token)
	return decode[T](entry, err)
}

// CheckLink reports whether a link can be spent, for the page that it opens, and
// spends nothing: mail scanners open links too (requirement OT4). own says that
// only whoever is signed in to the account can use it. It tells where the link leads
// back to, and answers ErrVoid, and ErrSignIn.
func (s *Service) CheckLink(ctx context.Context, by Actor, purpose onetime.Purpose, token string, own bool) (message.Return, error) {
	of, err := peek[struct {
		UserID storage.ID `json:"user_id"`
		message.Return
	}](ctx, s, purpose, token)
	if err == nil && own && !by.is(of.UserID) {
		return message.Return{}, ErrSignIn
	}
	return of.Return, err
}

// redeem spends a one-time token: of many callers one gets what it stands for,
// the others ErrVoid.
func redeem[T any](ctx context.Context, s *Service, purpose onetime.Purpose, token string) (T, error) {
	entry, err := s.cfg.Tokens.Redeem(ctx, purpose, token)
	return decode[T](entry, err)
}

func decode[T any](entry *onetime.Entry, err error) (T, error) {
	var data T
	if err != nil {
		return data, tokenError(err)
	}
	return data, entry.Decode(&data)
}

// tokenError says why a one-time token could not be read or spent.
func tokenError(err error) error {
	if errors.Is(err, onetime.ErrInvalid) {
		return fmt.Errorf("%w: %w", ErrVoid, err)
	}
	return fmt.Errorf("one-time token: %w", err)
}

// voidIfNobody is err of a token whose person is gone.
func voidIfNobody(err error) error {
	if errors.Is(err, ErrNobody) {
		return fmt.Errorf("%w: %w", ErrVoid, err)
	}
	return err
}

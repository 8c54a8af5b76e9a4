package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// Invitations keeps who may sign up where sign-up is by invitation;
// storage/sqlstore.Invitations in the binary.
type Invitations interface {
	Create(ctx context.Context, inv *storage.Invitation, e storage.Event, m ...storage.Message) error
	// Valid answers storage.ErrNotFound for one that was used or has expired.
	Valid(ctx context.Context, hashes []string, now time.Time) (*storage.Invitation, error)
	// Revoke answers storage.ErrNotFound for one that was used or has expired.
	Revoke(ctx context.Context, id storage.ID, now time.Time, e storage.Event) error
}

// invitationPurpose separates the keyed hashes of invitations from others.
const invitationPurpose = "invitation"

// Invite lets the owner of an address sign up. The link is sent, in the language
// of locale, unless send says that the caller hands the token over. It answers
// ErrClosed where sign-up is not by invitation, a [FieldError] for field email,
// and ErrTaken where the address has an account.
func (s *Service) Invite(ctx context.Context, by Actor, email, locale string, send bool) (token string, inv *storage.Invitation, err error) {
	if err := s.authorize(ctx, by, invite, &storage.User{}); err != nil {
		return "", nil, err
	}
	if email, err = spellEmail(email); err != nil {
		return "", nil, err
	}
	if s.cfg.SignUp.Mode != SignUpInvitation {
		return "", nil, ErrClosed
	}
	switch _, err := s.cfg.Users.ByIdentifier(ctx, email); {
	case err == nil:
		return "", nil, fmt.Errorf("invite: %w", ErrTaken)
	case !errors.Is(err, storage.ErrNotFound):
		return "", nil, fmt.Errorf("look for %q: %w", email, err)
	}
	now := s.cfg.Now()
	token, sum, err := s.cfg.Hasher.NewToken(s.cfg.Random, invitationPurpose)
	if err != nil {
		return "", nil, err
	}
	inv = &storage.Invitation{
		TokenHash: sum, Email: email, CreatedAt: now, ExpiresAt: now.Add(s.cfg.InvitationLifetime),
	}
	if inv.ID, err = storage.NewID(now, s.cfg.Random); err != nil {
		return "", nil, fmt.Errorf("name invitation: %w", err)
	}
	e, err := NewEvent(now, s.cfg.Random, by, storage.EventInvitationCreated, "")
	if err != nil {
		return "", nil, err
	}
	c := &change{by: by, now: now, event: e}
	c.by.from.Locale = locale
	if send {
		if err := s.tell(c, message.Invitation{Email: email, Token: token, ExpiresAt: inv.ExpiresAt}); err != nil {
			return "", nil, err
		}
	}
	err = s.written(c, "keep invitation", s.cfg.Invitations.Create(ctx, inv, c.event, c.messages...))
	return token, inv, err
}

// RevokeInvitation takes an invitation back that nobody used: its link is void. It answers
// ErrNotFound for one that is not there, was used, or has expired.
func (s *Service) RevokeInvitation(ctx context.Context, by Actor, id storage.ID) error {
	c, err := s.beginFor(ctx, by, revokeInvitation)
	if err != nil {
		return err
	}
	c.detail("invitation " + string(id))
	return s.written(c, "revoke invitation", s.cfg.Invitations.Revoke(ctx, id, c.now, c.event))
}

// Invitation finds the one that a token stands for. It answers ErrVoid, and
// keys.ErrUnknownKey where this node cannot judge the token (requirement KY5).
func (s *Service) Invitation(ctx context.Context, token string) (*storage.Invitation, error) {
	hashes, err := s.cfg.Hasher.SumsOfToken(invitationPurpose, token)
	switch {
	case errors.Is(err, keys.ErrRevokedKey):
		return nil, fmt.Errorf("invitation: %w: %w", ErrVoid, err)
	case err != nil:
		return nil, fmt.Errorf("invitation: %w", err)
	}
	found, err := s.cfg.Invitations.Valid(ctx, hashes, s.cfg.Now())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, fmt.Errorf("invitation: %w: %w", ErrVoid, err)
	}
	if err != nil {
		return nil, fmt.Errorf("read invitation: %w", err)
	}
	return found, nil
}

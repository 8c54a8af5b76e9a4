package account

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/storage"
)

// IssueReset makes the token of a link with which the person sets a new password, for
// an operator who hands it over by a way of their own: nothing is sent, so that an
// account can be given back where no mail arrives. It proves no address, and a link
// that was made before is void. An account that is locked down opens with the new password. It answers ErrForbidden to all but operators.
func (s *Service) IssueReset(ctx context.Context, by Actor, id storage.ID, lasts time.Duration, reason string) (token string, err error) {
	c, err := s.begin(ctx, by, issueReset, id)
	if err != nil {
		return "", err
	}
	if c.user.Disabled() && !c.user.Locked() {
		return "", fmt.Errorf("issue reset: the account is disabled: %w", ErrForbidden)
	}
	c.detail(reason)
	made, err := s.cfg.Tokens.Issue(ctx, onetime.Token{
		Purpose: onetime.PasswordReset, Subject: string(id), TTL: lasts,
		Data: message.Reset{UserID: id, Epoch: c.user.PasswordEpoch, Email: c.user.Email, HandedOver: true, PeopleOnly: by.administers && by.duties&DutyOwner == 0},
	})
	if err != nil {
		return "", fmt.Errorf("make reset link: %w", err)
	}
	if err := s.cfg.Events.Append(ctx, c.event); err != nil {
		return "", fmt.Errorf("write event %s: %w", c.event.Type, err)
	}
	return made.Token, nil
}

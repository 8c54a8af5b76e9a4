package mfa

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// enrolmentTTL is how long a person has to set an authenticator up.
const enrolmentTTL = 15 * time.Minute

// enrolmentKey is where an enrolment waits: it is of one attempt and person.
func enrolmentKey(k storage.FactorKind, a Attempt) string {
	return "mfa:enrol:" + string(k) + ":" + a.ID + ":" + string(a.Person.User.ID)
}

// countEnrolment counts a response that would confirm an enrolment and returns
// how many are left. Where none is, the enrolment ends.
func (g *gate) countEnrolment(ctx context.Context, a Attempt, k storage.FactorKind) (int, error) {
	n, err := g.cfg.Ephemeral.Count(ctx, "mfa:enrol:tries:"+string(k)+":"+a.ID, enrolmentTTL)
	if err != nil {
		return 0, fmt.Errorf("count tries of an enrolment: %w", err)
	}
	left := 2*g.cfg.Policy.Tries - int(n)
	if left >= 0 {
		return left, nil
	}
	if _, err := g.cfg.Ephemeral.Take(ctx, enrolmentKey(k, a)); err != nil && !errors.Is(err, storage.ErrNotFound) {
		return 0, fmt.Errorf("end enrolment: %w", err)
	}
	return 0, ErrSpent
}

// accountName is how a person's account is called in their authenticators.
func accountName(u *storage.User) string {
	if u.Email != "" {
		return u.Email
	}
	return u.Username
}

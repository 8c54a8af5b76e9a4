package mfa

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// enrollmentTTL is how long a person has to set an authenticator up.
const enrollmentTTL = 15 * time.Minute

// enrollmentEntry names an enrollment that waits: it is of one attempt and person.
func enrollmentEntry(k storage.FactorKind, a Attempt) string {
	return ephemeral.Name(string(k), a.ID, string(a.Person.User.ID))
}

// enrollments are those that wait to be confirmed.
func (c Config) enrollments() *ephemeral.Values[pendingTOTP] {
	return ephemeral.NewValues[pendingTOTP](c.Ephemeral, c.Hasher, "mfa enrollment", enrollmentTTL)
}

// countEnrollment counts a response that would confirm an enrollment and returns
// how many are left. Where none is, the enrollment ends.
func (g *attemptLimiter) countEnrollment(ctx context.Context, a Attempt, k storage.FactorKind) (int, error) {
	n, err := g.cfg.Ephemeral.Count(ctx, "mfa:enroll:tries:"+string(k)+":"+a.ID, enrollmentTTL)
	if err != nil {
		return 0, fmt.Errorf("count tries of an enrollment: %w", err)
	}
	left := 2*g.cfg.Policy.Tries - int(n)
	if left >= 0 {
		return left, nil
	}
	if err := g.cfg.enrollments().Delete(ctx, enrollmentEntry(k, a)); err != nil {
		return 0, fmt.Errorf("end enrollment: %w", err)
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

package mfa

import (
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// newEmail makes the factor of codes by email. They go to the address of the
// account alone, and only once that is known to be theirs. Whoever set the
// password by a link in that mailbox proves nothing more by a code from it
// (requirement RE1): until the password is changed otherwise, it is no factor.
func newEmail(cfg Config, g *attemptLimiter) Factor {
	return &sentCode{
		cfg: cfg, limiter: g, kind: storage.FactorEmail, purpose: "factor", channel: storage.ChannelEmail, message: storage.MessageEmailCode,
		to:   codesByEmail,
		hint: ident.Mask,
		caps: func(string) []sendCap { return nil },
	}
}

// codesByEmail is the address that codes go to; "" where they are no factor.
func codesByEmail(u *storage.User) string {
	if !u.EmailVerified || u.ResetByEmail {
		return ""
	}
	return u.Email
}

package op

import (
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// authorizationCode is what a code stands for, under the code's keyed hash in
// the ephemeral store, for at most a minute and one exchange.
type authorizationCode struct {
	GrantID        storage.ID                       `json:"grant_id"`
	UserID         storage.ID                       `json:"user_id"`
	SID            storage.ID                       `json:"sid"`
	Request        interaction.AuthorizationRequest `json:"request"`
	Authentication storage.Authentication           `json:"authentication"`
	PasswordEpoch  int64                            `json:"password_epoch"` // of the person, when it was issued
	IssuedAt       time.Time                        `json:"issued_at"`
	ExpiresAt      time.Time                        `json:"expires_at"`
}

package op

import (
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// staleRefresh is a refresh token that could not be rotated, beside its grant's
// row. That it is one of that grant's has been established.
type staleRefresh struct {
	Now        time.Time
	Generation uint32 // the one presented
	Grace      time.Duration
	Row        *storage.GrantUser
}

// refreshDecision says what becomes of a staleRefresh.
type refreshDecision int

const (
	// refreshRefuse changes nothing.
	refreshRefuse refreshDecision = iota
	// refreshRepeat gives the live token again: its answer was lost on the way.
	refreshRepeat
	// refreshReuse means that two parties hold the token: the grant ends.
	refreshReuse
)

// decideRefresh tells a lost answer from a stolen token. The reason is for the
// log. A grant that has ended for any other reason is left as it is: nothing is
// gained by revoking it, and its person would be told of an attack that may be
// a client that slept too long. A rotation may lie after Now where a clock is set
// back: that alone is no grace.
func decideRefresh(r staleRefresh) (decision refreshDecision, why string) {
	g := &r.Row.Grant
	switch {
	case !g.RevokedAt.IsZero():
		return refreshRefuse, "the grant was revoked: " + g.RevokedReason
	case !g.Live(r.Now):
		return refreshRefuse, "the grant expired"
	case !r.Now.Before(g.IdleExpiresAt):
		return refreshRefuse, "the grant was not used for too long"
	case r.Row.User.Disabled():
		return refreshRefuse, "the account is disabled"
	case !g.Refreshable:
		return refreshRefuse, "the grant has no refresh tokens"
	case r.Generation >= g.Generation:
		// Neither old nor rotated: its session is over, the row comes from a restored
		// backup, or it changed between the write and this reading.
		return refreshRefuse, "the session that the grant rests on is over, or the row does not know this generation yet"
	case r.Grace > 0 && g.Generation-r.Generation == 1 && r.Now.Before(g.RotatedAt.Add(r.Grace)):
		return refreshRepeat, "the successor is not used yet"
	}
	return refreshReuse, "the refresh token was used before"
}

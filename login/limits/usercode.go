package limits

import (
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// UserCode counts a try at the code that a device shows (brute force, RFC 8628 section
// 5.1; requirement TK7): by network, and by who is signed in, or all who are not
// together. What strangers try spends nothing of who is signed in (requirement LK1).
func (l *Limiter) UserCode(r *http.Request, user *storage.User) error {
	b := l.cfg.Bounds.UserCode
	about := storage.ID("")
	who := refilling(l.cfg.Hasher, "user_code_anonymous", storage.Backoff{Free: b.AnonymousPerHour, Max: time.Hour})
	if user != nil {
		about = user.ID
		who = refilling(l.cfg.Hasher, "user_code_account", b.Account, string(user.ID))
	}
	limits := byNetwork(r.Context(), b.Address, func(b storage.Backoff, network string) limit {
		return refilling(l.cfg.Hasher, "user_code_address", b, network)
	})
	return l.throttle(r, about, append(limits, who)...)
}

package login

import (
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// sessionPurpose separates the keyed hashes of session secrets from others.
const sessionPurpose = "session"

// touchEvery is how coarse a session's last use is noted: often enough for a
// list of devices, seldom enough to cost nothing.
const touchEvery = time.Minute

// Session returns who is signed in in this browser, or nil. It moves the
// session's idle deadline on, at most once a minute.
func (p *Pages) Session(r *http.Request) (*storage.SignedIn, error) {
	secret := p.cfg.Cookies.Get(r, web.CookieSession)
	if secret == "" {
		return nil, nil
	}
	now := p.cfg.Now()
	signedIn, err := p.cfg.Sessions.BySecret(r.Context(), p.cfg.Hasher.Sums(sessionPurpose, secret), now)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable("read session", err)
	}
	if now.Sub(signedIn.Session.LastSeenAt) >= touchEvery {
		err := p.cfg.Sessions.Touch(r.Context(), signedIn.Session.SID, now, now.Add(p.cfg.SessionIdle))
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return nil, unavailable("note use of session", err)
		}
	}
	return signedIn, nil
}

// NewSessionSecret makes the secret of a session's cookie, and the keyed hash that
// is kept of it.
func NewSessionSecret(hasher *keys.Hasher) (secret, hash string) {
	secret = web.NewSecret()
	return secret, hasher.Sum(sessionPurpose, secret)
}

// SignOut ends the browser's session, its grants that are not offline, and its
// cookie. Where nobody is signed in it does nothing.
func (p *Pages) SignOut(w http.ResponseWriter, r *http.Request) error {
	signedIn, err := p.Session(r)
	if err != nil {
		return err
	}
	if signedIn != nil {
		if err := p.cfg.Accounts.SignOut(r.Context(), p.Actor(r, signedIn)); err != nil {
			return unavailable("end session", err)
		}
	}
	p.cfg.Cookies.Clear(w, web.CookieSession)
	return nil
}

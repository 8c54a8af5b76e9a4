package login

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// sessionPurpose separates the keyed hashes of session secrets from others.
const sessionPurpose = "session"

// touchEvery is how coarse a session's last use is noted: often enough for a
// list of devices, seldom enough to cost nothing.
const touchEvery = time.Minute

// What a password proves (RFC 8176 section 2).
const (
	acrPassword = "aal1"
	amrPassword = "pwd"
)

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

// startSession signs the person in in this browser, with a new secret: one that
// was planted before is worth nothing (requirement SE1). A person who proves
// anew who they are keeps the name of their session, so that what was granted
// in it goes on; whoever else was signed in in this browser is not any more.
func (p *Pages) startSession(w http.ResponseWriter, r *http.Request, user *storage.User, remember bool) error {
	now := p.cfg.Now()
	sid, replaces, err := p.replaced(r, user)
	if err != nil {
		return err
	}
	secret := web.NewSecret()
	session := &storage.Session{
		SID: sid, UserID: user.ID, SecretHash: p.cfg.Hasher.Sum(sessionPurpose, secret),
		Authentication: storage.Authentication{Time: now, ACR: acrPassword, AMR: []string{amrPassword}},
		CreatedAt:      now, LastSeenAt: now,
		IdleExpiresAt: now.Add(p.cfg.SessionIdle), ExpiresAt: now.Add(p.cfg.SessionAbsolute),
		UserAgent: userAgent(r), Address: web.ClientAddress(r.Context()).String(),
	}
	event, err := p.event(r, storage.EventSignIn, user.ID)
	if err != nil {
		return err
	}
	event.SID = sid
	if err := p.cfg.Sessions.Create(r.Context(), session, replaces, event); err != nil {
		return unavailable("create session", err)
	}
	var maxAge time.Duration
	if remember {
		maxAge = p.cfg.SessionAbsolute
	}
	p.cfg.Cookies.Set(w, web.CookieSession, secret, maxAge)
	return nil
}

// replaced says which session of the browser the new one takes the place of,
// and the name that the new one bears.
func (p *Pages) replaced(r *http.Request, user *storage.User) (sid storage.ID, hashes []string, err error) {
	old, err := p.Session(r)
	if err != nil {
		return "", nil, err
	}
	if old != nil {
		hashes = p.cfg.Hasher.Sums(sessionPurpose, p.cfg.Cookies.Get(r, web.CookieSession))
		if old.User.ID == user.ID {
			return old.Session.SID, hashes, nil
		}
	}
	sid, err = storage.NewID(p.cfg.Now(), p.cfg.Random)
	if err != nil {
		return "", nil, fmt.Errorf("name session: %w", err)
	}
	return sid, hashes, nil
}

// SignOut ends the browser's session, its grants that are not offline, and its
// cookie. Where nobody is signed in it does nothing.
func (p *Pages) SignOut(w http.ResponseWriter, r *http.Request) error {
	signedIn, err := p.Session(r)
	if err != nil {
		return err
	}
	if signedIn != nil {
		event, err := p.event(r, storage.EventSignOut, signedIn.User.ID)
		if err != nil {
			return err
		}
		event.SID = signedIn.Session.SID
		err = p.cfg.Sessions.End(r.Context(), signedIn.Session.SID, p.cfg.Now(), event)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return unavailable("end session", err)
		}
	}
	p.cfg.Cookies.Clear(w, web.CookieSession)
	return nil
}

// Package session is the browser's session: its cookie, and how it begins, is read
// and ends.
//
// Invariants:
//
//   - The cookie holds a 256-bit secret that is kept as a keyed hash only.
//   - Each sign-in makes a new secret: one that was planted before is worth nothing
//     (session fixation, requirement SE1).
//   - A session ends when it was not used for its idle time, and in any case at the
//     end of its lifetime (requirement SE3). A step-up makes none live longer.
package session

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// Config is what [Sessions] are made of. Every field is required.
type Config struct {
	Store store
	// Accounts ends sessions.
	Accounts ender
	Journal  records
	Hasher   *keys.Hasher
	Cookies  web.Cookies
	// Policy says what proofs are worth.
	Policy mfa.Policy
	Now    func() time.Time
	Random io.Reader
	// Lifetime is that of every session, and Remembered that of sessions of people who
	// ask to be kept signed in.
	Lifetime, Remembered Lifetime
}

// Lifetime is how long sessions live.
type Lifetime struct {
	// Idle ends a session that was not used for so long, and Absolute in any case.
	Idle, Absolute time.Duration
}

// store keeps sessions; storage/sqlstore.Sessions in the binary.
type store interface {
	// Create answers storage.ErrConflict where what the session rests on has ended.
	Create(ctx context.Context, s *storage.Session, start storage.SessionStart, e storage.Event, m ...storage.Message) error
	BySecret(ctx context.Context, hashes []string, now time.Time) (*storage.SignedIn, error)
	Touch(ctx context.Context, sid storage.ID, now, idleExpiresAt time.Time) error
}

// ender ends sessions; account.Service in the binary.
type ender interface {
	SignOut(ctx context.Context, by account.Actor) error
}

// records tells where requests come from; login/journal in the binary.
type records interface {
	Origin(r *http.Request, in *interaction.Interaction) account.Origin
	Event(r *http.Request, typ storage.EventType, userID storage.ID) (storage.Event, error)
}

// Sessions keeps browsers signed in.
type Sessions struct{ cfg Config }

// New makes Sessions.
func New(cfg Config) *Sessions { return &Sessions{cfg} }

// purpose separates the keyed hashes of session secrets from others.
const purpose = "session"

// touchEvery is how coarse a session's last use is recorded: often enough for a
// list of devices, seldom enough to cost nothing.
const touchEvery = time.Minute

// NewSecret makes the secret of a session's cookie, and the keyed hash that is kept
// of it.
func NewSecret(hasher *keys.Hasher) (secret, hash string, err error) {
	return hasher.NewToken(rand.Reader, purpose)
}

// Read returns who is signed in in this browser; nil is nobody. Of a session under a
// hash key that this node does not know it cannot say that: that is 503 (requirement
// KY5). It moves the session's idle deadline on, at most once a minute.
func (s *Sessions) Read(r *http.Request) (*storage.SignedIn, error) {
	secret := s.cfg.Cookies.Get(r, web.CookieSession)
	if secret == "" {
		return nil, nil
	}
	hashes, err := s.cfg.Hasher.SumsOfToken(purpose, secret)
	switch {
	case errors.Is(err, keys.ErrRevokedKey):
		return nil, nil
	case err != nil:
		return nil, pageerror.Unavailable("read session", err)
	}
	now := s.cfg.Now()
	signedIn, err := s.cfg.Store.BySecret(r.Context(), hashes, now)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, pageerror.Unavailable("read session", err)
	}
	if now.Sub(signedIn.Session.LastSeenAt) >= touchEvery {
		err := s.cfg.Store.Touch(r.Context(), signedIn.Session.SID, now, now.Add(s.lifetime(signedIn.Session.Remembered).Idle))
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return nil, pageerror.Unavailable("record use of session", err)
		}
	}
	return signedIn, nil
}

// lifetime is that of sessions whose person asked to be kept signed in, or did not.
func (s *Sessions) lifetime(remembered bool) Lifetime {
	l := s.cfg.Lifetime
	if remembered {
		l.Idle, l.Absolute = max(l.Idle, s.cfg.Remembered.Idle), max(l.Absolute, s.cfg.Remembered.Absolute)
	}
	return l
}

// Remembers reports whether asking to be kept signed in means anything, and for how
// long a browser that is not used then stays signed in.
func (s *Sessions) Remembers() (idle time.Duration, ok bool) {
	kept := s.lifetime(true)
	return kept.Idle, kept != s.cfg.Lifetime
}

// CookieAge is how long the browser keeps the cookie of a session; zero: until it is
// closed.
func CookieAge(s *storage.Session, now time.Time) time.Duration {
	if !s.Remembered {
		return 0
	}
	return s.ExpiresAt.Sub(now)
}

// Actor is whoever is signed in. shown is what the very request shows beside the
// session.
func (s *Sessions) Actor(r *http.Request, signedIn *storage.SignedIn, shown ...storage.Proof) account.Actor {
	return account.Person(account.Evidence{
		User: &signedIn.User, SID: signedIn.Session.SID, Proofs: append(shown, signedIn.Session.Proofs...), Began: signedIn.Session.CreatedAt,
	}, s.cfg.Journal.Origin(r, nil))
}

// End ends the browser's session, its grants that are not offline, and its cookie.
// Where nobody is signed in it does nothing (idempotent).
func (s *Sessions) End(w http.ResponseWriter, r *http.Request) error {
	signedIn, err := s.Read(r)
	if err != nil {
		return err
	}
	if signedIn != nil {
		if err := s.cfg.Accounts.SignOut(r.Context(), s.Actor(r, signedIn)); err != nil {
			return pageerror.Unavailable("end session", err)
		}
	}
	s.cfg.Cookies.Clear(w, web.CookieSession)
	return nil
}

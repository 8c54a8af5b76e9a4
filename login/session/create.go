package session

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/journal"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// SignIn is a sign-in that has shown all that it must.
type SignIn struct {
	UserID storage.ID
	// PasswordEpoch is that of the person at the first proof: under another one no
	// session begins.
	PasswordEpoch int64
	Proofs        []storage.Proof
	// TrustedDevice and TrustACR are of a trusted device that stood in.
	TrustedDevice storage.ID
	TrustACR      string
	// Remember says that the person asked to be kept signed in. A step-up is not asked:
	// the session stays as it is.
	Remember bool
	// First says that nobody signed in to the account before.
	First bool
	// Notices are messages that tell the person of it, written with the session.
	Notices []storage.Message
	// ClientID is who asked for the sign-in; empty is a page of ours.
	ClientID string
}

// Create begins a session under a new secret (session fixation, requirement SE1). A
// person who proves anew who they are, or more, keeps the name (SID) of their
// session, so that what was granted in it goes on; whoever else was signed in in
// this browser is not any more. before is who was; nil is nobody.
func (s *Sessions) Create(w http.ResponseWriter, r *http.Request, in SignIn, before *storage.SignedIn) (*storage.Session, error) {
	session, start, err := s.sessionOf(r, in, before)
	if err != nil {
		return nil, err
	}
	secret, hash, err := NewSecret(s.cfg.Hasher)
	if err != nil {
		return nil, err
	}
	session.SecretHash = hash
	event, err := s.cfg.Journal.Event(r, storage.EventSignIn, in.UserID)
	if err != nil {
		return nil, err
	}
	event.SID, event.ClientID, event.Detail = session.SID, in.ClientID, session.Authentication.ACR
	err = s.cfg.Store.Create(r.Context(), session, start, event, in.Notices...)
	if errors.Is(err, storage.ErrConflict) {
		return nil, pageerror.AttemptOver(err) // the password was changed, the account disabled or the session ended, a moment ago
	}
	if err != nil {
		return nil, pageerror.Unavailable("create session", err)
	}
	s.cfg.Cookies.Set(w, web.CookieSession, secret, CookieAge(session, s.cfg.Now()))
	return session, nil
}

// sessionOf is the session that a sign-in adds up to, and under what conditions it
// begins.
func (s *Sessions) sessionOf(r *http.Request, in SignIn, before *storage.SignedIn) (*storage.Session, storage.SessionStart, error) {
	now := s.cfg.Now()
	session := &storage.Session{
		UserID: in.UserID, Proofs: in.Proofs, TrustedDevice: in.TrustedDevice, TrustACR: in.TrustACR,
		CreatedAt: now, LastSeenAt: now,
		UserAgent: journal.UserAgent(r), Address: web.ClientAddress(r.Context()).String(),
	}
	_, means := s.Remembers()
	session.Remembered = in.Remember && means
	session.ExpiresAt = now.Add(s.lifetime(session.Remembered).Absolute)
	start := storage.SessionStart{PasswordEpoch: in.PasswordEpoch, First: in.First}
	if before != nil {
		replaced, err := s.cfg.Hasher.SumsOfToken(purpose, s.cfg.Cookies.Get(r, web.CookieSession))
		if err != nil {
			return nil, start, err
		}
		start.Replaces = replaced
	}
	if before != nil && before.User.ID == in.UserID {
		start.Renews = true
		s.renew(session, in, &before.Session)
	}
	if session.SID == "" {
		sid, err := storage.NewID(now, s.cfg.Random)
		if err != nil {
			return nil, start, err
		}
		session.SID = sid
	}
	session.IdleExpiresAt = now.Add(s.lifetime(session.Remembered).Idle)
	if session.IdleExpiresAt.After(session.ExpiresAt) {
		session.IdleExpiresAt = session.ExpiresAt
	}
	session.Authentication = mfa.Level(session.Proofs, time.Time{}, s.cfg.Policy)
	return session, start, nil
}

// renew has a session go on from an older one of the same person: under its name,
// with all that was shown in it.
func (s *Sessions) renew(session *storage.Session, in SignIn, old *storage.Session) {
	session.SID, session.CreatedAt = old.SID, old.CreatedAt
	session.Proofs = flow.Merge(append(slices.Clone(in.Proofs), old.Proofs...)...)
	if session.TrustACR == "" {
		session.TrustedDevice, session.TrustACR = old.TrustedDevice, old.TrustACR
	}
	if mfa.Level(in.Proofs, time.Time{}, s.cfg.Policy).ACR == "" {
		session.ExpiresAt, session.Remembered = old.ExpiresAt, old.Remembered // a step-up makes no session live longer
	}
}

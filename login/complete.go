package login

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// complete turns a partial sign-in into a session with a new secret: one that
// was planted before is worth nothing (requirement SE1). A person who proves
// anew who they are, or more, keeps the name of their session, so that what was
// granted in it goes on; whoever else was signed in in this browser is not any
// more. Of many requests that complete one sign-in, one makes a session (PA1).
func (p *Pages) complete(w http.ResponseWriter, r *http.Request, s *standing) error {
	part, user := s.part, s.state.User
	if err := p.takePartial(w, r, part); err != nil {
		return err
	}
	session, start, err := p.sessionOf(r, s)
	if err != nil {
		return err
	}
	secret := web.NewSecret()
	session.SecretHash = p.cfg.Hasher.Sum(sessionPurpose, secret)
	event, err := p.event(r, storage.EventSignIn, user.ID)
	if err != nil {
		return err
	}
	event.SID, event.ClientID = session.SID, s.in.ClientID()
	event.Detail = session.Authentication.ACR
	notices, err := p.newDeviceNotices(r, s)
	if err != nil {
		return err
	}
	err = p.cfg.Sessions.Create(r.Context(), session, start, event, notices...)
	if errors.Is(err, storage.ErrConflict) {
		return errAttemptOver(err) // the password was changed, the account disabled or the session ended, a moment ago
	}
	if err != nil {
		return unavailable("create session", err)
	}
	var maxAge time.Duration
	if part.Remember {
		maxAge = p.cfg.SessionAbsolute
	}
	p.cfg.Cookies.Set(w, web.CookieSession, secret, maxAge)
	p.rememberDevice(w, r, user.ID)
	p.cfg.Metrics.SignedIn(session.Authentication.ACR)
	p.cfg.Log.LogAttrs(r.Context(), slog.LevelInfo, "signed in", slog.String("user_id", string(user.ID)), slog.String("sid", string(session.SID)),
		slog.String("client_id", s.in.ClientID()), slog.String("acr", session.Authentication.ACR), slog.String("address", session.Address))
	return p.trustDevice(w, r, s, session)
}

// newDeviceNotices tell the owner of a sign-in in a browser in which they neither
// signed in before nor are signed in, and which they do not trust.
func (p *Pages) newDeviceNotices(r *http.Request, s *standing) ([]storage.Message, error) {
	user := s.state.User
	_, known := p.knows(r, user)
	if known || s.part.TrustedDevice != "" || s.signedIn != nil && s.signedIn.User.ID == user.ID {
		return nil, nil
	}
	notices, err := p.cfg.Accounts.NewDevice(p.visitor(r, s.in), user)
	if err != nil {
		return nil, unavailable("make notice of a new device", err)
	}
	return notices, nil
}

// sessionOf is the session that the evidence adds up to, and under what conditions
// it begins.
func (p *Pages) sessionOf(r *http.Request, s *standing) (*storage.Session, storage.SessionStart, error) {
	now, part := p.cfg.Now(), s.part
	session := &storage.Session{
		UserID: part.UserID, Proofs: part.Proofs, TrustedDevice: part.TrustedDevice, TrustACR: part.TrustACR,
		CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(p.cfg.SessionAbsolute),
		UserAgent: userAgent(r), Address: web.ClientAddress(r.Context()).String(),
	}
	start := storage.SessionStart{PasswordEpoch: part.PasswordEpoch, First: s.state.User.SignedInAt.IsZero()}
	if old := s.signedIn; old != nil {
		start.Replaces = p.cfg.Hasher.Sums(sessionPurpose, p.cfg.Cookies.Get(r, web.CookieSession))
		if old.User.ID == part.UserID {
			session.SID, start.Renews = old.Session.SID, true
			session.CreatedAt = old.Session.CreatedAt
			session.Proofs = flow.Merge(append(slices.Clone(part.Proofs), old.Session.Proofs...)...)
			if session.TrustACR == "" {
				session.TrustedDevice, session.TrustACR = old.Session.TrustedDevice, old.Session.TrustACR
			}
			if mfa.Level(part.Proofs, time.Time{}, p.policy).ACR == "" {
				session.ExpiresAt = old.Session.ExpiresAt // a step-up makes no session live longer
			}
		}
	}
	if session.SID == "" {
		sid, err := storage.NewID(now, p.cfg.Random)
		if err != nil {
			return nil, start, err
		}
		session.SID = sid
	}
	session.IdleExpiresAt = now.Add(p.cfg.SessionIdle)
	if session.IdleExpiresAt.After(session.ExpiresAt) {
		session.IdleExpiresAt = session.ExpiresAt
	}
	session.Authentication = mfa.Level(session.Proofs, time.Time{}, p.policy)
	return session, start, nil
}

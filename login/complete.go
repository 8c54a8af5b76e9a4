package login

import (
	"log/slog"
	"net/http"

	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/storage"
)

// complete turns a partial sign-in into a session. Of many requests that complete one
// sign-in, one makes a session (replay, requirement PA1).
func (p *Pages) complete(w http.ResponseWriter, r *http.Request, s *standing) error {
	part := s.part
	if err := p.cfg.Partials.Take(w, r, part); err != nil {
		return err
	}
	notices, err := p.newDeviceNotices(r, s)
	if err != nil {
		return err
	}
	started, err := p.cfg.Sessions.Create(w, r, session.SignIn{
		UserID: part.UserID, PasswordEpoch: part.PasswordEpoch, Proofs: part.Proofs, TrustedDevice: part.TrustedDevice,
		TrustACR: part.TrustACR, Remember: part.Remember, ClientID: s.in.ClientID(),
		First: s.state.User.SignedInAt.IsZero(), Notices: notices,
	}, s.signedIn)
	if err != nil {
		return err
	}
	p.cfg.Limits.SignedIn(w, r, part.UserID)
	p.cfg.Metrics.SignedIn(started.Authentication.ACR)
	p.cfg.Log.LogAttrs(r.Context(), slog.LevelInfo, "signed in", slog.String("user_id", string(started.UserID)), slog.String("sid", string(started.SID)),
		slog.String("client_id", s.in.ClientID()), slog.String("acr", started.Authentication.ACR), slog.String("address", started.Address))
	return p.trustDevice(w, r, s, started)
}

// newDeviceNotices tell the owner of a sign-in in a browser in which they neither
// signed in before nor are signed in, and which they do not trust.
func (p *Pages) newDeviceNotices(r *http.Request, s *standing) ([]storage.Message, error) {
	user := s.state.User
	if p.cfg.Limits.Knows(r, user) || s.part.TrustedDevice != "" || s.signedIn != nil && s.signedIn.User.ID == user.ID {
		return nil, nil
	}
	notices, err := p.cfg.Accounts.NewDevice(p.cfg.Journal.Visitor(r, s.in), user)
	if err != nil {
		return nil, pageerror.Unavailable("make notice of a new device", err)
	}
	return notices, nil
}

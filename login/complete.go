package login

import (
	"net/http"

	"github.com/latchkey-id/latchkey/login/session"
)

// complete turns a partial sign-in into a session. Of many requests that complete one
// sign-in, one makes a session (replay, requirement PA1).
func (p *Pages) complete(w http.ResponseWriter, r *http.Request, s *standing) error {
	part := s.part
	if err := p.cfg.Partials.Take(w, r, part); err != nil {
		return err
	}
	started, err := p.cfg.Sessions.Create(w, r, session.SignIn{
		UserID: part.UserID, PasswordEpoch: part.PasswordEpoch, Proofs: part.Proofs, TrustedDevice: part.TrustedDevice,
		TrustACR: part.TrustACR, Remember: part.Remember, ClientID: s.in.ClientID(),
	}, s.signedIn)
	if err != nil {
		return err
	}
	p.cfg.Limits.SignedIn(w, r, part.UserID)
	p.cfg.Metrics.SignedIn(started.Authentication.ACR)
	return p.trustDevice(w, r, s, started)
}

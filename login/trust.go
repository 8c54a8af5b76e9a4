package login

import (
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/partial"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// recallTrust looks whether this browser is a trusted device of the person that
// may stand in for the second factor that the policy wants, and if so uses it:
// its secret rotates. A request that itself wants a level gets it shown (TD2).
func (p *Pages) recallTrust(w http.ResponseWriter, r *http.Request, s *standing, user *storage.User, part *partial.SignIn) error {
	value := p.cfg.Cookies.Get(r, web.CookieTrust)
	if value == "" || s.client == nil {
		return nil
	}
	now := p.cfg.Now()
	device, err := p.cfg.Devices.Find(r.Context(), value, user, now)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return pageerror.Unavailable("find trusted device", err)
	}
	state := flow.State{Now: now, Interaction: s.in, Client: s.client, User: user, Proofs: part.Proofs, Policy: &p.policy}
	stands := p.policy.Stands(mfa.Trust{Now: now, Device: device, User: user, Client: s.client, Wanted: p.policy.Wants(user, s.client)})
	if !stands || !state.TrustHelps(device.ACR) {
		return nil // it is of no use here, so it is not used up
	}
	source, err := p.cfg.Journal.Event(r, storage.EventDeviceTrustUsed, user.ID)
	if err != nil {
		return err
	}
	source.ClientID = s.in.ClientID()
	next, err := p.cfg.Devices.Use(r.Context(), mfa.Attempt{Person: mfa.Person{User: user}, Now: now, Source: source}, device)
	if errors.Is(err, mfa.ErrSpent) {
		return nil // another window used it at the same time: here a factor is shown
	}
	if err != nil {
		return pageerror.Unavailable("use trusted device", err)
	}
	p.cfg.Cookies.Set(w, web.CookieTrust, next, device.ExpiresAt.Sub(now))
	part.TrustedDevice, part.TrustACR = device.ID, device.ACR
	return nil
}

// trustDevice trusts this browser from now on, where the person asked for it
// and showed a second factor just now.
func (p *Pages) trustDevice(w http.ResponseWriter, r *http.Request, s *standing, session *storage.Session) error {
	if !s.part.TrustDevice || s.client == nil || !s.client.TrustDevices {
		return nil
	}
	shown := mfa.Level(s.part.Proofs, time.Time{}, p.policy)
	if shown.ACR == "" {
		shown = session.Authentication // a step-up: the first factor is the session's
	}
	by := account.Person(account.Evidence{User: s.state.User, SID: session.SID, Proofs: session.Proofs}, p.cfg.Journal.Origin(r, s.in))
	value, until, err := p.cfg.Accounts.TrustDevice(r.Context(), by, session.UserID, shown.ACR)
	if errors.Is(err, mfa.ErrNotOffered) {
		return nil
	}
	if err != nil {
		return pageerror.Unavailable("trust device", err)
	}
	p.cfg.Cookies.Set(w, web.CookieTrust, value, until.Sub(p.cfg.Now()))
	return nil
}

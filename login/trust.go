package login

import (
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/journal"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// trustedDevices are browsers in which a person may do without the second factor that
// policy wants of them, at the clients that let them.
type trustedDevices struct {
	devices  *mfa.Devices
	accounts *account.Service
	journal  *journal.Journal
	cookies  web.Cookies
	policy   mfa.Policy
	now      func() time.Time
}

// days is for how long a device may be trusted, in whole days; zero is not at all.
func (t *trustedDevices) days(c *client.Client) int {
	if c == nil || !c.TrustDevices {
		return 0
	}
	return int(t.policy.TrustFor / (24 * time.Hour))
}

// recall looks whether this browser is a trusted device of the person that may stand
// in for the second factor that the policy wants, and if so uses it: its secret rotates
// (replay). A request that itself wants a level gets it shown (requirement TD2).
func (t *trustedDevices) recall(w http.ResponseWriter, r *http.Request, f *flowContext, user *storage.User) error {
	value := t.cookies.Get(r, web.CookieTrust)
	if value == "" || f.client == nil {
		return nil
	}
	now := t.now()
	device, err := t.devices.Find(r.Context(), value, user, now)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return pageerror.Unavailable("find trusted device", err)
	}
	state := flow.State{Now: now, Interaction: f.interaction, Client: f.client, User: user, Proofs: f.partial.Proofs, Policy: &t.policy}
	stands := t.policy.Stands(mfa.Trust{Now: now, Device: device, User: user, Client: f.client, Wanted: t.policy.Wants(user, f.client)})
	if !stands || !state.TrustHelps(device.ACR) {
		return nil // it is of no use here, so it is not used up
	}
	source, err := t.journal.Event(r, storage.EventDeviceTrustUsed, user.ID)
	if err != nil {
		return err
	}
	source.ClientID = f.interaction.ClientID()
	next, err := t.devices.Use(r.Context(), mfa.Attempt{Person: mfa.Person{User: user}, Now: now, Source: source}, device)
	if errors.Is(err, mfa.ErrSpent) {
		return nil // another window used it at the same time: here a factor is shown
	}
	if err != nil {
		return pageerror.Unavailable("use trusted device", err)
	}
	t.cookies.Set(w, web.CookieTrust, next, device.ExpiresAt.Sub(now))
	f.partial.TrustedDevice, f.partial.TrustACR = device.ID, device.ACR
	return nil
}

// add trusts this browser from now on, where the person asked for it and showed a
// second factor just now. started is the session that came of it.
func (t *trustedDevices) add(w http.ResponseWriter, r *http.Request, f *flowContext, started *storage.Session) error {
	if !f.partial.TrustDevice || f.client == nil || !f.client.TrustDevices {
		return nil
	}
	shown := mfa.Level(f.partial.Proofs, time.Time{}, t.policy)
	if shown.ACR == "" {
		shown = started.Authentication // a step-up: the first factor is the session's
	}
	by := account.Person(account.Evidence{User: f.state.User, SID: started.SID, Proofs: started.Proofs}, t.journal.Origin(r, f.interaction))
	value, until, err := t.accounts.TrustDevice(r.Context(), by, started.UserID, shown.ACR)
	if errors.Is(err, mfa.ErrNotOffered) {
		return nil
	}
	if err != nil {
		return pageerror.Unavailable("trust device", err)
	}
	t.cookies.Set(w, web.CookieTrust, value, until.Sub(t.now()))
	return nil
}

// forget has this browser name no trusted device.
func (t *trustedDevices) forget(w http.ResponseWriter) { t.cookies.Clear(w, web.CookieTrust) }

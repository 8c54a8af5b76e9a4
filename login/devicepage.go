package login

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// Devices finds what devices ask for; interaction.Devices in the binary.
type Devices interface {
	// ByUserCode answers storage.ErrNotFound where no device shows the code.
	ByUserCode(ctx context.Context, typed string) (*interaction.DeviceRequest, error)
}

// devicePages are where somebody types the code that a device shows, and says whether
// the device may have what it asks for (RFC 8628 section 3.3). Between the two they sign
// in as on the way to any client.
type devicePages struct {
	*core
	devices Devices
	issuer  string
}

// Where the pages are.
const (
	devicePath        = "/device"
	deviceConfirmPath = "/device/confirm"
)

// userCodeField is the field of the code, and the parameter of an address that has it.
const userCodeField = "user_code"

// open shows the page. An address that has the code (verification_uri_complete) saves
// typing it and nothing else: the person still compares it and sends the form (remote
// phishing, section 5.4, requirement DC1).
func (p *devicePages) open(w http.ResponseWriter, r *http.Request) error {
	said, err := p.flash.Read(r)
	if err != nil {
		return err
	}
	code := interaction.NormalizeUserCode(r.URL.Query().Get(userCodeField))
	data := ui.Device{Page: p.page(w, r, nil, devicePath, "device.title"), Code: interaction.ShowUserCode(code)}
	if code != "" {
		data.Address = p.issuer + devicePath + "?" + url.Values{userCodeField: {data.Code}}.Encode()
	}
	if said.Typed.Has(userCodeField) {
		data.Code = said.Typed.Get(userCodeField)
	}
	Say(&data.Page, said)
	return p.ui.Render(w, http.StatusOK, data)
}

// submit goes on with the code that was typed. A code that is wrong, expired, decided, or
// of a client that is gone looks the same. Tries are limited (brute force, section 5.1,
// requirement TK7).
func (p *devicePages) submit(w http.ResponseWriter, r *http.Request) error {
	signedIn, err := p.sessions.Read(r)
	if err != nil {
		return err
	}
	var user *storage.User
	if signedIn != nil {
		user = &signedIn.User
	}
	if err := p.limits.UserCode(r, user); err != nil {
		return err
	}
	typed := r.PostForm.Get(userCodeField)
	asked, err := p.asked(r.Context(), typed)
	if err != nil {
		return err
	}
	if asked == nil {
		return p.refuse(w, r, devicePath, flash.Message{Problems: []flash.Problem{{Field: userCodeField, Text: "wrong.user_code"}}})
	}
	in := interaction.ForDevice(asked, p.now())
	if err := p.start(w, r, in); err != nil {
		return err
	}
	return p.redirectToNextStep(w, r, &flowContext{interaction: in})
}

// asked is the request whose code was typed, if it waits for somebody.
func (p *devicePages) asked(ctx context.Context, typed string) (*interaction.DeviceRequest, error) {
	d, err := p.devices.ByUserCode(ctx, typed)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, pageerror.Unavailable("find request of a device", err)
	case !d.Pending(p.now()):
		return nil, nil
	}
	c, err := p.clients.Client(ctx, d.Request.ClientID)
	switch {
	case errors.Is(err, client.ErrUnknown):
		return nil, nil
	case err != nil:
		return nil, pageerror.Unavailable("look up client", err)
	case !c.AllowsGrant(client.GrantDeviceCode):
		return nil, nil
	}
	return d, nil
}

// confirm asks "did you start this?", and says of the device what is known: the
// application, its code, from where and when it asked (section 5.4, requirement DC1).
func (p *devicePages) confirm(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	device := f.interaction.Device
	return p.ui.Render(w, http.StatusOK, ui.DeviceConfirm{
		Page: p.personPage(w, r, f, deviceConfirmPath, "device.confirm.title"), Scopes: f.interaction.Request.ConsentScopes(),
		Code: interaction.ShowUserCode(device.UserCode), UserAgent: device.UserAgent, Address: device.Address,
		SameNetwork: sameNetwork(r.Context(), device.Address), At: device.AskedAt, Ago: max(p.now().Sub(device.AskedAt), time.Second),
	})
}

// sameNetwork reports whether the device asked from the network that the browser is in:
// the address, or of IPv6 the /64.
func sameNetwork(ctx context.Context, device string) bool {
	address, err := netip.ParseAddr(device)
	here := web.ClientAddress(ctx)
	return err == nil && here.IsValid() && web.AddressBucket(address) == web.AddressBucket(here)
}

// DeviceDecided says that a device was allowed what it asked for, or was not.
func (p *Pages) DeviceDecided(w http.ResponseWriter, r *http.Request, _ *interaction.Interaction, allowed bool) error {
	if allowed {
		return redirectDone(w, r, "device_allowed")
	}
	return redirectDone(w, r, "device_denied")
}

package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

const (
	// devicePath is where clients on devices ask (RFC 8628 section 3.1), and
	// verificationPath the hosted page where people type what the device shows.
	devicePath       = "/device_authorization"
	verificationPath = "/device"
	devicePending    = "device"
)

var deviceEndpoint = clientEndpoint{
	path: devicePath, member: "device_authorization_endpoint",
	parameters: deviceParameters, authMethods: authMethods, answer: (*Provider).authorizeDevice,
}

// devices keeps what devices ask for; interaction.Devices in the binary.
type devices interface {
	// Start keeps a request, gives it its user code and interval, and returns its device code.
	Start(ctx context.Context, d *interaction.DeviceRequest) (deviceCode string, err error)
	// ByDeviceCode answers storage.ErrNotFound and interaction.ErrDeviceExpired.
	ByDeviceCode(ctx context.Context, deviceCode string) (*interaction.DeviceRequest, error)
	// Update answers storage.ErrConflict where somebody else was first.
	Update(ctx context.Context, d *interaction.DeviceRequest, change func(*interaction.DeviceRequest)) error
	// Decide decides a request that is pending, once; it answers storage.ErrNotFound
	// where it is not.
	Decide(ctx context.Context, of *interaction.Device, now time.Time, decide func(*interaction.DeviceRequest)) error
	redemptions
}

// redemptions are the ends of requests of devices.
type redemptions interface {
	// Redeem takes a device code: of many callers one does, the others get storage.ErrNotFound.
	Redeem(ctx context.Context, deviceCode string) error
	// Forget drops the request of a device code that was redeemed.
	Forget(ctx context.Context, d *interaction.DeviceRequest) error
	// Hash is the keyed hash of a device code.
	Hash(deviceCode string) (string, error)
}

// deviceParameters are those of a device authorization request that are read. RFC 8628
// section 3.1 has scope; the others mean what they do at the authorization endpoint.
var deviceParameters = []string{
	"scope", "resource", "nonce", "max_age", "acr_values", "claims", "login_hint", "id_token_hint", "ui_locales",
}

// deviceResponse is the answer to a device (RFC 8628 section 3.2).
type deviceResponse struct {
	DeviceCode      string `json:"device_code"`
	UserCode        string `json:"user_code"`
	VerificationURI string `json:"verification_uri"`
	// Complete has the user code in it, for QR codes.
	Complete string `json:"verification_uri_complete"`
	// ExpiresIn and Interval are in seconds.
	ExpiresIn int64 `json:"expires_in"`
	Interval  int   `json:"interval"`
}

// authorizeDevice is the device authorization endpoint (RFC 8628 section 3.1).
func (p *Provider) authorizeDevice(ctx context.Context, r *tokenRequest) (any, error) {
	if !r.Client.AllowsGrant(client.GrantDeviceCode) {
		return nil, &Error{Code: codeUnauthorizedClient, Description: "the client is not registered for the device grant"}
	}
	request, err := p.judgeDevice(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := p.admitUnauthenticated(ctx, r.Client, devicePending); err != nil {
		return nil, err
	}
	id, err := storage.NewID(r.Now, p.cfg.Random)
	if err != nil {
		return nil, err
	}
	asked := interaction.DeviceRequest{
		Device: interaction.Device{
			ID: id, Address: browserAddress(ctx), UserAgent: printable(r.HTTP.Header.Get("User-Agent")), AskedAt: r.Now,
		},
		Request: *request,
	}
	code, err := p.cfg.Devices.Start(ctx, &asked)
	if err != nil {
		return nil, unavailable("keep request of a device", err)
	}
	shown, at := interaction.ShowUserCode(asked.UserCode), p.cfg.Issuer+verificationPath
	return deviceResponse{
		DeviceCode: code, UserCode: shown, VerificationURI: at, Complete: withQuery(at, url.Values{"user_code": {shown}}),
		ExpiresIn: int64(interaction.DeviceLifetime / time.Second), Interval: asked.Interval,
	}, nil
}

// judgeDevice judges what a device asks for by the rules of the authorization endpoint.
func (p *Provider) judgeDevice(ctx context.Context, r *tokenRequest) (*interaction.AuthorizationRequest, error) {
	check := authorizationCheck{
		params: r.Form, client: r.Client, claims: &p.make,
		hintSubject: func(token string) (string, error) { return p.hintSubject(ctx, token) },
		knownScopes: func(asked []string) ([]string, error) { return p.knownScopes(ctx, r.Client, asked) },
	}
	check.request = interaction.AuthorizationRequest{
		ClientID: r.Client.ID, Nonce: r.Form.Get("nonce"), LoginHint: r.Form.Get("login_hint"),
	}
	for _, rule := range []func() error{
		check.readResources, check.readScopes, check.notePlainResources, check.readMaxAge, check.readPresentation, check.readACR, check.readClaims, check.readHint,
	} {
		if err := rule(); err != nil {
			return nil, err
		}
	}
	return &check.request, nil
}

// concludeDevice decides the request of a device, once, as the person in this browser
// did, and says so on a page: the device hears of it when it asks again.
func (p *Provider) concludeDevice(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, refusal error, who *storage.SignedIn) error {
	decide, err := p.deviceDecision(r, in, refusal, who)
	if err != nil {
		return err
	}
	err = p.cfg.Devices.Decide(r.Context(), in.Device, p.cfg.Now(), decide)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return goneInteractionPage(errors.New("the request of the device has expired, or somebody else decided it"))
	case err != nil:
		return web.Unavailable(err)
	}
	return p.cfg.SignIn.DeviceDecided(w, r, in, refusal == nil)
}

// deviceDecision is what becomes of the request of a device. RFC 8628 section 3.5 has one
// code for every refusal.
func (p *Provider) deviceDecision(r *http.Request, in *interaction.Interaction, refusal error, who *storage.SignedIn) (func(*interaction.DeviceRequest), error) {
	if refusal != nil {
		why := errorOf(refusal)
		p.logRefusal(r, in.ClientID(), why)
		refused := &interaction.Refusal{Code: codeAccessDenied, Reason: why.Description}
		return func(d *interaction.DeviceRequest) { d.Refusal = refused }, nil
	}
	approval, err := p.approval(r.Context(), who)
	return func(d *interaction.DeviceRequest) { d.Approval = approval }, err
}

// approval is who is signed in, as the grant of a device will say of them.
func (p *Provider) approval(ctx context.Context, who *storage.SignedIn) (*interaction.Approval, error) {
	grantID, err := storage.NewID(p.cfg.Now(), p.cfg.Random)
	if err != nil {
		return nil, err
	}
	return &interaction.Approval{
		GrantID: grantID, UserID: who.User.ID, SID: who.Session.SID, Authentication: who.Session.Authentication,
		Address: browserAddress(ctx), PasswordEpoch: who.User.PasswordEpoch, SessionExpiresAt: who.Session.ExpiresAt,
	}, nil
}

package op

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
)

// tvClient is a public client on devices without a browser.
func tvClient() client.Client {
	c := wikiClient()
	c.ID, c.Type, c.AuthMethod, c.Secrets = "tv", client.TypeNative, client.AuthMethodNone, nil
	c.RedirectURIs, c.RequirePKCE = nil, nil
	c.GrantTypes = []string{client.GrantDeviceCode, client.GrantRefreshToken}
	return c
}

// hubClient is a confidential one, which asks for young sign-ins.
func hubClient() client.Client {
	c := tvClient()
	c.ID, c.Type, c.AuthMethod = "hub", client.TypeConfidential, client.AuthMethodBasic
	c.Secrets = []client.Secret{{Verifier: "secret:" + testSecret}}
	c.DefaultMaxAge, c.DefaultACR = new(client.Seconds(time.Minute)), []string{"aal2"}
	return c
}

func asTV(_ *http.Request, f url.Values) { f.Set("client_id", "tv") }

func asHub(r *http.Request, _ url.Values) { r.SetBasicAuth("hub", testSecret) }

// deviceSite is a signed-in site with the clients of devices besides.
func deviceSite(t testing.TB, change ...func(*Config)) *site {
	t.Helper()
	s := signedInSite(t)
	cfg := s.config([]client.Client{siteClient(), tvClient(), hubClient(), robotClient()})
	for _, c := range change {
		c(&cfg)
	}
	s.start(cfg)
	return s
}

// asked is what a device was told.
type asked struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	URI        string `json:"verification_uri"`
	Complete   string `json:"verification_uri_complete"`
	ExpiresIn  int    `json:"expires_in"`
	Interval   int    `json:"interval"`
}

// askDevice asks as a device does.
func (s *site) askDevice(who as, pairs ...string) asked {
	s.t.Helper()
	a := s.post(devicePath, who, pairs...).want(s.t, http.StatusOK, "")
	var got asked
	if err := json.Unmarshal(a.Body.Bytes(), &got); err != nil {
		s.t.Fatal(err)
	}
	return got
}

// poll asks whether somebody decided.
func (s *site) poll(who as, code string, more ...string) *answer {
	s.t.Helper()
	return s.post(tokenPath, who, append([]string{"grant_type", client.GrantDeviceCode, "device_code", code}, more...)...)
}

// decided has the browser decide what a device asks for, as the hosted pages have it.
func (s *site) decided(userCode string, refusal *interaction.Refusal) *httptest.ResponseRecorder {
	s.t.Helper()
	devices := interaction.NewDevices(s.ephemeral, testHasher(s.t))
	d, err := devices.ByUserCode(s.t.Context(), userCode)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.resume(s.deviceInteraction(d, refusal))
}

func (s *site) deviceInteraction(d *interaction.DeviceRequest, refusal *interaction.Refusal) string {
	s.t.Helper()
	in := interaction.ForDevice(d, s.clock.Now())
	in.Refusal = refusal
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, testIssuer+"/device", nil)
	for _, c := range s.cookies {
		r.AddCookie(c)
	}
	if err := s.provider.cfg.Interactions.Start(w, r, in); err != nil {
		s.t.Fatal(err)
	}
	s.cookies = append(s.cookies, w.Result().Cookies()...)
	return in.ID
}

// allowed has the browser allow what a device asks for.
func (s *site) allowed(userCode string) {
	s.t.Helper()
	if w := s.decided(userCode, nil); w.Code != http.StatusOK || w.Body.String() != "device allowed: true" {
		s.t.Fatalf("deciding is answered %d %s", w.Code, w.Body)
	}
}

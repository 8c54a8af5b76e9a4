package login

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/storage"
)

// onDevices is a client whose application runs on devices.
func onDevices(c *client.Client) {
	c.GrantTypes = []string{client.GrantAuthorizationCode, client.GrantDeviceCode}
}

// device asks as an application on a device does, and returns what it shows.
func (s *site) device(change ...func(*interaction.DeviceRequest)) string {
	s.t.Helper()
	d := interaction.DeviceRequest{
		Device:  interaction.Device{ID: s.parts.ID(), Address: "127.0.0.1", UserAgent: "gh/2.0", AskedAt: s.clock.Now()},
		Request: interaction.AuthorizationRequest{ClientID: "wiki", Scopes: []string{"openid", "email"}},
	}
	for _, c := range change {
		c(&d)
	}
	_, err := s.devices.Start(s.t.Context(), &d)
	check(s.t, err)
	return interaction.ShowUserCode(d.UserCode)
}

// typeCode opens the page and types what a device shows.
func (b *browser) typeCode(code string) *testbrowser.Page {
	b.s.t.Helper()
	b.Get("/device").Want(b.s.t, 200, "device-submit")
	return b.Submit("device-submit", "user_code="+code)
}

// The whole way in one browser: the code in any spelling, sign-in by the door of every
// client, and the question with application, code, place and time.
func TestDC1_ADeviceIsAskedAbout(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{client: onDevices})
	ada := s.person("ada@example.com")
	code := s.device()
	s.clock.Advance(2 * time.Minute)
	b := s.browser()
	b.typeCode(strings.ToLower(strings.ReplaceAll(code, "-", " "))).Want(t, 200, "login-submit")
	page := b.signIn("ada@example.com", goodPassword)
	page.Want(t, 200, "Did you start this?")
	for id, want := range map[string]string{"device-code": code, "device-program": "gh/2.0", "device-time": "2 minutes ago", "device-place": "127.0.0.1"} {
		if got := page.Text(id); !strings.Contains(got, want) {
			t.Errorf("%s says %q, not %q", id, got, want)
		}
	}
	if !strings.Contains(page.Body, "Wiki") || !page.Has("same-network") || page.Has("other-network") || !page.Has("consent-deny") {
		t.Errorf("the page is\n%s", page.Body)
	}
	b.Submit("consent-allow").Want(t, 200, "code for "+string(ada.ID))
}

// A link with the code saves typing, and asks all the same, of whoever is signed in, and
// though everything was allowed before (remote phishing).
func TestDC1_AClickedLinkStillAsks(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{client: onDevices})
	s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "code for")
	for range 2 {
		code := s.device(func(d *interaction.DeviceRequest) { d.Address = "198.51.100.7" })
		page := b.Get("/device?user_code=" + url.QueryEscape(code))
		page.Want(t, 200, "device-submit")
		if page.Attribute("user_code", "value") != code || !page.Has("device-phone") || !strings.Contains(page.Body, `class="qr"`) {
			t.Errorf("the page is\n%s", page.Body)
		}
		page = b.Submit("device-submit")
		page.Want(t, 200, "Did you start this?")
		if !page.Has("other-network") || page.Has("same-network") || !strings.Contains(page.Text("device-place"), "198.51.100.7") {
			t.Errorf("the place is %q", page.Text("device-place"))
		}
		b.Submit("consent-allow").Want(t, 200, "code for")
	}
}

func TestDC1_ADeviceIsDenied(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{client: onDevices})
	s.person("ada@example.com")
	b := s.browser()
	b.typeCode(s.device()).Want(t, 200, "login-submit")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "Did you start this?")
	b.Submit("consent-deny").Want(t, 200, "denied")
	b.typeCode(s.device())
	b.Click("not-you").Want(t, 200, "login-submit")
	b.Forge("login-submit", "cancel=1").Want(t, 200, "denied") // before signing in
}

// Step-up is respected: what the request wants is shown before the question, and a
// session that is too old is none.
func TestDC1_ADeviceSkipsNoFactor(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{client: func(c *client.Client) { onDevices(c); c.RequireMFA = true }})
	s.person("ada@example.com")
	b := s.browser()
	b.typeCode(s.device()).Want(t, 200, "login-submit")
	if page := b.signIn("ada@example.com", goodPassword); page.Has("consent-allow") || !strings.HasPrefix(page.URL.Path, "/enroll") {
		t.Errorf("%s shows\n%s", page.URL, page.Body)
	}
	s = newSite(t, siteOptions{client: onDevices})
	s.person("ada@example.com")
	b = s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "code for")
	s.clock.Advance(10 * time.Minute)
	young := func(d *interaction.DeviceRequest) { d.Request.MaxAge = new(int64(60)) }
	b.typeCode(s.device(young)).Want(t, 200, "login-submit")
	b.signIn("ada@example.com", goodPassword).Want(t, 200, "Did you start this?")
}

// Codes that are wrong, expired, decided, or of a client that may not any more look the same.
func TestTK7_CodesThatDoNotWorkLookTheSame(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{client: onDevices})
	s.person("ada@example.com")
	b := s.browser()
	expired := s.device()
	s.clock.Advance(10 * time.Minute)
	decided := s.device()
	d, err := s.devices.ByUserCode(t.Context(), decided)
	check(t, err)
	check(t, s.devices.Decide(t.Context(), &d.Device, s.clock.Now(), func(d *interaction.DeviceRequest) { d.Refusal = &interaction.Refusal{} }))
	gone := s.device(func(d *interaction.DeviceRequest) { d.Request.ClientID = "gone" })
	var said []string
	for _, code := range []string{"BCDF-GHJK", "x", "", expired, decided, gone} {
		page := b.typeCode(code)
		if page.Status != 200 || page.URL.Path != "/device" || page.Has("login-submit") {
			t.Fatalf("%q: %d %s", code, page.Status, page.URL)
		}
		said = append(said, page.Text("user_code-error"))
	}
	if said[0] == "" || slices.ContainsFunc(said, func(s string) bool { return s != said[0] }) {
		t.Errorf("the pages say %q", said)
	}
	code := s.device()
	s.client.GrantTypes = []string{client.GrantAuthorizationCode}
	if page := b.typeCode(code); page.Text("user_code-error") != said[0] {
		t.Errorf("a client without the grant: %s", page.URL)
	}
}

// TK7, TH1, LK1: tries are limited by network and for all strangers together; who is
// signed in has a budget of their own.
func TestTK7_GuessingUserCodesIsLimited(t *testing.T) {
	t.Parallel()
	few := storage.Backoff{Free: 2, Base: time.Minute, Max: time.Hour, Window: time.Hour}
	s := newSite(t, siteOptions{client: onDevices, limits: func(b *limits.Bounds) { b.UserCode.Address = few }})
	b := s.browser()
	for range 3 {
		b.typeCode("BCDF-GHJK").Want(t, 200, "user_code-error")
	}
	refused := b.typeCode(s.device())
	refused.Want(t, 429, "")
	if refused.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}

	s = newSite(t, siteOptions{client: onDevices, limits: func(b *limits.Bounds) { b.UserCode.AnonymousPerHour = 2 }})
	s.person("ada@example.com")
	ada := s.browser()
	ada.start("")
	ada.signIn("ada@example.com", goodPassword).Want(t, 200, "code for")
	stranger := s.browser()
	for range 3 {
		stranger.typeCode("BCDF-GHJK")
	}
	stranger.typeCode(s.device()).Want(t, 429, "")
	ada.typeCode(s.device()).Want(t, 200, "Did you start this?")

	s = newSite(t, siteOptions{client: onDevices, limits: func(b *limits.Bounds) { b.UserCode.Account = few }})
	s.person("ada@example.com")
	ada = s.browser()
	ada.start("")
	ada.signIn("ada@example.com", goodPassword)
	for range 3 {
		ada.typeCode("BCDF-GHJK").Want(t, 200, "user_code-error")
	}
	ada.typeCode(s.device()).Want(t, 429, "")
}

// CS1: no other site has somebody's browser approve a device.
func TestCS1_DeviceFormsAreOurs(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{client: onDevices})
	s.person("ada@example.com")
	b := s.browser()
	code := s.device()
	b.Get("/device")
	b.Submit("device-submit", "user_code="+code, "csrf=x").Want(t, 403, "")
	b.typeCode(code)
	confirm := b.signIn("ada@example.com", goodPassword)
	confirm.Want(t, 200, "Did you start this?")
	b.Submit("consent-allow", "csrf=x").Want(t, 403, "")
	eve := s.browser()
	if page := eve.Get(confirm.URL.RequestURI()); page.Status == 200 {
		t.Errorf("another browser sees %s", page.Body)
	}
}

func TestDC1_WhatWasDecidedIsSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t, siteOptions{})
	b := s.browser()
	b.Get("/done?what=device_allowed").Want(t, 200, "Your device is connected")
	if got := b.Page.Attribute("continue", "href"); got != "/account" {
		t.Errorf("it leads on to %q", got)
	}
	b.Get("/done?what=device_denied").Want(t, 200, "connected")
}

package op

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// RFC 8628 section 3.2: what a device is told; and section 6.1: what a code looks like.
func TestTK7_WhatADeviceIsTold(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	got := s.askDevice(asTV, "scope", "openid profile")
	if len(got.UserCode) != 9 || got.UserCode[4] != '-' || strings.ContainsAny(got.UserCode, "AEIOUY0123456789") {
		t.Errorf("user code %q", got.UserCode)
	}
	if got.URI != testIssuer+"/device" || got.Complete != got.URI+"?user_code="+got.UserCode || got.ExpiresIn != 600 || got.Interval != 5 {
		t.Errorf("answer is %+v", got)
	}
	for key, value := range s.store.entries() {
		if strings.Contains(key+value, got.DeviceCode) || strings.Contains(key, strings.ReplaceAll(got.UserCode, "-", "")) {
			t.Errorf("the store knows the code: %s %s", key, value)
		}
	}
	if again := s.askDevice(asTV, "scope", "openid"); again.UserCode == got.UserCode || again.DeviceCode == got.DeviceCode {
		t.Error("two requests have one code")
	}
}

// The whole way: pending, allowed by somebody in a browser, redeemed once, refreshed.
func TestDC1_ADeviceGetsItsTokensOnce(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	got := s.askDevice(asTV, "scope", "openid profile offline_access", "nonce", "n-7")
	s.poll(asTV, got.DeviceCode).want(t, http.StatusBadRequest, "authorization_pending")
	if len(s.store.grants()) != 0 {
		t.Fatal("a grant before anybody decided")
	}
	s.clock.Advance(5 * time.Second)
	s.allowed(got.UserCode)
	a := s.poll(asTV, got.DeviceCode).want(t, http.StatusOK, "")
	claims := claimsOf(t, a.IDToken)
	if claims["sub"] != string(testUserID) || claims["nonce"] != "n-7" || claims["aud"] != "tv" || a.Scope != "openid profile offline_access" {
		t.Errorf("claims %v, scope %q", claims, a.Scope)
	}
	g := s.grant()
	if g.Origin != storage.OriginDevice || !g.Offline || g.SID != testSID || g.CodeHash == "" {
		t.Errorf("grant %+v", g)
	}
	s.refresh(asTV, a.RefreshToken).want(t, http.StatusOK, "")
	s.poll(asTV, got.DeviceCode).want(t, http.StatusBadRequest, "invalid_grant")
	if g := s.grant(); !g.RevokedAt.IsZero() {
		t.Error("a poll after the last one ended the grant")
	}
	if !slices.Contains(s.events(), storage.EventGrantIssued) {
		t.Errorf("events %v", s.events())
	}
}

// TK7, PR1: of any number of polls of a code that was allowed one gets tokens.
func TestPR1_OneDeviceCodeOneSuccess(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	got := s.askDevice(asTV, "scope", "openid")
	s.allowed(got.UserCode)
	var issued, other atomic.Int64
	var all sync.WaitGroup
	form := url.Values{"grant_type": {client.GrantDeviceCode}, "device_code": {got.DeviceCode}, "client_id": {"tv"}}.Encode()
	for range 200 {
		all.Go(func() {
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, formRequest(http.MethodPost, tokenPath, form))
			switch w.Code {
			case http.StatusOK:
				issued.Add(1)
			case http.StatusBadRequest:
			default:
				other.Add(1)
			}
		})
	}
	all.Wait()
	if issued.Load() != 1 || other.Load() != 0 || len(s.store.grants()) != 1 {
		t.Errorf("%d successes, %d of another kind, %d grants", issued.Load(), other.Load(), len(s.store.grants()))
	}
}

// Of any number of browsers that decide, one does: what was denied is not allowed later.
func TestPR1_ADeviceIsDecidedOnce(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	got := s.askDevice(asTV, "scope", "openid")
	d, err := interaction.NewDevices(s.ephemeral, testHasher(t)).ByUserCode(t.Context(), got.UserCode)
	if err != nil {
		t.Fatal(err)
	}
	first, second := s.deviceInteraction(d, &interaction.Refusal{Code: "access_denied", Reason: "the person declined"}), s.deviceInteraction(d, nil)
	if w := s.resume(first); w.Body.String() != "device allowed: false" {
		t.Fatalf("denying is answered %d %s", w.Code, w.Body)
	}
	wantPage(t, s.resume(second), http.StatusBadRequest, "has ended")
	a := s.poll(asTV, got.DeviceCode).want(t, http.StatusBadRequest, "access_denied")
	if a.Description != "the person declined" || len(s.store.grants()) != 0 {
		t.Errorf("%q, %d grants", a.Description, len(s.store.grants()))
	}
}

// RFC 8628 section 3.5: a device that polls too fast waits five seconds more each time.
func TestTK7_PollingIsSlowedDown(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	got := s.askDevice(asTV, "scope", "openid")
	for i, step := range []struct {
		after time.Duration
		code  string
	}{
		{0, "authorization_pending"},
		{5 * time.Second, "authorization_pending"},
		{4 * time.Second, "authorization_pending"}, // networks make some faster than others
		{time.Second, "slow_down"},                 // ten seconds from now on
		{5 * time.Second, "slow_down"},             // fifteen
		{15 * time.Second, "authorization_pending"},
		{10 * time.Second, "slow_down"},
		{20 * time.Second, "authorization_pending"},
	} {
		s.clock.Advance(step.after)
		if a := s.poll(asTV, got.DeviceCode); a.Error != step.code || a.Code != http.StatusBadRequest {
			t.Fatalf("poll %d is answered %d %s, want %s", i, a.Code, a.Error, step.code)
		}
	}
	s.allowed(got.UserCode) // who was slowed down gets tokens all the same
	s.poll(asTV, got.DeviceCode).want(t, http.StatusOK, "")
}

// Polling is slowed down to a minute at most, and writes nothing from then on.
func TestTK7_AFloodOfPollsWritesNothing(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	got := s.askDevice(asTV, "scope", "openid")
	for range 14 {
		s.poll(asTV, got.DeviceCode)
	}
	before := len(s.store.entries())
	for range 20 {
		a := s.poll(asTV, got.DeviceCode).want(t, http.StatusBadRequest, "slow_down")
		if !strings.Contains(a.Description, " 60 seconds") {
			t.Fatal(a.Description)
		}
	}
	if after := len(s.store.entries()); after != before {
		t.Errorf("%d entries, %d before", after, before)
	}
}

// Late is late, approved or not (L12), and nobody decides any more.
func TestTK7_DeviceCodesExpire(t *testing.T) {
	t.Parallel()
	for name, allowed := range map[string]bool{"pending": false, "allowed": true} {
		t.Run(name, func(t *testing.T) {
			s := deviceSite(t)
			got := s.askDevice(asTV, "scope", "openid")
			if s.clock.Advance(9 * time.Minute); allowed {
				s.allowed(got.UserCode)
			}
			s.clock.Advance(time.Minute)
			s.poll(asTV, got.DeviceCode).want(t, http.StatusBadRequest, "expired_token")
			s.clock.Advance(5 * time.Minute)
			s.poll(asTV, got.DeviceCode).want(t, http.StatusBadRequest, "expired_token")
			s.clock.Advance(10 * time.Minute)
			s.poll(asTV, got.DeviceCode).want(t, http.StatusBadRequest, "invalid_grant")
			if len(s.store.grants()) != 0 {
				t.Error("a grant was made")
			}
		})
	}
	s := deviceSite(t)
	d, err := interaction.NewDevices(s.ephemeral, testHasher(t)).ByUserCode(t.Context(), s.askDevice(asTV, "scope", "openid").UserCode)
	if err != nil {
		t.Fatal(err)
	}
	id := s.deviceInteraction(d, nil)
	s.clock.Advance(10 * time.Minute)
	wantPage(t, s.resume(id), http.StatusBadRequest, "has ended")
}

// PR1: a device code is nothing to any other client, and what fails so spends nothing.
func TestPR1_ADeviceCodeIsBoundToItsClient(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	got := s.askDevice(asTV, "scope", "openid")
	s.allowed(got.UserCode)
	s.poll(asHub, got.DeviceCode).want(t, http.StatusBadRequest, "invalid_grant")
	s.poll(asWiki, got.DeviceCode).want(t, http.StatusBadRequest, "unauthorized_client")
	s.poll(nil, got.DeviceCode).want(t, http.StatusUnauthorized, "invalid_client")
	s.poll(asTV, got.DeviceCode+"x").want(t, http.StatusBadRequest, "invalid_grant")
	s.poll(asTV, strings.ReplaceAll(got.UserCode, "-", "")).want(t, http.StatusBadRequest, "invalid_grant")
	s.post(tokenPath, asTV, "grant_type", client.GrantDeviceCode).want(t, http.StatusBadRequest, "invalid_request")
	s.poll(asTV, got.DeviceCode, "resource", "https://elsewhere.example/").want(t, http.StatusBadRequest, "invalid_target")
	s.poll(asTV, got.DeviceCode).want(t, http.StatusOK, "")
}

// RFC 8628 section 3.1, and the rules of the authorization endpoint: what is refused
// when a device asks, and leaves nothing behind.
func TestTK7_RefusedRequestsOfDevices(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	for name, tc := range map[string]struct {
		who    as
		form   []string
		status int
		code   string
	}{
		"nobody":                     {nil, nil, http.StatusUnauthorized, "invalid_client"},
		"an unknown client":          {func(_ *http.Request, f url.Values) { f.Set("client_id", "who") }, nil, http.StatusUnauthorized, "invalid_client"},
		"a client without the grant": {asWiki, []string{"scope", "openid"}, http.StatusBadRequest, "unauthorized_client"},
		"a confidential one that does not authenticate": {func(_ *http.Request, f url.Values) { f.Set("client_id", "hub") }, nil, http.StatusUnauthorized, "invalid_client"},
		"no scope":             {asTV, nil, http.StatusBadRequest, "invalid_scope"},
		"a scope not its own":  {asTV, []string{"scope", "openid phone"}, http.StatusBadRequest, "invalid_scope"},
		"an unknown resource":  {asTV, []string{"scope", "openid", "resource", "https://x.example/"}, http.StatusBadRequest, "invalid_target"},
		"a max_age of letters": {asTV, []string{"scope", "openid", "max_age", "x"}, http.StatusBadRequest, "invalid_request"},
		"claims that are none": {asTV, []string{"scope", "openid", "claims", "{"}, http.StatusBadRequest, "invalid_request"},
		"a hint of nobody":     {asTV, []string{"scope", "openid", "id_token_hint", "x"}, http.StatusBadRequest, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			s.post(devicePath, tc.who, tc.form...).want(t, tc.status, tc.code)
		})
	}
	for key := range s.store.entries() {
		if strings.HasPrefix(key, "device") {
			t.Errorf("something was stored: %s", key)
		}
	}
}

// Step-up: what the client asks for by default, and what the device does, is in the
// interaction, which the flow then satisfies (never skips a factor, DC1).
func TestDC1_StepUpComesWithTheRequest(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	for name, tc := range map[string]struct {
		who    as
		form   []string
		maxAge int64
		acr    []string
	}{
		"the client's":  {asHub, nil, 60, []string{"aal2"}},
		"the device's":  {asHub, []string{"max_age", "30", "acr_values", "phr"}, 30, []string{"phr"}},
		"essential acr": {asTV, []string{"max_age", "0", "claims", `{"id_token":{"acr":{"essential":true,"value":"aal2"}}}`}, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.askDevice(tc.who, append([]string{"scope", "openid"}, tc.form...)...)
			d, err := interaction.NewDevices(s.ephemeral, testHasher(t)).ByUserCode(t.Context(), got.UserCode)
			if err != nil {
				t.Fatal(err)
			}
			if d.Request.MaxAge == nil || *d.Request.MaxAge != tc.maxAge || !slices.Equal(d.Request.ACRValues, tc.acr) {
				t.Errorf("max_age %v, acr_values %v", d.Request.MaxAge, d.Request.ACRValues)
			}
			if tc.acr == nil && !slices.Equal(d.Request.EssentialACR, []string{"aal2"}) {
				t.Errorf("essential acr %v", d.Request.EssentialACR)
			}
		})
	}
}

// While something is missing of the sign-in the device waits; what cannot be reached is
// told to it as denied.
func TestDC1_ResumingADevice(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	got := s.askDevice(asTV, "scope", "openid")
	s.signIn.Missing = "factor"
	if w := s.decided(got.UserCode, nil); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/login") {
		t.Errorf("answer is %d %s", w.Code, w.Header().Get("Location"))
	}
	s.poll(asTV, got.DeviceCode).want(t, http.StatusBadRequest, "authorization_pending")
	s.signIn.Missing, s.signIn.Fatal = "", "unmet_authentication_requirements"
	if w := s.decided(got.UserCode, nil); w.Body.String() != "device allowed: false" {
		t.Errorf("answer is %d %s", w.Code, w.Body)
	}
	s.poll(asTV, got.DeviceCode).want(t, http.StatusBadRequest, "access_denied")
}

// What the approval rests on has to be there when it is redeemed (requirement SE5).
func TestSE5_ADeviceCodeEndsWithItsSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*site){
		"session over": func(s *site) {
			now := s.clock.Now()
			s.store.must(s.store.Sessions().End(s.t.Context(), testSID, now, s.store.event(storage.EventSignOut, now)))
		},
		"password changed": func(s *site) { s.store.exec(`UPDATE users SET password_epoch = password_epoch + 1`) },
		"disabled":         func(s *site) { s.store.disable(s.clock.Now()) },
		"client changed":   func(s *site) { s.start(s.config([]client.Client{hubClient()})) },
	} {
		t.Run(name, func(t *testing.T) {
			s := deviceSite(t)
			got := s.askDevice(asTV, "scope", "openid offline_access")
			s.allowed(got.UserCode)
			end(s)
			if a := s.poll(asTV, got.DeviceCode); a.Code == http.StatusOK || len(s.store.grants()) != 0 {
				t.Errorf("answer is %d %s, %d grants", a.Code, a.Error, len(s.store.grants()))
			}
		})
	}
}

// A device whose answer was lost for the database's sake tries again, and can.
func TestDL1_ADeviceCodeOutlivesAFailureOfTheStore(t *testing.T) {
	t.Parallel()
	s := deviceSite(t)
	got := s.askDevice(asTV, "scope", "openid")
	s.allowed(got.UserCode)
	s.store.Err.Set(errors.New("connection refused"))
	s.poll(asTV, got.DeviceCode).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	s.store.Err.Set(nil)
	s.store.AfterCreate.Set(errors.New("connection reset"))
	s.poll(asTV, got.DeviceCode).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	s.store.AfterCreate.Set(nil)
	s.poll(asTV, got.DeviceCode).want(t, http.StatusOK, "")
	s.poll(asTV, got.DeviceCode).want(t, http.StatusBadRequest, "invalid_grant")
	if len(s.store.grants()) != 1 {
		t.Errorf("%d grants", len(s.store.grants()))
	}
	s.ephemeral.Err.Set(errors.New("down"))
	s.poll(asTV, got.DeviceCode).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
}

// TH1, DS3: what anybody asks for in a public client's name is limited by network.
func TestTH1_RequestsOfDevicesAreLimited(t *testing.T) {
	t.Parallel()
	s := deviceSite(t, func(c *Config) { c.PendingPerAddress = 3 })
	for range 3 {
		s.askDevice(asTV, "scope", "openid")
	}
	a := s.post(devicePath, asTV, "scope", "openid").want(t, http.StatusTooManyRequests, "temporarily_unavailable")
	if a.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	s.askDevice(asHub, "scope", "openid") // it says who it is
}

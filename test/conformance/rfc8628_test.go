package conformance

import (
	"net/http"
	"strings"
)

const devicePath = "/device_authorization"

// poll asks for the tokens of a device.
func (t *trial) poll(deviceCode string, more ...string) *reply {
	t.Helper()
	return t.form(tokenPath, append([]string{"grant_type", deviceGrant, "device_code", deviceCode}, more...))
}

// device asks as the public client on a device does.
func (t *trial) device() *reply {
	t.Helper()
	return t.ok(t.form(devicePath, []string{"client_id", tool.ID, "scope", "openid offline_access"}), http.StatusOK)
}

// decided has the demo person decide what a device asks for; button is what they press.
func (t *trial) decided(asked *reply, button string) {
	t.Helper()
	b := t.signedIn()
	b.Get("/device")
	at := b.Submit("device-submit", "user_code="+asked.text("user_code"))
	if !at.Has(button) {
		t.Fatalf("no %s: %d %s", button, at.Status, at.Body)
	}
	b.Submit(button)
	t.issued()
}

// rfc8628 is the device authorization grant.
var rfc8628 = specification{"8628", "Device Authorization Grant", []sentence{
	{section: "3.1", demands: "client_id is REQUIRED of who does not authenticate", show: func(t *trial) {
		t.refused(t.form(devicePath, []string{"scope", "openid"}), http.StatusUnauthorized, "invalid_client")
		t.refused(t.form(devicePath, []string{"scope", "openid", "client_id", "who"}), http.StatusUnauthorized, "invalid_client")
	}},
	{section: "3.1", demands: "parameters without a value MUST be treated as omitted", show: func(t *trial) {
		t.refused(t.form(devicePath, []string{"client_id", "", "scope", "openid"}), http.StatusUnauthorized, "invalid_client")
		t.refused(t.form(devicePath, []string{"client_id", tool.ID, "scope", ""}), http.StatusBadRequest, "invalid_scope")
		t.ok(t.form(devicePath, []string{"client_id", tool.ID, "scope", "openid", "resource", "", "max_age", ""}), http.StatusOK)
	}},
	{section: "3.1", demands: "unrecognized parameters MUST be ignored", show: func(t *trial) {
		t.ok(t.form(devicePath, []string{"client_id", tool.ID, "scope", "openid", "color", "blue", "device_code", "x"}), http.StatusOK)
	}},
	{section: "3.1", demands: "parameters MUST NOT be included more than once", show: func(t *trial) {
		for _, name := range []string{"client_id", "scope"} {
			t.refused(t.form(devicePath, []string{"client_id", tool.ID, "scope", "openid", name, "openid"}), http.StatusBadRequest, "invalid_request")
		}
	}},
	{section: "3.1", demands: "parameters are in the body of a POST", show: func(t *trial) {
		asked := devicePath + "?" + query([]string{"client_id", tool.ID, "scope", "openid"})
		t.refused(t.send(t.T, http.MethodGet, asked, "", ""), http.StatusMethodNotAllowed, "invalid_request")
		t.refused(t.send(t.T, http.MethodPost, asked, "application/x-www-form-urlencoded", ""), http.StatusBadRequest, "invalid_request")
		t.refused(t.send(t.T, http.MethodPost, devicePath, "application/json", `{"client_id":"tool","scope":"openid"}`), http.StatusBadRequest, "invalid_request")
	}},
	{section: "3.1", demands: "confidential clients authenticate as at the token endpoint", show: func(t *trial) {
		t.refused(t.form(devicePath, []string{"client_id", hub.ID, "scope", "openid"}), http.StatusUnauthorized, "invalid_client")
		t.refused(t.form(devicePath, []string{"scope", "openid"}, as(client{ID: hub.ID, Secret: "wrong"})), http.StatusUnauthorized, "invalid_client")
		t.ok(t.form(devicePath, []string{"scope", "openid"}, as(hub)), http.StatusOK)
	}},
	{section: "3.1", demands: "requests MUST use TLS", by: []string{"config.TestCF2_Issuer"}},
	{section: "3.2", demands: "device_code, user_code, verification_uri and expires_in are REQUIRED", show: func(t *trial) {
		asked := t.device()
		if in, _ := asked.json["expires_in"].(float64); in <= 0 || asked.text("device_code") == "" || asked.text("user_code") == "" || asked.text("verification_uri") != t.node.Issuer+"/device" {
			t.Errorf("answered %s", asked.body)
		}
	}},
	{section: "3.2", demands: "interval is how long clients SHOULD wait", show: func(t *trial) {
		if wait, _ := t.device().json["interval"].(float64); wait < 1 || wait > 60 {
			t.Errorf("interval is %v", wait)
		}
	}},
	{section: "3.2", demands: "errors are those of RFC 6749 section 5.2", show: func(t *trial) {
		t.refused(t.form(devicePath, []string{"scope", "openid"}, as(wiki)), http.StatusBadRequest, "unauthorized_client")
		t.refused(t.form(devicePath, []string{"client_id", tool.ID, "scope", "files.write"}), http.StatusBadRequest, "invalid_scope")
		t.refused(t.form(devicePath, []string{"client_id", tool.ID, "scope", "openid", "resource", "https://elsewhere.example.com"}), http.StatusBadRequest, "invalid_target")
	}},
	{section: "3.3", demands: "the interaction MUST begin at verification_uri and take the user_code", show: func(t *trial) {
		asked := t.device()
		b := t.signedIn()
		if at := b.Get("/device"); !at.Has("device-submit") {
			t.Fatalf("no form: %s", at.Body)
		}
		if at := b.Submit("device-submit", "user_code=BBBB-BBBB"); at.Has("consent-allow") {
			t.Error("a code of nobody is taken")
		}
		t.nothingIssued()
		t.refused(t.poll(asked.text("device_code"), "client_id", tool.ID), http.StatusBadRequest, "authorization_pending")
	}},
	{section: "3.3", demands: "the user_code is NOT RECOMMENDED in verification_uri", show: func(t *trial) {
		if asked := t.device(); strings.ContainsAny(asked.text("verification_uri"), "?#") {
			t.Errorf("verification_uri is %s", asked.text("verification_uri"))
		}
	}},
	{section: "3.3.1", demands: "the server SHOULD show the user_code and have it compared", by: []string{"login.TestDC1_AClickedLinkStillAsks"}},
	{section: "3.4", demands: "grant_type and device_code are REQUIRED", show: func(t *trial) {
		t.refused(t.form(tokenPath, []string{"grant_type", deviceGrant, "client_id", tool.ID}), http.StatusBadRequest, "invalid_request")
		code := t.device().text("device_code")
		t.refused(t.form(tokenPath, []string{"device_code", code, "client_id", tool.ID}), http.StatusBadRequest, "invalid_request")
		t.refused(t.form(tokenPath, []string{"grant_type", "device_code", "device_code", code, "client_id", tool.ID}), http.StatusBadRequest, "unsupported_grant_type")
	}},
	{section: "3.4", demands: "client_id is REQUIRED of who does not authenticate, and clients with credentials MUST authenticate", show: func(t *trial) {
		t.refused(t.poll(t.device().text("device_code")), http.StatusUnauthorized, "invalid_client")
		code := t.ok(t.form(devicePath, []string{"scope", "openid"}, as(hub)), http.StatusOK).text("device_code")
		t.refused(t.poll(code, "client_id", hub.ID), http.StatusUnauthorized, "invalid_client")
		t.refused(t.form(tokenPath, []string{"grant_type", deviceGrant, "device_code", code}, as(client{ID: hub.ID, Secret: "wrong"})), http.StatusUnauthorized, "invalid_client")
	}},
	{section: "3.4", demands: "a device code is for the client that asked", show: func(t *trial) {
		asked := t.device()
		t.decided(asked, "consent-allow")
		code := asked.text("device_code")
		t.refused(t.form(tokenPath, []string{"grant_type", deviceGrant, "device_code", code}, as(hub)), http.StatusBadRequest, "invalid_grant")
		t.refused(t.form(tokenPath, []string{"grant_type", deviceGrant, "device_code", code}, as(wiki)), http.StatusBadRequest, "unauthorized_client")
		t.ok(t.poll(code, "client_id", tool.ID), http.StatusOK)
	}},
	{section: "3.5", demands: "authorization_pending while nobody has decided", show: func(t *trial) {
		t.refused(t.poll(t.device().text("device_code"), "client_id", tool.ID), http.StatusBadRequest, "authorization_pending")
	}},
	{section: "3.5", demands: "slow_down, after which the interval MUST be 5 seconds longer", by: []string{"op.TestTK7_PollingIsSlowedDown"}},
	{section: "3.5", demands: "access_denied once it was denied", show: func(t *trial) {
		asked := t.device()
		t.decided(asked, "consent-deny")
		t.refused(t.poll(asked.text("device_code"), "client_id", tool.ID), http.StatusBadRequest, "access_denied")
	}},
	{section: "3.5", demands: "expired_token once it has expired", by: []string{"op.TestTK7_DeviceCodesExpire"}},
	{section: "3.5", demands: "other errors are those of RFC 6749 section 5.2", show: func(t *trial) {
		asked := t.device()
		for _, code := range []string{"x", asked.text("device_code") + "x", asked.text("user_code")} {
			t.refused(t.poll(code, "client_id", tool.ID), http.StatusBadRequest, "invalid_grant")
		}
	}},
	{section: "3.5", demands: "an approved code gets tokens once", show: func(t *trial) {
		asked := t.device()
		t.decided(asked, "consent-allow")
		if got := t.ok(t.poll(asked.text("device_code"), "client_id", tool.ID), http.StatusOK); got.text("access_token") == "" || got.text("token_type") != "Bearer" {
			t.Errorf("answered %s", got.body)
		}
		t.refused(t.poll(asked.text("device_code"), "client_id", tool.ID), http.StatusBadRequest, "invalid_grant")
	}},
	{section: "3.5", demands: "of many polls at all nodes one gets tokens", by: []string{"test.TestPR1_OfManyPollsOfOneDeviceCodeOneGetsTokens"}},
	{section: "4", demands: "the grant and its endpoint are in the metadata", show: func(t *trial) {
		said := t.metadata()
		grants, _ := said.json["grant_types_supported"].([]any)
		if said.text("device_authorization_endpoint") != t.node.Issuer+devicePath || !contains(grants, deviceGrant) {
			t.Errorf("the metadata say %q, %v", said.text("device_authorization_endpoint"), grants)
		}
	}},
	{section: "5.1", demands: "user codes SHOULD have enough entropy, and attempts are limited", by: []string{"login.TestTK7_GuessingUserCodesIsLimited", "op.TestTK7_WhatADeviceIsTold"}},
	{section: "5.2", demands: "device codes SHOULD have a very high entropy", show: func(t *trial) {
		first, second := t.device().text("device_code"), t.device().text("device_code")
		if len(first) < 43 || first[len(first)-10:] == second[len(second)-10:] {
			t.Errorf("%q, then %q", first, second)
		}
	}},
	{section: "5.4", demands: "people SHOULD be told that they authorize a device, and which", by: []string{"login.TestDC1_ADeviceIsAskedAbout"}},
	{section: "6.1", demands: "user codes are compared without regard to case and punctuation", by: []string{"interaction.TestTK7_UserCodesAreTakenInAnySpelling"}},
}}

// contains reports whether a list of the metadata has a text.
func contains(list []any, text string) bool {
	for _, v := range list {
		if v == text {
			return true
		}
	}
	return false
}

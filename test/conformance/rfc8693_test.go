package conformance

import (
	"net/http"
	"strings"
)

const (
	accessTokenURN = "urn:ietf:params:oauth:token-type:access_token"
	jwtURN         = "urn:ietf:params:oauth:token-type:jwt"
	idTokenURN     = "urn:ietf:params:oauth:token-type:id_token"
)

// sent are the tokens of somebody who signed in to wiki; the access token is for reports.
func (t *trial) sent() *reply {
	t.Helper()
	code := t.code(t.signedIn(), ask(wiki, "scope", "openid offline_access reports.read", "resource", reportsAPI))
	return t.ok(t.form(tokenPath, codeForm(code, "resource", reportsAPI), as(wiki)), http.StatusOK)
}

// trade is the form of an exchange, with pairs of names and values laid over one that is in
// order; an empty value removes.
func trade(token string, pairs ...string) []string {
	form := map[string]string{"grant_type": exchangeGrant, "subject_token": token, "subject_token_type": accessTokenURN, "resource": filesAPI}
	for i := 0; i < len(pairs); i += 2 {
		form[pairs[i]] = pairs[i+1]
	}
	var made []string
	for name, value := range form {
		if value != "" {
			made = append(made, name, value)
		}
	}
	return made
}

// refusedTrades wants each exchange of reports refused.
func (t *trial) refusedTrades(code, token string, changes ...[]string) {
	t.Helper()
	for _, pairs := range changes {
		t.Log(pairs)
		t.refused(t.form(tokenPath, trade(token, pairs...), as(reports)), http.StatusBadRequest, code)
	}
}

// rfc8693 is token exchange.
var rfc8693 = specification{"8693", "Token Exchange", []sentence{
	{section: "2.1", demands: "clients authenticate, and have to be registered for the grant", show: func(t *trial) {
		token := t.sent().text("access_token")
		t.refused(t.form(tokenPath, trade(token)), http.StatusUnauthorized, "invalid_client")
		t.refused(t.form(tokenPath, trade(token, "client_id", reports.ID)), http.StatusUnauthorized, "invalid_client")
		t.refused(t.form(tokenPath, trade(token), as(client{ID: reports.ID, Secret: "wrong"})), http.StatusUnauthorized, "invalid_client")
		t.refused(t.form(tokenPath, trade(token), as(wiki)), http.StatusBadRequest, "unauthorized_client")
		t.refused(t.form(tokenPath, trade(token, "client_id", page.ID)), http.StatusBadRequest, "unauthorized_client")
	}},
	{section: "2.1", demands: "grant_type is REQUIRED", show: func(t *trial) {
		token := t.sent().text("access_token")
		t.refusedTrades("invalid_request", token, []string{"grant_type", ""})
		t.refusedTrades("unsupported_grant_type", token, []string{"grant_type", "token-exchange"})
	}},
	{section: "2.1", demands: "resource MUST be an absolute URI and MUST NOT have a fragment", show: func(t *trial) {
		token := t.sent().text("access_token")
		t.refusedTrades("invalid_target", token, []string{"resource", "files"}, []string{"resource", "/files"}, []string{"resource", "//files.example.com"}, []string{"resource", filesAPI + "#x"}, []string{"resource", "https://%zz"})
	}},
	{section: "2.1", demands: "subject_token is REQUIRED", show: func(t *trial) {
		t.refusedTrades("invalid_request", "")
	}},
	{section: "2.1", demands: "subject_token_type is REQUIRED", show: func(t *trial) {
		t.refusedTrades("invalid_request", t.sent().text("access_token"), []string{"subject_token_type", ""})
	}},
	{section: "2.1", demands: "actor_token_type is REQUIRED with actor_token", show: func(t *trial) {
		own := t.ok(t.form(tokenPath, []string{"grant_type", "client_credentials"}, as(reports)), http.StatusOK).text("access_token")
		t.refusedTrades("invalid_request", t.sent().text("access_token"), []string{"actor_token", own})
	}},
	{section: "2.1", demands: "actor_token_type MUST NOT be there without actor_token", show: func(t *trial) {
		t.refusedTrades("invalid_request", t.sent().text("access_token"), []string{"actor_token_type", accessTokenURN})
	}},
	{section: "2.1", demands: "the server MUST validate the subject token as its type demands", show: func(t *trial) {
		got := t.sent()
		token := got.text("access_token")
		parts := strings.Split(token, ".")
		for name, subject := range map[string]string{
			"no token": "x", "a refresh token": got.text("refresh_token"), "an ID token": got.text("id_token"),
			"unsigned": "eyJhbGciOiJub25lIn0." + parts[1] + ".", "another signature": parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
			"cut off": token[:len(token)-4], "another payload": parts[0] + "." + strings.Split(got.text("id_token"), ".")[1] + "." + parts[2],
		} {
			t.Log(name)
			t.refusedTrades("invalid_request", subject, nil)
		}
		t.refusedTrades("invalid_request", got.text("id_token"), []string{"subject_token_type", jwtURN})
	}},
	{section: "2.1", demands: "a subject token that was revoked is not valid", show: func(t *trial) {
		token := t.sent().text("access_token")
		if got := t.form("/revoke", []string{"token", token}, as(wiki)); got.status != http.StatusOK {
			t.Fatalf("revoking is answered %d %s", got.status, got.body)
		}
		t.refusedTrades("invalid_request", token, nil)
	}},
	{section: "2.1", demands: "one that has expired is not valid", by: []string{"op.TestTX1_ItEndsWithItsGrant"}},
	{section: "2.1", demands: "the server MUST validate the actor token as its type demands", show: func(t *trial) {
		token := t.sent().text("access_token")
		others := t.ok(t.form(tokenPath, []string{"grant_type", "client_credentials"}, as(robot)), http.StatusOK).text("access_token")
		persons := t.sent().text("access_token")
		for name, actor := range map[string]string{"no token": "x", "another client's": others, "a person's": persons} {
			t.Log(name)
			t.refusedTrades("invalid_request", token, []string{"actor_token", actor, "actor_token_type", accessTokenURN})
		}
		own := t.ok(t.form(tokenPath, []string{"grant_type", "client_credentials"}, as(reports)), http.StatusOK).text("access_token")
		t.refusedTrades("invalid_request", token, []string{"actor_token", own, "actor_token_type", idTokenURN})
	}},
	{section: "2.1.1", demands: "a token is for one target: more is invalid_target", show: func(t *trial) {
		token := t.sent().text("access_token")
		t.refusedTrades("invalid_target", token, []string{"audience", reportsAPI})
		t.refused(t.form(tokenPath, append(trade(token), "resource", reportsAPI), as(reports)), http.StatusBadRequest, "invalid_target")
	}},
	{section: "2.2.1", demands: "access_token, issued_token_type and token_type are REQUIRED, expires_in RECOMMENDED, scope REQUIRED where it differs", show: func(t *trial) {
		got := t.ok(t.form(tokenPath, trade(t.sent().text("access_token")), as(reports)), http.StatusOK)
		if in, _ := got.json["expires_in"].(float64); in <= 0 || got.text("access_token") == "" || got.text("issued_token_type") != accessTokenURN ||
			got.text("token_type") != "Bearer" || got.text("scope") != "reports.read files.write" && got.text("scope") != "files.write" {
			t.Errorf("answered %s", got.body)
		}
		for _, name := range []string{"refresh_token", "id_token"} {
			if _, has := got.json[name]; has {
				t.Errorf("a %s was issued", name)
			}
		}
	}},
	{section: "2.2.2", demands: "what is not valid, or unacceptable by policy, MUST be invalid_request", show: func(t *trial) {
		code := t.code(t.signedIn(), ask(wiki))
		ours := t.ok(t.form(tokenPath, codeForm(code), as(wiki)), http.StatusOK).text("access_token")
		t.refusedTrades("invalid_request", ours, nil) // for userinfo, and of another client
		t.refusedTrades("invalid_request", t.sent().text("access_token"), []string{"requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"}, []string{"requested_token_type", "x"})
	}},
	{section: "2.2.2", demands: "targets that cannot be served SHOULD be invalid_target", show: func(t *trial) {
		token := t.sent().text("access_token")
		t.refusedTrades("invalid_target", token, []string{"resource", "https://elsewhere.example.com"}, []string{"resource", "", "audience", "elsewhere"},
			[]string{"resource", reportsAPI}, []string{"resource", t.node.Issuer})
	}},
	{section: "2.2.2", demands: "scopes are never wider than policy: invalid_scope", show: func(t *trial) {
		t.refusedTrades("invalid_scope", t.sent().text("access_token"), []string{"scope", "openid"}, []string{"scope", "admin:people.write"}, []string{"scope", "files.write email"})
	}},
	{section: "3", demands: "types that are not taken are refused", show: func(t *trial) {
		token := t.sent().text("access_token")
		for _, typ := range []string{"refresh_token", "id_token", "saml1", "saml2", "unknown"} {
			t.refusedTrades("invalid_request", token, []string{"subject_token_type", "urn:ietf:params:oauth:token-type:" + typ})
		}
		t.refusedTrades("invalid_request", token, []string{"subject_token_type", "access_token"})
	}},
	{section: "4.1", demands: "act tells who acts, through every hand", by: []string{"op.TestTX1_DelegationThroughTwoHands"}},
	{section: "4.4", demands: "may_act: a token is exchanged by nobody else", by: []string{"op.TestTX1_MayAct"}},
	{section: "5", demands: "delegation and impersonation only where policy allows them", by: []string{"op.TestTX1_NothingWithoutARule", "op.TestTX1_Impersonation"}},
	{section: "5", demands: "tokens of other issuers are validated as theirs", by: []string{"op.TestTX1_JWTsOfTrustedIssuers"}},
	{section: "5", demands: "what an exchange issued is no token for userinfo", show: func(t *trial) {
		got := t.ok(t.form(tokenPath, trade(t.sent().text("access_token")), as(reports)), http.StatusOK)
		t.challenged(t.possess("Bearer", got.text("access_token")), "Bearer", "invalid_token")
	}},
}}

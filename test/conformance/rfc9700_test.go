package conformance

import (
	"net/http"
	"strings"
)

// browse sends the browser of nobody to the authorization endpoint.
func (t *trial) browse(pairs []string, dress ...func(*http.Request)) *reply {
	t.Helper()
	return t.send(t.T, http.MethodGet, "/authorize?"+query(pairs), "", "", append(dress, func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Dest", "document")
	})...)
}

// redeem trades a new code of a client for tokens.
func (t *trial) redeem(c client, pairs ...string) *reply {
	t.Helper()
	return t.ok(t.codeAs(c, t.code(t.signedIn(), ask(c, pairs...))), http.StatusOK)
}

// codeAs trades a code as a client, confidential or public.
func (t *trial) codeAs(c client, code string, more ...string) *reply {
	t.Helper()
	if c.Secret == "" {
		return t.form(tokenPath, append(codeForm(code, more...), "client_id", c.ID))
	}
	return t.form(tokenPath, codeForm(code, more...), as(c))
}

// refresh uses a refresh token of the public client.
func (t *trial) refresh(token string, more ...string) *reply {
	t.Helper()
	return t.form(tokenPath, append([]string{"grant_type", "refresh_token", "refresh_token", token, "client_id", page.ID}, more...))
}

// lacking are the pairs without some names.
func lacking(pairs []string, names ...string) []string {
	var kept []string
	for i := 0; i < len(pairs); i += 2 {
		if !contains(list(names), pairs[i]) {
			kept = append(kept, pairs[i], pairs[i+1])
		}
	}
	return kept
}

func list(texts []string) (all []any) {
	for _, text := range texts {
		all = append(all, text)
	}
	return all
}

// rfc9700 is the Best Current Practice for OAuth 2.0 Security.
var rfc9700 = specification{"9700", "Best Current Practice for Security", []sentence{
	{section: "2.1", demands: "redirect URIs MUST be compared by exact string matching", show: func(t *trial) {
		for _, uri := range []string{
			redirectURI + "/", redirectURI + "?x", redirectURI + "/../evil", "https://suite.example.com/Callback", "https://SUITE.example.com/callback", "https://suite.example.com:443/callback",
			"https://suite.example.com/%63allback", "https://suite.example.com.evil.example/callback", "https://suite.example.com@evil.example/callback", "http://suite.example.com/callback", "",
		} {
			t.errorPage(t.signedIn().Get("/authorize?" + query(ask(wiki, "redirect_uri", uri))))
		}
	}},
	{section: "2.1", demands: "but for ports on the own machine of native apps, which MUST be variable", by: []string{"client.TestAZ1_RedirectURIs"}},
	{section: "2.1", demands: "the server MUST NOT be an open redirector", show: func(t *trial) {
		evil := "https://evil.example/"
		t.errorPage(t.signedIn().Get("/authorize?" + query(ask(wiki, "redirect_uri", evil))))
		t.errorPage(t.signedIn().Get("/authorize?" + query(ask(client{ID: "who"}, "redirect_uri", evil))))
		for _, path := range []string{"/end_session?post_logout_redirect_uri=" + evil, "/end_session?client_id=wiki&post_logout_redirect_uri=" + evil, "/login?next=" + evil, "/account?next=" + evil} {
			if at := t.node.Browser(t.T).Get(path); at.Location != nil && at.Location.Host != "" && !strings.HasPrefix(at.Location.String(), t.node.Issuer) {
				t.Errorf("%s leads to %s", path, at.Location)
			}
		}
		for _, path := range []string{"//evil.example/", "/%2fevil.example/", "/%5cevil.example/..", "//evil.example/login"} {
			if to := t.send(t.T, http.MethodGet, path, "", "").header.Get("Location"); strings.Contains(to, "//evil") || strings.Contains(to, "\\evil") {
				t.Errorf("%s leads to %s", path, to)
			}
		}
		t.issued() // a sign-in may wait
	}},
	{section: "2.1.1", demands: "public clients MUST use PKCE", show: func(t *trial) {
		// `latchkey dev` explains this one on a page; op.TestAZ2_NoCodeWithoutPKCE has the redirect.
		t.errorPage(t.signedIn().Get("/authorize?" + query(ask(page, "code_challenge", "", "code_challenge_method", ""))))
		t.sentBack(t.signedIn().Get("/authorize?"+query(ask(page, "code_challenge", ""))), "invalid_request")
	}},
	{section: "2.1.1", demands: "PKCE is RECOMMENDED for confidential clients: who is not exempt is refused", show: func(t *trial) {
		t.errorPage(t.signedIn().Get("/authorize?" + query(ask(wiki, "code_challenge", "", "code_challenge_method", ""))))
	}},
	{section: "2.1.1", demands: "methods that show the verifier SHOULD NOT be used", show: func(t *trial) {
		for _, method := range []string{"plain", "", "s256", "S512"} {
			t.sentBack(t.signedIn().Get("/authorize?"+query(ask(wiki, "code_challenge_method", method))), "invalid_request")
		}
	}},
	{section: "2.1.1", demands: "the server MUST enforce the code_verifier of a challenge", show: func(t *trial) {
		for _, c := range []client{wiki, page, loose} {
			for _, wrong := range []string{"", strings.Repeat("x", 43), verifier[:42], verifier + "x", strings.ToUpper(verifier)} {
				code := t.code(t.signedIn(), ask(c))
				form := lacking(codeForm(code), "code_verifier")
				if wrong != "" {
					form = append(form, "code_verifier", wrong)
				}
				var dress []func(*http.Request)
				if c.Secret == "" {
					form = append(form, "client_id", c.ID)
				} else {
					dress = append(dress, as(c))
				}
				got := t.form(tokenPath, form, dress...)
				t.refused(got, http.StatusBadRequest, got.text("error"))
				if code := got.text("error"); code != "invalid_grant" && code != "invalid_request" {
					t.Errorf("%s with %q: %s", c.ID, wrong, got.body)
				}
			}
		}
	}},
	{section: "2.1.1", demands: "a code_verifier MUST be refused where there was no challenge (downgrade)", show: func(t *trial) {
		code := t.code(t.signedIn(), ask(loose, "code_challenge", "", "code_challenge_method", ""))
		t.refused(t.codeAs(loose, code), http.StatusBadRequest, "invalid_grant")
	}},
	{section: "2.1.1", demands: "the server MUST let clients see that it supports PKCE", show: func(t *trial) {
		if methods, _ := t.metadata().json["code_challenge_methods_supported"].([]any); len(methods) != 1 || methods[0] != "S256" {
			t.Errorf("code_challenge_methods_supported is %v", methods)
		}
	}},
	{section: "2.1.2", demands: "access tokens SHOULD NOT be issued in the authorization response", show: func(t *trial) {
		for _, typ := range []string{"token", "id_token token", "code token", "id_token"} {
			at := t.signedIn().Get("/authorize?" + query(ask(wiki, "response_type", typ)))
			t.nothingIssued()
			if at.Location == nil || strings.Contains(at.Location.String(), "_token=") || !strings.Contains(at.Location.String(), "error=un") {
				t.Errorf("%s: %d %v", typ, at.Status, at.Location)
			}
		}
	}},
	{section: "2.2.1", demands: "servers SHOULD have mechanisms to sender-constrain access tokens", by: []string{"op.TestPR1_TokensAreBound", "op.TestPR1_ABoundTokenNeedsItsCertificate"}},
	{section: "2.2.2", demands: "refresh tokens of public clients MUST be sender-constrained or rotate", show: func(t *trial) {
		first := t.redeem(page, "scope", "openid offline_access").text("refresh_token")
		second := t.ok(t.refresh(first), http.StatusOK).text("refresh_token")
		if first == "" || second == "" || first == second {
			t.Errorf("%q, then %q", first, second)
		}
	}},
	{section: "2.2.2", demands: "refresh tokens MUST be bound to the client that they were issued to", show: func(t *trial) {
		token := t.redeem(page, "scope", "openid offline_access").text("refresh_token")
		t.refused(t.form(tokenPath, []string{"grant_type", "refresh_token", "refresh_token", token}, as(wiki)), http.StatusBadRequest, "invalid_grant")
		t.refused(t.form(tokenPath, []string{"grant_type", "refresh_token", "refresh_token", token, "client_id", tool.ID}), http.StatusBadRequest, "invalid_grant")
		t.ok(t.refresh(token), http.StatusOK) // none of that ended it
	}},
	{section: "2.3", demands: "access tokens SHOULD be for one resource server, and others MUST refuse them", show: func(t *trial) {
		token := t.redeem(wiki, "scope", "openid reports.read", "resource", reportsAPI).text("access_token")
		t.challenged(t.possess("Bearer", token), "Bearer", "invalid_token")
		if got := t.ok(t.form(introspectPath, []string{"token", token}, as(robot)), http.StatusOK); got.json["active"] != false || len(got.json) != 1 {
			t.Errorf("another resource server is told %s", got.body)
		}
	}},
	{section: "2.3", demands: "privileges SHOULD be the least that are needed: none beyond what was granted", show: func(t *trial) {
		token := t.redeem(page, "scope", "openid offline_access").text("refresh_token")
		t.refused(t.refresh(token, "scope", "openid email"), http.StatusBadRequest, "invalid_scope")
		t.refused(t.refresh(token, "scope", "admin:people.write"), http.StatusBadRequest, "invalid_scope")
		t.refused(t.refresh(token, "resource", reportsAPI), http.StatusBadRequest, "invalid_target")
	}},
	{section: "2.4", demands: "the password grant MUST NOT be used", show: func(t *trial) {
		t.refused(t.form(tokenPath, []string{"grant_type", "password", "username", username, "password", t.password}, as(wiki)), http.StatusBadRequest, "unsupported_grant_type")
		t.refused(t.form(tokenPath, []string{"grant_type", "password", "username", username, "password", t.password, "client_id", page.ID}), http.StatusBadRequest, "unsupported_grant_type")
		if grants, _ := t.metadata().json["grant_types_supported"].([]any); contains(grants, "password") {
			t.Errorf("grant_types_supported are %v", grants)
		}
	}},
	{section: "2.5", demands: "client authentication SHOULD be enforced", show: func(t *trial) {
		code := t.code(t.signedIn(), ask(wiki))
		t.refused(t.form(tokenPath, append(codeForm(code), "client_id", wiki.ID)), http.StatusUnauthorized, "invalid_client")
		t.refused(t.form(tokenPath, codeForm(code), as(client{ID: wiki.ID, Secret: "wrong"})), http.StatusUnauthorized, "invalid_client")
		t.refused(t.form(tokenPath, append(codeForm(code), "client_id", wiki.ID, "client_secret", wiki.Secret), as(wiki)), http.StatusBadRequest, "invalid_request")
		t.ok(t.codeAs(wiki, code), http.StatusOK) // none of that spent the code
	}},
	{section: "2.5", demands: "asymmetric methods are RECOMMENDED", show: func(t *trial) {
		if methods, _ := t.metadata().json["token_endpoint_auth_methods_supported"].([]any); !contains(methods, "private_key_jwt") {
			t.Errorf("token_endpoint_auth_methods_supported are %v", methods)
		}
	}},
	{section: "2.6", demands: "metadata are RECOMMENDED", show: func(t *trial) {
		for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
			if got := t.send(t.T, http.MethodGet, path, "", ""); got.status != http.StatusOK || got.text("issuer") != t.node.Issuer {
				t.Errorf("%s: %d %s", path, got.status, got.body)
			}
		}
	}},
	{section: "2.6", demands: "clients SHOULD NOT choose their client_id, nor claims that look like a person's", show: func(t *trial) {
		made := t.ok(t.register("client_id", "demo"), http.StatusCreated)
		if made.text("client_id") == "demo" {
			t.Error("a client chose its id")
		}
		claims := payloadOf(t, t.ok(t.own(), http.StatusOK).text("access_token"))
		if claims["sub"] != robot.ID || claims["auth_time"] != nil || claims["acr"] != nil {
			t.Errorf("a service's token says %v", claims)
		}
	}},
	{section: "2.6", demands: "redirect URIs with http MUST NOT be allowed but for loopback of native clients", show: func(t *trial) {
		for _, uri := range []string{"http://suite.example.com/cb", "http://192.168.1.1/cb", "http://localhost.example.com/cb"} {
			t.refused(t.register("redirect_uris", []string{uri}), http.StatusBadRequest, "invalid_redirect_uri")
			t.refused(t.register("redirect_uris", []string{uri}, "token_endpoint_auth_method", "none", "application_type", "native"), http.StatusBadRequest, "invalid_redirect_uri")
		}
	}},
	{section: "2.6", demands: "CORS MUST NOT be supported at the authorization endpoint", show: func(t *trial) {
		origin := func(r *http.Request) { r.Header.Set("Origin", "https://suite.example.com") }
		preflight := t.send(t.T, http.MethodOptions, "/authorize", "", "", origin, func(r *http.Request) { r.Header.Set("Access-Control-Request-Method", "GET") })
		for _, got := range []*reply{t.browse(ask(page), origin), preflight} {
			for name := range got.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s: %s", name, got.header.Get(name))
				}
			}
		}
	}},
	{section: "4.2.4", demands: "pages SHOULD NOT have third-party resources, and send no referrer", by: []string{"login.TestCS2_EveryPageBearsThePolicy"}},
	{section: "4.2.4", demands: "codes MUST be invalid after their first use, and a second use SHOULD revoke what was issued", show: func(t *trial) {
		code := t.code(t.signedIn(), ask(wiki, "scope", "openid offline_access"))
		got := t.ok(t.codeAs(wiki, code), http.StatusOK)
		if used := t.possess("Bearer", got.text("access_token")); used.status != http.StatusOK {
			t.Fatalf("userinfo: %d %s", used.status, used.body)
		}
		t.refused(t.codeAs(wiki, code), http.StatusBadRequest, "invalid_grant")
		t.challenged(t.possess("Bearer", got.text("access_token")), "Bearer", "invalid_token")
		t.refused(t.form(tokenPath, []string{"grant_type", "refresh_token", "refresh_token", got.text("refresh_token")}, as(wiki)), http.StatusBadRequest, "invalid_grant")
	}},
	{section: "4.2.4", demands: "of many uses of one code at all nodes one succeeds", by: []string{"test.TestTK1_OfManyExchangesOfOneCodeOneSucceeds"}},
	{section: "4.3.2", demands: "access tokens in a query are refused", show: func(t *trial) {
		token := t.redeem(wiki).text("access_token")
		got := t.send(t.T, http.MethodGet, userinfoPath+"?access_token="+token, "", "")
		t.nothingIssued()
		if got.status != http.StatusBadRequest && got.status != http.StatusUnauthorized || got.json["sub"] != nil {
			t.Errorf("answered %d %s", got.status, got.body)
		}
	}},
	{section: "4.4.2", demands: "answers name their issuer (iss)", show: func(t *trial) {
		at := t.signedIn().Get("/authorize?" + query(ask(wiki)))
		if at.Location == nil || at.Location.Query().Get("iss") != t.node.Issuer || t.metadata().json["authorization_response_iss_parameter_supported"] != true {
			t.Errorf("sent to %v", at.Location)
		}
	}},
	{section: "4.5.3", demands: "a code is bound to its client, its redirect URI and its request", show: func(t *trial) {
		code := t.code(t.signedIn(), ask(wiki))
		t.refused(t.codeAs(loose, code), http.StatusBadRequest, "invalid_grant")
		t.refused(t.codeAs(page, code), http.StatusBadRequest, "invalid_grant")
		code = t.code(t.signedIn(), ask(wiki))
		t.refused(t.form(tokenPath, append(lacking(codeForm(code), "redirect_uri"), "redirect_uri", redirectURI+"/x"), as(wiki)), http.StatusBadRequest, "invalid_grant")
	}},
	{section: "4.9.1", demands: "resource servers MUST NOT store access tokens in plain text", by: []string{"test.TestRF1_NothingInAStolenDatabaseIsAToken"}},
	{section: "4.11.2", demands: "the server MUST NOT redirect where client_id and redirect_uri do not fit", show: func(t *trial) {
		for _, pairs := range [][]string{ask(client{ID: "who"}), ask(client{ID: ""}), ask(wiki, "redirect_uri", "https://evil.example/"), ask(robot), ask(tool)} {
			t.errorPage(t.node.Browser(t.T).Get("/authorize?" + query(pairs)))
		}
	}},
	{section: "4.11.2", demands: "people MUST be authenticated before a redirect (a request that is not in order goes to the registered URI at once, as RFC 6749 section 4.1.2.1 has it)", show: func(t *trial) {
		b := t.node.Browser(t.T)
		if at := b.Get("/authorize?" + query(ask(wiki))); at.Location != nil || !at.Has("login-submit") {
			t.Errorf("answered %d %v", at.Status, at.Location)
		}
		t.issued() // the sign-in waits
		t.sentBack(t.node.Browser(t.T).Get("/authorize?"+query(ask(wiki, "prompt", "none"))), "login_required")
	}},
	{section: "4.12", demands: "credentials MUST NOT be redirected with 307: the status SHOULD be 303", show: func(t *trial) {
		b := t.node.Browser(t.T)
		b.Get("/authorize?" + query(ask(wiki)))
		b.Follow(false)
		at := b.Submit("login-submit", "username="+username, "password="+t.password)
		if at.Status != http.StatusSeeOther {
			t.Errorf("answered %d", at.Status)
		}
	}},
	{section: "4.13", demands: "headers of proxies count only from proxies that are trusted", by: []string{"internal/web.TestPA4_WhoSentARequest", "internal/clientcert.TestPA4_WhoMayVouchForACertificate"}},
	{section: "4.14.2", demands: "the server MUST decide to whom it issues refresh tokens: to who is registered for the grant", show: func(t *trial) {
		got := t.redeem(loose)
		if _, has := got.json["refresh_token"]; has {
			t.Errorf("it is not registered for any: %s", got.body)
		}
		t.refused(t.form(tokenPath, []string{"grant_type", "refresh_token", "refresh_token", "x"}, as(loose)), http.StatusBadRequest, "unauthorized_client")
	}},
	{section: "4.14.2", demands: "refresh tokens MUST be bound to the scopes and resources that were consented to", show: func(t *trial) {
		token := t.sent().text("refresh_token")
		form := []string{"grant_type", "refresh_token", "refresh_token", token}
		t.refused(t.form(tokenPath, append(form, "scope", "openid email"), as(wiki)), http.StatusBadRequest, "invalid_scope")
		t.refused(t.form(tokenPath, append(form, "resource", filesAPI), as(wiki)), http.StatusBadRequest, "invalid_target")
	}},
	{section: "4.14.2", demands: "replay MUST be detected for public clients: it ends the grant", show: func(t *trial) {
		first := t.redeem(page, "scope", "openid offline_access").text("refresh_token")
		second := t.ok(t.refresh(first), http.StatusOK).text("refresh_token")
		third := t.ok(t.refresh(second), http.StatusOK)
		t.refused(t.refresh(first), http.StatusBadRequest, "invalid_grant")
		t.refused(t.refresh(third.text("refresh_token")), http.StatusBadRequest, "invalid_grant")
		t.challenged(t.possess("Bearer", third.text("access_token")), "Bearer", "invalid_token")
	}},
	{section: "4.14.2", demands: "the integrity of refresh tokens MUST be ensured", show: func(t *trial) {
		token := t.redeem(page, "scope", "openid offline_access").text("refresh_token")
		for _, at := range []int{len(token) / 2, len(token) - 2} {
			changed := []byte(token)
			if changed[at]++; changed[at] == '[' || changed[at] == '{' || changed[at] == ':' || changed[at] == '`' || changed[at] == '.' {
				changed[at] = 'A'
			}
			t.refused(t.refresh(string(changed)), http.StatusBadRequest, "invalid_grant")
		}
		t.refused(t.refresh(token[:len(token)-1]), http.StatusBadRequest, "invalid_grant")
		t.ok(t.refresh(token), http.StatusOK)
	}},
	{section: "4.14.2", demands: "refresh tokens SHOULD expire where nobody uses them", by: []string{"op.TestRF4_IdleAndAbsoluteExpiry"}},
	{section: "4.14.2", demands: "refresh tokens end with the session, the password and the person", by: []string{"op.TestRF5_EachRefreshChecksAgain", "op.TestRF5_WithoutOfflineAccessItEndsWithItsSession"}},
	{section: "4.15.1", demands: "tokens of services MUST be told from those of people", show: func(t *trial) {
		token := t.ok(t.own(), http.StatusOK).text("access_token")
		got := t.possess("Bearer", token)
		t.nothingIssued()
		if got.status != http.StatusForbidden && got.status != http.StatusUnauthorized || got.json["sub"] != nil {
			t.Errorf("userinfo answers a service %d %s", got.status, got.body)
		}
	}},
	{section: "4.16", demands: "clickjacking MUST be prevented, and CSP SHOULD be used", show: func(t *trial) {
		at := t.node.Browser(t.T).Get("/authorize?" + query(ask(wiki)))
		t.issued() // the sign-in waits
		if policy := at.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src") {
			t.Errorf("the policy is %q", policy)
		}
	}},
	{section: "4.17.2", demands: "messages between windows MUST go to and come from origins that were checked", by: []string{"test/browser.TestAnApplicationInTheBrowserNoticesASignOut"}},
}}

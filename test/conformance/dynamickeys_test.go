package conformance

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"time"
)

// sectorDocument is a document that lists the redirect URIs of a sector.
func sectorDocument(m *module, uris ...string) string {
	m.Helper()
	text, err := json.Marshal(uris)
	if err != nil {
		m.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	}))
	m.Cleanup(server.Close)
	return server.URL + "/uris.json"
}

// sectorShared registers two clients of one sector, whose document lists what both
// register: they know people by the same subject, which is no other client's.
func sectorShared(m *module) {
	sector := sectorDocument(m, redirectURI, redirectURI+"/other")
	var subjects []string
	for range 2 {
		made := m.registered("sector_identifier_uri", sector, "subject_type", "pairwise")
		if made["sector_identifier_uri"] != sector || made["subject_type"] != "pairwise" {
			m.Fatalf("registered %v", made)
		}
		subjects = append(subjects, m.loginOf(made).subject)
	}
	public := m.loginOf(m.registered())
	if subjects[0] != subjects[1] || subjects[0] == public.subject {
		m.Errorf("the subjects of the sector are %q, and the public one %q", subjects, public.subject)
	}
}

// sectorBad registers a redirect URI that the document does not list.
func sectorBad(m *module) {
	for _, sector := range []string{sectorDocument(m, redirectURI+"/other"), "https://sector.invalid/uris.json"} {
		status, answer := m.registration(http.MethodPost, m.node.Issuer+"/register", "", map[string]any{
			"redirect_uris": []string{redirectURI}, "sector_identifier_uri": sector, "subject_type": "pairwise",
		})
		if status != http.StatusBadRequest || answer["error"] != "invalid_client_metadata" || answer["client_id"] != nil {
			m.Errorf("%s: registration answers %d %v", sector, status, answer)
		}
	}
}

// loginOf signs somebody in to a client that registered itself.
func (m *module) loginOf(made map[string]any) *tokens {
	m.Helper()
	c := client{ID: made["client_id"].(string), Secret: made["client_secret"].(string), Method: "client_secret_basic"}
	request := m.request("client_id", c.ID)
	return m.redeem(c, m.code(m.open(request), request), request)
}

// registeredKeys has a client authenticate with the keys at its jwks_uri.
func registeredKeys(m *module) {
	site := publish(m.T)
	id := m.registered("jwks_uri", site.URL+"/jwks", "token_endpoint_auth_method", "private_key_jwt")["client_id"].(string)
	request := m.request("client_id", id)
	form := site.assertedBy(m, id, exchange(m.code(m.open(request), request)), m.provider.Endpoint().TokenURL)
	status, got := m.call(form)
	m.mustVerify(client{ID: id}, status, got, request.Get("nonce"))
}

// clientRotatesKeys has a client sign with a key that was not at its jwks_uri when the
// provider last looked, and not with the one that it no longer publishes.
func clientRotatesKeys(m *module) {
	site := publish(m.T)
	id := m.registered("jwks_uri", site.URL+"/jwks", "token_endpoint_auth_method", "private_key_jwt",
		"grant_types", []string{"authorization_code", "refresh_token"})["client_id"].(string)
	request := m.request("client_id", id, "scope", "openid offline_access", "prompt", "consent")
	status, got := m.call(site.assertedBy(m, id, exchange(m.code(m.open(request), request)), m.node.Issuer))
	m.mustVerify(client{ID: id}, status, got, request.Get("nonce"))
	before := site.assertedBy(m, id, url.Values{"grant_type": {"refresh_token"}}, m.node.Issuer)
	site.rotate(m, "k2")
	next := got
	// The suite waits a minute before it tries; here it is tried until it works.
	for deadline := time.Now().Add(time.Minute); next == got || status != http.StatusOK; <-time.After(time.Second) {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}}
		if status, next = m.call(site.assertedBy(m, id, form, m.node.Issuer)); status != http.StatusOK && time.Now().After(deadline) {
			m.Fatalf("refreshing with the new key is answered %d %q", status, next.Error)
		}
	}
	before.Set("refresh_token", next.Refresh)
	if status, refused := m.call(before); status != http.StatusUnauthorized || refused.Error != "invalid_client" {
		m.Errorf("the key of before is answered %d %q", status, refused.Error)
	}
}

// registeredRequestURI has a client that registered itself sign its requests, which are
// fetched from it.
func registeredRequestURI(m *module) {
	site := publish(m.T)
	made := m.registered("jwks_uri", site.URL+"/jwks", "token_endpoint_auth_method", "private_key_jwt",
		"request_uris", []string{site.URL + "/request"}, "request_object_signing_alg", "RS256")
	site.signedRequestOf(m, client{ID: made["client_id"].(string)})
}

// serverRotatesKeys has the provider publish another key beside those that it has, and
// sign so that what it signed before and signs from then on can be verified.
func serverRotatesKeys(m *module) {
	before := m.kids()
	m.node.Command("", "keys", "rotate", "--alg", "RS256")
	after := before
	m.eventually("a new key", func() bool {
		after = m.kids()
		return len(after) > len(before)
	})
	for _, kid := range before {
		if !slices.Contains(after, kid) {
			m.Errorf("the key %s of before is gone", kid)
		}
	}
	m.loginOf(m.registered())
}

// kids are the names of the provider's keys.
func (m *module) kids() (kids []string) {
	m.Helper()
	_, _, body := m.do(m.get(m.metadata.JWKS, ""))
	var set struct{ Keys []struct{ Kid string } }
	if err := json.Unmarshal(body, &set); err != nil || len(set.Keys) == 0 {
		m.Fatalf("no keys: %s", body)
	}
	for _, key := range set.Keys {
		kids = append(kids, key.Kid)
	}
	return kids
}

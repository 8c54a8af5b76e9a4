package op

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	bydocument "github.com/latchkey-id/latchkey/client/document"
	"github.com/latchkey-id/latchkey/storage"
)

// TestDR1_ClientsByTheirDocuments get a code, tokens and refresh tokens; the row is
// written when somebody allowed them something, and consent is never remembered.
func TestDR1_ClientsByTheirDocuments(t *testing.T) {
	t.Parallel()
	d := newDocuments(t)
	d.web.put(documentID, documentOf(documentID))
	c, err := d.provider.cfg.Clients.Client(t.Context(), documentID)
	if err != nil {
		t.Fatal(err)
	}
	if c.Vouched() || c.ConsentFor(documentBack) != client.ConsentAlways || c.Type != client.TypeNative || strings.Join(c.GrantTypes, " ") != "authorization_code refresh_token" {
		t.Errorf("known as %+v", c)
	}
	if _, err := d.store.Clients().ByID(t.Context(), documentID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a look-up alone left a row: %v", err)
	}
	got := d.exchangeAs(documentID, d.codeOf(documentID)).want(t, http.StatusOK, "")
	again := d.post(tokenPath, nil, "grant_type", "refresh_token", "client_id", documentID, "refresh_token", got.RefreshToken).want(t, http.StatusOK, "")
	if again.AccessToken == "" {
		t.Error("no access token")
	}
	row, err := d.store.Clients().ByID(t.Context(), documentID)
	if err != nil || row.Source != storage.ClientByDocument || row.EndsAt.IsZero() {
		t.Errorf("row %+v, %v", row, err)
	}
	if n := d.web.called(documentID); n != 1 {
		t.Errorf("the document was fetched %d times", n)
	}
}

// TestFT1_AddressesThatAreNoDocuments are refused before anything is called.
func TestFT1_AddressesThatAreNoDocuments(t *testing.T) {
	t.Parallel()
	d := newDocuments(t, func(c *bydocument.Config) { c.Open = true })
	for _, id := range []string{
		"https://agent.example", "https://agent.example/", "http://agent.example/client.json", "https://agent.example/client.json#x", "https://agent.example/a/../client.json",
		"https://agent.example/./client.json", "https://agent.example/%2e%2e/client.json", "https://user@agent.example/client.json", "https://user:x@agent.example/client.json",
		"https://AGENT.example/client.json", "https://agent.example./client.json", "https://agent.example:/client.json", "https://\u0430gent.example/client.json",
		"https://agent.example\\@evil.example/x", "https://" + strings.Repeat("a", 250) + ".example/x", "HTTPS://agent.example/client.json",
	} {
		wantPage(t, d.authorize(id), http.StatusBadRequest, "We don’t know this app")
	}
	if len(d.web.calls) != 0 {
		t.Errorf("called %v", d.web.calls)
	}
}

// TestFT1_DocumentsAreFetchedGuarded: what leads inside, redirects, is huge, slow or in
// another spelling makes no client, and nothing of it is told.
func TestFT1_DocumentsAreFetchedGuarded(t *testing.T) {
	t.Parallel()
	d := newDocuments(t, func(c *bydocument.Config) { c.Open = true })
	const inside = "https://rebinding.example/client.json"
	d.web.put(inside, documentOf(inside, "redirect_uris", []string{documentBack}))
	for _, address := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "::1", "::ffff:8.8.8.8", "fd00::1", "64:ff9b::808:808"} {
		d.web.names["rebinding.example"] = []string{address}
		if address != "::ffff:8.8.8.8" { // as a resolver spells a public address
			wantPage(t, d.authorize(inside), http.StatusBadRequest, "We don’t know this app")
		}
		d.clock.Advance(time.Minute)
	}
	for _, host := range []string{"2130706433", "0x7f000001", "127.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "127.0.0.1", "localhost"} {
		wantPage(t, d.authorize("https://"+host+"/client.json"), http.StatusBadRequest, "We don’t know this app")
	}
	d.web.serve("https://other.example/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, documentID, http.StatusFound) })
	d.web.serve("https://other.example/huge", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"client_id":"https://other.example/huge","redirect_uris":["` + documentBack + `"],"x":"` + strings.Repeat("x", 65<<10) + `"}`))
	})
	d.web.serve("https://other.example/text", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_ = json.NewEncoder(w).Encode(documentOf("https://other.example/text"))
	})
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	d.web.serve("https://other.example/slow", func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-hold:
		case <-r.Context().Done():
		}
	})
	d.web.put(documentID, documentOf(documentID))
	for _, path := range []string{"moved", "huge", "text", "slow", "none"} {
		wantPage(t, d.authorize("https://other.example/"+path), http.StatusBadRequest, "We don’t know this app")
	}
	if n := d.web.called(documentID); n != 0 {
		t.Errorf("a redirect was followed %d times", n)
	}
}

// TestDR1_DocumentsAreJudged: each fault of a document, and what is told of it in the log.
func TestDR1_DocumentsAreJudged(t *testing.T) {
	t.Parallel()
	d := newDocuments(t)
	for name, fault := range map[string]struct {
		body any
		says string
	}{
		"another's id":       {documentOf("https://agent.example/oauth/other.json"), "client_id"},
		"no id":              {documentOf(documentID, "client_id", nil), "client_id"},
		"id almost":          {documentOf(documentID + "?"), "client_id"},
		"an array":           {[]string{"x"}, "not a JSON object"},
		"null":               {nil, "not a JSON object"},
		"a secret":           {documentOf(documentID, "client_secret", "s"), "client_secret"},
		"an empty secret":    {documentOf(documentID, "client_secret_expires_at", 0), "client_secret_expires_at"},
		"basic":              {documentOf(documentID, "token_endpoint_auth_method", "client_secret_basic"), "token_endpoint_auth_method"},
		"post":               {documentOf(documentID, "token_endpoint_auth_method", "client_secret_post"), "token_endpoint_auth_method"},
		"secret jwt":         {documentOf(documentID, "token_endpoint_auth_method", "client_secret_jwt"), "token_endpoint_auth_method"},
		"mTLS":               {documentOf(documentID, "token_endpoint_auth_method", "tls_client_auth"), "token_endpoint_auth_method"},
		"method of a number": {documentOf(documentID, "token_endpoint_auth_method", 7), "token_endpoint_auth_method"},
		"no redirect URI":    {documentOf(documentID, "redirect_uris", nil), "redirect_uris"},
		"http elsewhere":     {documentOf(documentID, "redirect_uris", []string{"http://agent.example/cb"}), "redirect_uris"},
		"keys nowhere":       {documentOf(documentID, "token_endpoint_auth_method", "private_key_jwt", "redirect_uris", []string{documentBack}), "jwks"},
		"a private key":      {documentOf(documentID, "jwks", map[string]any{"keys": []any{map[string]any{"kty": "oct", "k": "c2VjcmV0"}}}), "jwks"},
		"no known grant":     {documentOf(documentID, "grant_types", []string{"client_credentials"}), "grant_types"},
		"implicit":           {documentOf(documentID, "response_types", []string{"token"}), "response_types"},
		"an invisible name":  {documentOf(documentID, "client_name", "Ban\u202ek"), "client_name"},
		"a long name":        {documentOf(documentID, "client_name", strings.Repeat("x", 101)), "client_name"},
	} {
		d.clock.Advance(10 * time.Minute)
		d.web.put(documentID, fault.body)
		before := len(d.log.String())
		wantPage(t, d.authorize(documentID), http.StatusBadRequest, "We don’t know this app")
		if log := d.log.String()[before:]; !strings.Contains(log, fault.says) {
			t.Errorf("%s: the log does not say %s", name, fault.says)
		}
	}
	for name, body := range map[string]map[string]any{
		"no method":          documentOf(documentID, "token_endpoint_auth_method", nil),
		"another's scopes":   documentOf(documentID, "scope", "mcp:read mcp:write"),
		"extensions of ours": documentOf(documentID, "consent", "implied", "require_pkce", false, "access_token_lifetime", 86400, "introspect_any", true),
		"frames and calls":   documentOf(documentID, "sector_identifier_uri", "https://cdn.example/x", "backchannel_logout_uri", "https://cdn.example/x", "frontchannel_logout_uri", "https://cdn.example/x", "request_uris", []string{"https://cdn.example/x"}),
	} {
		d.clock.Advance(10 * time.Minute)
		d.web.put(documentID, body)
		c, err := d.provider.cfg.Clients.Client(t.Context(), documentID)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.ConsentFor(documentBack) != client.ConsentAlways || !c.RequiresPKCE() || c.Lifetimes.AccessToken != 10*time.Minute || c.IntrospectAny || c.SectorIdentifierURI != "" ||
			c.BackchannelLogoutURI != "" || c.FrontchannelLogoutURI != "" || len(c.RequestURIs) != 0 {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// TestDR1_OnlyAllowedHosts have documents that count.
func TestDR1_OnlyAllowedHosts(t *testing.T) {
	t.Parallel()
	d := newDocuments(t)
	const other, below = "https://other.example/client.json", "https://x.agent.example/client.json"
	d.web.put(other, documentOf(other))
	for _, id := range []string{other, "https://evilagent.example/client.json", "https://agent.example.evil.example/client.json"} {
		wantPage(t, d.authorize(id), http.StatusBadRequest, "We don’t know this app")
	}
	if len(d.web.calls) != 0 {
		t.Errorf("called %v", d.web.calls)
	}
	if _, err := d.provider.cfg.Clients.Client(t.Context(), below); !strings.Contains(err.Error(), "cannot be fetched") { // its certificate is for others
		t.Errorf("below: %v", err)
	}
}

// TestDR1_DocumentsThatChange: redirect URIs that are gone take no code, and those that
// came take none that was made for another.
func TestDR1_DocumentsThatChange(t *testing.T) {
	t.Parallel()
	d := newDocuments(t)
	d.web.put(documentID, documentOf(documentID))
	code := d.codeOf(documentID)
	d.signIn.Missing = "consent"
	d.authorize(documentID)
	waiting := d.signIn.Begun[len(d.signIn.Begun)-1].ID
	d.signIn.Missing = ""
	d.web.put(documentID, documentOf(documentID, "redirect_uris", []string{"https://evil.example/cb"}))
	d.clock.Advance(6 * time.Minute)
	code2 := ""
	if w := d.authorize(documentID); w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
		t.Errorf("an address that is gone got %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := d.get(resumePath, url.Values{"interaction": {waiting}}); w.Header().Get("Location") != "" {
		t.Errorf("a sign-in that waited goes to %s", w.Header().Get("Location"))
	}
	d.exchangeAs(documentID, code, "redirect_uri", "https://evil.example/cb").want(t, http.StatusBadRequest, codeInvalidGrant)
	d.web.put(documentID, documentOf(documentID))
	d.clock.Advance(6 * time.Minute)
	code2 = d.codeOf(documentID)
	key := signingKey(t, "k1")
	d.web.put("https://agent.example/jwks", map[string]any{"keys": []any{json.RawMessage(encoded(t, key.Public()))}})
	d.web.put(documentID, documentOf(documentID, "redirect_uris", []string{documentBack}, "token_endpoint_auth_method", "private_key_jwt", "jwks_uri", "https://agent.example/jwks"))
	d.clock.Advance(5*time.Minute + time.Second) // the code is over by then: what counts is how it authenticates
	d.exchangeAs(documentID, code2).want(t, http.StatusUnauthorized, codeInvalidClient)
}

// TestDR1_DocumentsWithKeys authenticate by private_key_jwt, with keys that rotate.
func TestDR1_DocumentsWithKeys(t *testing.T) {
	t.Parallel()
	d := newDocuments(t)
	d.web.put(documentID, documentOf(documentID, "redirect_uris", []string{documentBack}, "token_endpoint_auth_method", "private_key_jwt", "jwks_uri", "https://agent.example/jwks"))
	publish := func(key jose.JSONWebKey) {
		d.web.put("https://agent.example/jwks", map[string]any{"keys": []any{json.RawMessage(encoded(t, key.Public()))}})
	}
	key := signingKey(t, "k1")
	publish(key)
	prove := func(key jose.JSONWebKey, jti string) []string {
		now := d.clock.Now()
		return []string{"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", sign(t, key, jose.ES256, map[string]any{
			"iss": documentID, "sub": documentID, "aud": testIssuer, "jti": jti, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		})}
	}
	code := d.codeOf(documentID)
	d.exchangeAs(documentID, code).want(t, http.StatusUnauthorized, codeInvalidClient)
	d.exchangeAs(documentID, d.codeOf(documentID), prove(key, "a")...).want(t, http.StatusOK, "")
	next := signingKey(t, "k2")
	publish(next)
	d.clock.Advance(2 * time.Minute)
	d.exchangeAs(documentID, d.codeOf(documentID), prove(next, "b")...).want(t, http.StatusOK, "")
	d.exchangeAs(documentID, d.codeOf(documentID), prove(key, "c")...).want(t, http.StatusUnauthorized, codeInvalidClient)
}

// TestTH1_DocumentsAreCountedFirst: by network, then by host; nobody's limit locks out a
// client that somebody uses, nor one that this node has read.
func TestTH1_DocumentsAreCountedFirst(t *testing.T) {
	t.Parallel()
	d := newDocuments(t, func(c *bydocument.Config) {
		c.Open, c.PerNetwork, c.PerHost = true, storage.Bucket{Burst: 5, Every: time.Hour}, storage.Bucket{Burst: 1000, Every: time.Hour}
	})
	d.web.put(documentID, documentOf(documentID))
	got := d.exchangeAs(documentID, d.codeOf(documentID)).want(t, http.StatusOK, "")
	ask := func(id string) *httptest.ResponseRecorder { return d.authorize(id) }
	refused := 0
	for i := range 20 {
		w := ask("https://other.example/" + strings.Repeat("x", i+1))
		if w.Code == http.StatusTooManyRequests {
			refused++
			if w.Header().Get("Location") != "" {
				t.Errorf("goes to %s", w.Header().Get("Location"))
			}
		}
	}
	called := 0
	for _, n := range d.web.calls {
		called += n
	}
	if refused != 16 || called != 5 {
		t.Errorf("%d refused, %d called", refused, called)
	}
	d.clock.Advance(30 * time.Minute) // what is cached is old
	d.post(tokenPath, nil, "grant_type", "refresh_token", "client_id", documentID, "refresh_token", got.RefreshToken).want(t, http.StatusOK, "")
	d.codeOf(documentID)
	if n := d.web.called(documentID); n < 2 {
		t.Errorf("fetched %d times", n)
	}
	w := d.post(tokenPath, nil, "grant_type", "refresh_token", "client_id", "https://other.example/new", "refresh_token", "x")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("the token endpoint answers %d %v", w.Code, w.Header())
	}
}

func TestTH1_DocumentsOfOneHost(t *testing.T) {
	t.Parallel()
	d := newDocuments(t, func(c *bydocument.Config) { c.Open, c.PerHost = true, storage.Bucket{Burst: 3, Every: time.Hour} })
	for i := range 10 {
		d.authorize("https://other.example/" + strings.Repeat("x", i+1))
	}
	called := 0
	for _, n := range d.web.calls {
		called += n
	}
	if called != 3 {
		t.Errorf("called %d times", called)
	}
	d.web.put(documentID, documentOf(documentID)) // of another host
	d.codeOf(documentID)
}

// TestDR1_DocumentsThatAreAway: a host that does not answer keeps nobody out for a day,
// and one that says that the document is gone ends the client at once.
func TestDR1_DocumentsThatAreAway(t *testing.T) {
	t.Parallel()
	d := newDocuments(t)
	d.web.put(documentID, documentOf(documentID), "Cache-Control", "max-age=3600")
	d.exchangeAs(documentID, d.codeOf(documentID)).want(t, http.StatusOK, "")
	d.web.serve(documentID, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	d.clock.Advance(2 * time.Hour)
	d.becomes(testUser)
	d.codeOf(documentID)
	d.clock.Advance(23 * time.Hour)
	if _, err := d.provider.cfg.Clients.Client(t.Context(), documentID); err == nil || errors.Is(err, client.ErrUnknown) {
		t.Errorf("after a day: %v, want that it cannot be told", err)
	}
	d.web.put(documentID, documentOf(documentID))
	d.clock.Advance(time.Minute)
	if _, err := d.provider.cfg.Clients.Client(t.Context(), documentID); err != nil {
		t.Errorf("it is back: %v", err)
	}
	d.web.serve(documentID, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	d.clock.Advance(10 * time.Minute)
	if _, err := d.provider.cfg.Clients.Client(t.Context(), documentID); !errors.Is(err, client.ErrUnknown) {
		t.Errorf("it is gone: %v", err)
	}
}

// TestDR1_NoCacheServesWhoIsRefused: a client that is locked down or written down
// otherwise is not served by its document, whatever is cached.
func TestDR1_NoCacheServesWhoIsRefused(t *testing.T) {
	t.Parallel()
	d := newDocuments(t)
	d.web.put(documentID, documentOf(documentID), "Cache-Control", "max-age=86400")
	got := d.exchangeAs(documentID, d.codeOf(documentID)).want(t, http.StatusOK, "")
	d.locks.Replace([]string{documentID})
	wantPage(t, d.authorize(documentID), http.StatusBadRequest, "We don’t know this app")
	d.post(tokenPath, nil, "grant_type", "refresh_token", "client_id", documentID, "refresh_token", got.RefreshToken).want(t, http.StatusUnauthorized, codeInvalidClient)
	d.locks.Replace(nil)
	row, err := d.store.Clients().ByID(t.Context(), documentID)
	if err != nil {
		t.Fatal(err)
	}
	d.store.must(d.store.Clients().Delete(t.Context(), storage.ClientRemoval{ID: documentID, Version: row.Version, Now: d.clock.Now(), Reason: storage.RevokedClientGone}, d.store.event(storage.EventClientDeleted, d.clock.Now())))
	d.post(tokenPath, nil, "grant_type", "refresh_token", "client_id", documentID, "refresh_token", got.RefreshToken).want(t, http.StatusBadRequest, codeInvalidGrant)
	if _, err := d.stored.Client(t.Context(), documentID); !errors.Is(err, client.ErrUnknown) {
		t.Errorf("the database alone serves it: %v", err)
	}
}

// TestAC1_AccessToClientsByDocument is by the rules that the operator wrote for them.
func TestAC1_AccessToClientsByDocument(t *testing.T) {
	t.Parallel()
	d := newDocuments(t, func(c *bydocument.Config) { c.Access = []access.Rule{{Groups: []string{"staff"}}} })
	d.web.put(documentID, documentOf(documentID))
	d.exchangeAs(documentID, d.codeOf(documentID)).want(t, http.StatusBadRequest, codeInvalidGrant)
}

// TestDR1_ClaimsOneName: two documents with one name are two clients, each by its host.
func TestDR1_ClaimsOneName(t *testing.T) {
	t.Parallel()
	d := newDocuments(t, func(c *bydocument.Config) { c.Open = true })
	const other = "https://other.example/client.json"
	d.web.put(documentID, documentOf(documentID))
	d.web.put(other, documentOf(other))
	code := d.codeOf(documentID)
	d.exchangeAs(other, code).want(t, http.StatusBadRequest, codeInvalidGrant)
	d.exchangeAs(documentID, code).want(t, http.StatusBadRequest, codeInvalidGrant) // it was shown by another
}

// TestDR1_DocumentsInDiscovery are said to count where they do.
func TestDR1_DocumentsInDiscovery(t *testing.T) {
	t.Parallel()
	for on, s := range map[bool]*site{true: newDocuments(t).site, false: newSite(t)} {
		var said map[string]any
		if err := json.Unmarshal(s.get(oauthMetadataPath, nil).Body.Bytes(), &said); err != nil {
			t.Fatal(err)
		}
		if got := said["client_id_metadata_document_supported"] == true; got != on {
			t.Errorf("on %t, said %t", on, got)
		}
	}
}

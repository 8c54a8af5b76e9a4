package op

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// TestRegistration follows a client through RFC 7591 and RFC 7592.
func TestRegistration(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	made := answerOf(t, r.send("POST", registrationPath, "", metadataOf()), http.StatusCreated)
	id, _ := made["client_id"].(string)
	token, _ := made["registration_access_token"].(string)
	secret, _ := made["client_secret"].(string)
	path := registrationPath + "/" + id
	for name, want := range map[string]any{
		"registration_client_uri": testIssuer + path, "client_secret_expires_at": 0.0, "token_endpoint_auth_method": "client_secret_basic",
		"grant_types": []any{"authorization_code", "refresh_token"}, "response_types": []any{"code"}, "client_name": "App",
		"redirect_uris": []any{"https://app.example/cb"}, "scope": "openid profile email offline_access",
	} {
		if !equalJSON(t, made[name], want) {
			t.Errorf("%s is %v, want %v", name, made[name], want)
		}
	}
	if len(secret) < 43 || made["client_id_issued_at"] != float64(r.clock.Now().Unix()) {
		t.Errorf("secret of %d characters, issued at %v", len(secret), made["client_id_issued_at"])
	}
	if c, err := r.provider.cfg.Clients.Client(t.Context(), id); err != nil || c.ConsentFor("https://app.example/cb") != client.ConsentAlways || c.Vouched() {
		t.Errorf("the client is %+v, %v: want one that is asked about and that nobody vouched for", c, err)
	}

	read := answerOf(t, r.send("GET", path, token, nil), http.StatusOK)
	if read["client_secret"] != nil || read["registration_access_token"] != token || read["client_id"] != id {
		t.Errorf("read = %v", read)
	}

	changed := answerOf(t, r.send("PUT", path, token, metadataOf("client_id", id, "client_name", nil, "client_secret", secret)), http.StatusOK)
	next, _ := changed["registration_access_token"].(string)
	if changed["client_name"] != nil || next == token || changed["client_secret"] != nil {
		t.Errorf("changed = %v: a member that was left out has to be gone, and the token another", changed)
	}
	for _, old := range []string{"GET", "PUT", "DELETE"} {
		answerOf(t, r.send(old, path, token, metadataOf("client_id", id)), http.StatusUnauthorized)
	}

	if w := r.send("DELETE", path, next, nil); w.Code != http.StatusNoContent || w.Body.Len() != 0 {
		t.Errorf("delete: %d %s", w.Code, w.Body)
	}
	w := r.send("GET", path, next, nil)
	answerOf(t, w, http.StatusUnauthorized)
	if !strings.Contains(w.Header().Get("WWW-Authenticate"), "Bearer") {
		t.Error("a 401 without WWW-Authenticate")
	}
	if _, err := r.provider.cfg.Clients.Client(t.Context(), id); err == nil {
		t.Error("the client is still there")
	}
}

// TestDR1_RegistrationGivesWhatThePolicyAllows is the corpus of what clients ask for: what
// they get, and of which nothing is kept.
func TestDR1_RegistrationGivesWhatThePolicyAllows(t *testing.T) {
	t.Parallel()
	t.Run("narrowed", func(t *testing.T) {
		t.Parallel()
		r := newRegister(t)
		made := answerOf(t, r.send("POST", registrationPath, "", metadataOf(
			"grant_types", []string{"authorization_code", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code", "urn:example:unknown"},
			"response_types", []string{"code", "token"}, "scope", "openid admin:people.write groups",
		)), http.StatusCreated)
		for name, want := range map[string]any{"grant_types": []string{"authorization_code"}, "response_types": []string{"code"}, "scope": "openid"} {
			if !equalJSON(t, made[name], want) {
				t.Errorf("%s is %v, want %v", name, made[name], want)
			}
		}
	})
	t.Run("no extension of ours", func(t *testing.T) {
		t.Parallel()
		r := newRegister(t)
		made := answerOf(t, r.send("POST", registrationPath, "", metadataOf(
			"consent", "implied", "client_type", "service", "introspect_any", true, "require_pkce", false, "trust_devices", true, "audience", []string{"https://api"},
			"access_token_lifetime", 86400, "refresh_lifetime", 1e8, "id_token_claims", []string{"email"}, "may_act", "wiki", "access", []any{},
			"token_exchange", []any{map[string]any{"resources": []string{"x"}}}, "origins", []string{"https://evil.example"}, "unknown_member", 1,
			"client_id", "wiki", "client_secret", "chosen by the client", "software_id", "s-1",
		)), http.StatusCreated)
		c, err := r.provider.cfg.Clients.Client(t.Context(), made["client_id"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if c.ID == "wiki" || made["client_secret"] == "chosen by the client" || c.Consent == client.ConsentImplied || c.Type != client.TypeConfidential ||
			c.IntrospectAny || !c.RequiresPKCE() || c.TrustDevices || c.Audience != nil || c.Lifetimes.AccessToken != 10*time.Minute ||
			c.IDTokenClaims != nil || c.MayAct != "" || c.Access != nil || c.TokenExchange != nil || len(c.Origins) > 0 {
			t.Errorf("a client gave itself what nobody may: %+v", c)
		}
		for _, name := range []string{"consent", "client_type", "unknown_member", "access_token_lifetime"} {
			if made[name] != nil {
				t.Errorf("the answer has %s", name)
			}
		}
	})
	refused := map[string]struct {
		body any
		code string
		in   string
	}{
		"no redirect URI":                {metadataOf("redirect_uris", nil), "invalid_redirect_uri", "redirect_uris"},
		"a fragment":                     {metadataOf("redirect_uris", []string{"https://app.example/cb#x"}), "invalid_redirect_uri", "redirect_uris[0]"},
		"http":                           {metadataOf("redirect_uris", []string{"http://app.example/cb"}), "invalid_redirect_uri", "https"},
		"javascript":                     {metadataOf("redirect_uris", []string{"javascript:alert(1)"}), "invalid_redirect_uri", ""},
		"a wildcard":                     {metadataOf("redirect_uris", []string{"https://*.example/cb"}), "invalid_redirect_uri", "wildcards"},
		"userinfo":                       {metadataOf("redirect_uris", []string{"https://a@app.example/cb"}), "invalid_redirect_uri", ""},
		"a second that is bad":           {metadataOf("redirect_uris", []string{"https://app.example/cb", "https://app.example/../x"}), "invalid_redirect_uri", "redirect_uris[1]"},
		"no list":                        {metadataOf("redirect_uris", "https://app.example/cb"), "invalid_redirect_uri", "redirect_uris"},
		"too many":                       {metadataOf("redirect_uris", strings.Split(strings.Repeat("https://app.example/cb,", 21), ",")), "invalid_redirect_uri", ""},
		"only grants that nobody gets":   {metadataOf("grant_types", []string{"client_credentials"}), "invalid_client_metadata", "grant_types"},
		"only scopes that nobody gets":   {metadataOf("scope", "admin:owner"), "invalid_client_metadata", "scope"},
		"response without its grant":     {metadataOf("response_types", []string{"id_token"}, "grant_types", []string{"authorization_code"}), "invalid_client_metadata", "response_types"},
		"an unknown way to prove":        {metadataOf("token_endpoint_auth_method", "magic"), "invalid_client_metadata", "token_endpoint_auth_method"},
		"a secret to sign with":          {metadataOf("token_endpoint_auth_method", "client_secret_jwt"), "invalid_client_metadata", "private_key_jwt"},
		"private_key_jwt without keys":   {metadataOf("token_endpoint_auth_method", "private_key_jwt"), "invalid_client_metadata", "jwks_uri"},
		"jwks and jwks_uri":              {metadataOf("jwks_uri", "https://app.example/jwks", "jwks", map[string]any{"keys": []any{map[string]any{"kty": "RSA", "n": "x", "e": "AQAB"}}}), "invalid_client_metadata", "jwks"},
		"a private key":                  {metadataOf("jwks", map[string]any{"keys": []any{map[string]any{"kty": "EC", "d": "secret"}}}), "invalid_client_metadata", "jwks"},
		"a logo over http":               {metadataOf("logo_uri", "http://app.example/logo.png"), "invalid_client_metadata", "logo_uri"},
		"initiate_login_uri over http":   {metadataOf("initiate_login_uri", "http://app.example/login"), "invalid_client_metadata", "initiate_login_uri"},
		"a name that turns around":       {metadataOf("client_name", "App \u202egro.live"), "invalid_client_metadata", "client_name"},
		"a name without end":             {metadataOf("client_name", strings.Repeat("x", 101)), "invalid_client_metadata", "client_name"},
		"a number for a name":            {metadataOf("client_name", 7), "invalid_client_metadata", "client_name"},
		"an algorithm of nobody":         {metadataOf("id_token_signed_response_alg", "HS256"), "invalid_client_metadata", "id_token_signed_response_alg"},
		"none as algorithm":              {metadataOf("id_token_signed_response_alg", "none"), "invalid_client_metadata", "id_token_signed_response_alg"},
		"an unknown application_type":    {metadataOf("application_type", "toaster"), "invalid_client_metadata", "application_type"},
		"no JSON":                        {"{", "invalid_client_metadata", ""},
		"no object":                      {"[]", "invalid_client_metadata", ""},
		"null":                           {"null", "invalid_client_metadata", ""},
		"a statement that is no JWT":     {metadataOf("software_statement", "x.y.z"), "invalid_software_statement", ""},
		"pairwise where there is no key": {metadataOf("subject_type", "pairwise"), "invalid_client_metadata", "subject_type"},
	}
	for name, tt := range refused {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegister(t)
			body := answerOf(t, r.send("POST", registrationPath, "", tt.body), http.StatusBadRequest)
			if body["error"] != tt.code || !strings.Contains(fmt.Sprint(body["error_description"]), tt.in) {
				t.Errorf("refused with %v, want %s about %s", body, tt.code, tt.in)
			}
			if n := r.count(); n != 0 {
				t.Errorf("%d clients are there", n)
			}
		})
	}
}

// TestDR1_RedirectHosts: codes go to hosts of the policy alone.
func TestDR1_RedirectHosts(t *testing.T) {
	t.Parallel()
	r := newRegister(t, func(p *registration.Policy) {
		p.RedirectHosts = []string{"app.example", "*.corp.example", "localhost", "com.example.app:"}
	})
	for uri, status := range map[string]int{
		"https://app.example/cb": 201, "https://a.corp.example/cb": 201, "https://a.b.corp.example/cb": 201,
		"https://corp.example/cb": 400, "https://evilcorp.example/cb": 400, "https://app.example.evil/cb": 400, "https://sub.app.example/cb": 400,
		"https://app.example@evil/cb": 400,
	} {
		if w := r.send("POST", registrationPath, "", metadataOf("redirect_uris", []string{uri})); w.Code != status {
			t.Errorf("%s: %d %s", uri, w.Code, w.Body)
		}
	}
	for uri, status := range map[string]int{
		"http://localhost:1234/cb": 201, "http://127.0.0.1/cb": 201, "com.example.app:/cb": 201, "com.evil.app:/cb": 400,
	} {
		w := r.send("POST", registrationPath, "", metadataOf("redirect_uris", []string{uri}, "token_endpoint_auth_method", "none"))
		if w.Code != status {
			t.Errorf("%s: %d %s", uri, w.Code, w.Body)
		}
	}
	w := r.send("POST", registrationPath, "", metadataOf("post_logout_redirect_uris", []string{"https://evil.example/"}))
	if w.Code != http.StatusBadRequest {
		t.Errorf("sign-out to another host: %d", w.Code)
	}
}

// TestDR1_UpdatesAreHeldToTheirToken is RFC 7592 section 2.2, sentence by sentence.
func TestDR1_UpdatesAreHeldToTheirToken(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	made := answerOf(t, r.send("POST", registrationPath, "", metadataOf()), http.StatusCreated)
	other := answerOf(t, r.send("POST", registrationPath, "", metadataOf()), http.StatusCreated)
	id, token := made["client_id"].(string), made["registration_access_token"].(string)
	path := registrationPath + "/" + id
	for name, body := range map[string]any{
		"no client_id": metadataOf(), "another client_id": metadataOf("client_id", other["client_id"]),
		"its token":     metadataOf("client_id", id, "registration_access_token", token),
		"its address":   metadataOf("client_id", id, "registration_client_uri", testIssuer+path),
		"when issued":   metadataOf("client_id", id, "client_id_issued_at", 1),
		"when it ends":  metadataOf("client_id", id, "client_secret_expires_at", 1),
		"a new secret":  metadataOf("client_id", id, "client_secret", "one of its own"),
		"bad redirects": metadataOf("client_id", id, "redirect_uris", []string{"http://app.example"}),
		"an implied consent, and no redirect URI": metadataOf("client_id", id, "redirect_uris", nil, "consent", "implied"),
	} {
		if w := r.send("PUT", path, token, body); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for name, tt := range map[string]struct{ path, token string }{
		"no token": {path, ""}, "another's token": {path, other["registration_access_token"].(string)}, "no such client": {registrationPath + "/nobody", token},
		"a client of a file": {registrationPath + "/wiki", token}, "garbage": {path, "x"}, "a truncated token": {path, token[:len(token)-1]},
	} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if w := r.send(method, tt.path, tt.token, metadataOf("client_id", id)); w.Code != http.StatusUnauthorized {
				t.Errorf("%s with %s: %d %s", method, name, w.Code, w.Body)
			}
		}
	}
	if w := r.send("GET", path, token, nil); w.Code != http.StatusOK {
		t.Errorf("what was refused spent the token: %d", w.Code)
	}

	var won atomic.Int64
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			switch w := r.send("PUT", path, token, metadataOf("client_id", id)); w.Code {
			case http.StatusOK:
				won.Add(1)
			case http.StatusUnauthorized:
			default:
				t.Errorf("PUT: %d %s", w.Code, w.Body)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%d updates with one token", won.Load())
	}
}

// TestRegistrationIsOffByDefault: nothing is there, and nothing advertised.
func TestRegistrationIsOffByDefault(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for _, path := range []string{registrationPath, registrationPath + "/x"} {
		w := httptest.NewRecorder()
		n.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", testIssuer+path, strings.NewReader("{}")))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	r := newRegister(t)
	var m map[string]any
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", testIssuer+openIDConfigurationPath, nil))
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil || m["registration_endpoint"] != testIssuer+registrationPath {
		t.Errorf("registration_endpoint is %v, %v", m["registration_endpoint"], err)
	}
	for _, method := range []string{"GET", "PUT", "DELETE"} {
		if w := r.send(method, registrationPath, "", nil); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

// FuzzRegistration: whatever is sent, a client is made that the judgement holds good, or
// none is and the fault is not ours.
func FuzzRegistration(f *testing.F) {
	for _, seed := range []string{
		`{"redirect_uris":["https://app.example/cb"]}`, `{"redirect_uris":["http://[::1]/cb"],"token_endpoint_auth_method":"none"}`, `{"redirect_uris":[null]}`,
		`{"jwks":{"keys":[{"kty":"EC"}]}}`, `{"default_max_age":1e300}`, `{"scope":"\u0000"}`, `{"grant_types":["implicit"],"response_types":["id_token"]}`, `null`, `{"client_name":null}`,
	} {
		f.Add([]byte(seed))
	}
	judge := client.Policy{SigningAlgs: []string{"RS256", "ES256"}}
	kept := &keptClients{}
	registrar := registration.New(registration.Config{
		Store: kept, Hasher: hasherOf(f, "p1"), Judge: judge, Now: storagetest.NewClock().Now, Random: rand.Reader,
		Policy:    registration.Policy{Mode: registration.ModeOpen, GrantTypes: client.GrantTypes(), ResponseTypes: client.ResponseTypes(), Scopes: []string{"openid"}},
		Lifetimes: client.Lifetimes{AccessToken: time.Minute, IDToken: time.Minute, RefreshIdle: time.Hour, Refresh: time.Hour},
		Stored:    client.NewStored(client.StoredConfig{}),
		Fetch:     func(context.Context, string) ([]byte, error) { return []byte(`[]`), nil },
	})
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := registration.Parse(body)
		if err != nil {
			return
		}
		made, err := registrar.Register(t.Context(), s, "", false, storage.Event{})
		if err != nil {
			return
		}
		var m client.Metadata
		if err := json.Unmarshal(made.Client.Metadata, &m); err != nil {
			t.Fatalf("what is kept cannot be read: %v", err)
		}
		m.Complete(client.Lifetimes{AccessToken: time.Minute, IDToken: time.Minute, RefreshIdle: time.Hour, Refresh: time.Hour})
		if problems := m.Validate(judge); len(problems) > 0 {
			t.Fatalf("%s is kept with %v", body, problems)
		}
		if m.Consent != "" || m.IntrospectAny || m.RequirePKCE != nil || m.TokenExchange != nil || m.Access != nil {
			t.Fatalf("%s has extensions of ours", body)
		}
	})
}

// TestDR1_PublicOnly: whatever a client asks for it gets no secret, and has to use PKCE.
func TestDR1_PublicOnly(t *testing.T) {
	t.Parallel()
	r := newRegister(t, func(p *registration.Policy) { p.PublicOnly = true })
	for _, method := range []any{nil, "none", "client_secret_basic", "private_key_jwt"} {
		made := answerOf(t, r.send(http.MethodPost, registrationPath, "", metadataOf("token_endpoint_auth_method", method,
			"redirect_uris", []string{"https://app.example/cb", "http://127.0.0.1/cb"})), http.StatusCreated)
		if made["token_endpoint_auth_method"] != "none" || made["client_secret"] != nil {
			t.Errorf("%v: registered %v", method, made)
		}
		c, err := r.provider.cfg.Clients.Client(t.Context(), made["client_id"].(string))
		if err != nil || !c.RequiresPKCE() || c.Type != client.TypeNative {
			t.Errorf("%v: %+v, %v", method, c, err)
		}
	}
}

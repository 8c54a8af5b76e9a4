package op

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// push pushes a request of alternating names and values.
func (s *site) push(who as, form url.Values) *answer {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, testIssuer+pushPath, nil)
	sent := url.Values{}
	for name, values := range form {
		sent[name] = values
	}
	if who != nil {
		who(r, sent)
	}
	r.Header.Set("Content-Type", formType)
	return s.do(withBody(r, sent.Encode()))
}

// requestURI pushes a request of wiki that is in order.
func (s *site) requestURI(pairs ...string) string {
	s.t.Helper()
	var said struct {
		RequestURI string `json:"request_uri"`
		ExpiresIn  int64  `json:"expires_in"`
	}
	a := s.push(asWiki, authorization(pairs...)).want(s.t, http.StatusCreated, "")
	if err := json.Unmarshal(a.Body.Bytes(), &said); err != nil {
		s.t.Fatal(err)
	}
	if !strings.HasPrefix(said.RequestURI, "urn:ietf:params:oauth:request_uri:") || len(said.RequestURI) < 60 || said.ExpiresIn != 60 {
		s.t.Fatalf("pushed as %+v", said)
	}
	return said.RequestURI
}

// come brings the browser with a pushed request.
func (s *site) come(requestURI string, more ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	form := url.Values{"client_id": {"wiki"}, "request_uri": {requestURI}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return s.get(authorizePath, form)
}

func TestPR1_APushedRequest(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	uri := s.requestURI("scope", "openid email", "state", "inside")
	// What is beside it does not count.
	answer := answerAt(t, s.come(uri, "scope", "openid profile", "state", "outside", "redirect_uri", "https://evil.example/", "nonce", "x", "request", "y"), testRedirect)
	if answer.Get("state") != "inside" || answer.Get("iss") != testIssuer {
		t.Errorf("answer is %v", answer)
	}
	a := s.exchange(asWiki, answer.Get("code")).want(t, http.StatusOK, "")
	if a.Scope != "openid email" || claimsOf(t, a.IDToken)["nonce"] != "n-1" {
		t.Errorf("scope %q, nonce %v", a.Scope, claimsOf(t, a.IDToken)["nonce"])
	}
	wantPage(t, s.come(uri), http.StatusBadRequest, "has ended")
	for key, value := range s.store.entries() {
		if strings.Contains(key+value, strings.TrimPrefix(uri, requestURIPrefix)) {
			t.Errorf("the store knows the request_uri: %s %s", key, value)
		}
	}
}

// A request is spent when it is answered with a code, not when the browser comes.
func TestPR1_SpentAtAuthorization(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	uri := s.requestURI()
	var ids []string
	for range 3 {
		w := s.come(uri)
		id, asked := strings.CutPrefix(w.Header().Get("Location"), "/login?interaction=")
		if !asked {
			t.Fatalf("answer is %d %s", w.Code, w.Header().Get("Location"))
		}
		ids = append(ids, id)
	}
	s.clock.Advance(2 * time.Minute) // the person takes their time; the request_uri expires
	wantPage(t, s.come(uri), http.StatusBadRequest, "has ended")
	s.becomes(testUser)
	if answer := answerAt(t, s.resume(ids[1]), testRedirect); answer.Get("code") == "" {
		t.Errorf("answer is %v", answer)
	}
	for _, id := range []string{ids[0], ids[2]} {
		wantPage(t, s.resume(id), http.StatusBadRequest, "has ended")
	}
}

func TestPR1_OnePushedRequestOneCode(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	uri := s.requestURI()
	var codes atomic.Int64
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			w := httptest.NewRecorder()
			query := url.Values{"client_id": {"wiki"}, "request_uri": {uri}}
			s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, withQuery(testIssuer+authorizePath, query), nil))
			if strings.Contains(w.Header().Get("Location"), "code=") {
				codes.Add(1)
			}
		})
	}
	all.Wait()
	if codes.Load() != 1 {
		t.Errorf("%d codes for one request", codes.Load())
	}
}

func TestPR1_BoundToItsClientAndTime(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	uri := s.requestURI()
	for name, form := range map[string]url.Values{
		"another client": {"client_id": {"strict"}, "request_uri": {uri}}, "made up": {"client_id": {"wiki"}, "request_uri": {requestURIPrefix + "x"}},
		"shortened": {"client_id": {"wiki"}, "request_uri": {uri[:len(uri)-1]}}, "no id": {"client_id": {"wiki"}, "request_uri": {requestURIPrefix}},
		"unknown client": {"client_id": {"nobody"}, "request_uri": {uri}}, "no client": {"request_uri": {uri}},
		"twice": {"client_id": {"wiki"}, "request_uri": {uri, uri}, "redirect_uri": {"https://evil.example/"}},
	} {
		t.Log(name)
		wantPage(t, s.get(authorizePath, form), http.StatusBadRequest, "error page")
	}
	s.clock.Advance(time.Minute)
	wantPage(t, s.come(uri), http.StatusBadRequest, "has ended")
}

// The endpoint judges as the authorization endpoint does, tells the client itself, and
// keeps nothing of what it refuses.
func TestPR1_RefusedPushes(t *testing.T) {
	t.Parallel()
	once := robotClient()
	s := signedInSite(t)
	before := len(s.store.entries())
	for name, tc := range map[string]struct {
		who    as
		form   url.Values
		status int
		code   string
	}{
		"nobody":                  {nil, authorization("client_id", ""), http.StatusUnauthorized, "invalid_client"},
		"a wrong secret":          {basicAuth("wiki", testSecret+"x"), authorization(), http.StatusUnauthorized, "invalid_client"},
		"without its secret":      {nil, authorization(), http.StatusUnauthorized, "invalid_client"},
		"for another client":      {asWiki, authorization("client_id", "strict"), http.StatusBadRequest, "invalid_request"},
		"a request_uri":           {asWiki, authorization("request_uri", requestURIPrefix+"x"), http.StatusBadRequest, "invalid_request"},
		"another redirect URI":    {asWiki, authorization("redirect_uri", "https://evil.example/"), http.StatusBadRequest, "invalid_request"},
		"no redirect URI":         {asWiki, authorization("redirect_uri", ""), http.StatusBadRequest, "invalid_request"},
		"a scope of others":       {asWiki, authorization("scope", "read"), http.StatusBadRequest, "invalid_scope"},
		"plain":                   {asWiki, authorization("code_challenge_method", "plain"), http.StatusBadRequest, "invalid_request"},
		"no response type":        {asWiki, authorization("response_type", ""), http.StatusBadRequest, "invalid_request"},
		"a token":                 {asWiki, authorization("response_type", "token"), http.StatusBadRequest, "unsupported_response_type"},
		"repeated":                {asWiki, url.Values{"client_id": {"wiki"}, "scope": {"openid", "email"}}, http.StatusBadRequest, "invalid_request"},
		"a client without a code": {asRobot, authorization("client_id", once.ID), http.StatusBadRequest, "unauthorized_client"},
	} {
		a := s.push(tc.who, tc.form)
		if a.Code != tc.status || a.Error != tc.code {
			t.Errorf("%s: %d %q, want %d %q", name, a.Code, a.Error, tc.status, tc.code)
		}
	}
	if got := len(s.store.entries()); got != before {
		t.Errorf("%d entries were kept", got-before)
	}
	if w := s.get(pushPath, authorization()); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET is answered %d", w.Code)
	}
}

// Who must push cannot do without, by its own registration or for all.
func TestPR1_PushedRequestsMayBeRequired(t *testing.T) {
	t.Parallel()
	must := siteClient()
	must.RequirePushed = true
	for name, prepare := range map[string]func(*site){
		"the client": func(s *site) { s.start(s.config([]client.Client{must})) },
		"everybody": func(s *site) {
			cfg := s.config([]client.Client{siteClient()})
			cfg.RequirePushed = true
			s.start(cfg)
		},
	} {
		s := signedInSite(t)
		prepare(s)
		if answer := answerAt(t, s.get(authorizePath, authorization()), testRedirect); answer.Get("error") != "invalid_request" || answer.Has("code") {
			t.Errorf("%s: %v", name, answer)
		}
		if answer := answerAt(t, s.come(s.requestURI()), testRedirect); answer.Get("code") == "" {
			t.Errorf("%s: %v", name, answer)
		}
	}
}

// Anybody can speak for a client without a secret: what it pushes is limited by address.
func TestDS3_PushesWithoutASecretAreCapped(t *testing.T) {
	t.Parallel()
	s := signedInSite(t, func(c *Config) { c.PendingPerAddress = 3 })
	form := authorization("client_id", "spa", "redirect_uri", "https://spa.example.com/cb")
	for range 3 {
		s.push(nil, form).want(t, http.StatusCreated, "")
	}
	if a := s.push(nil, form).want(t, http.StatusTooManyRequests, "temporarily_unavailable"); a.Header().Get("Retry-After") != "1200" {
		t.Errorf("Retry-After %q", a.Header().Get("Retry-After"))
	}
	s.requestURI() // one with a secret is not
}

// What a client may ask for can change between the push and the browser.
func TestPR1_JudgedAgainWhenTheBrowserComes(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	uri := s.requestURI("scope", "openid email")
	narrow, moved := siteClient(), siteClient()
	narrow.Scopes = []string{"openid"}
	moved.RedirectURIs = []string{"https://wiki.example.com/other"}
	for _, c := range []client.Client{narrow, moved} {
		cfg := s.provider.cfg
		cfg.Clients = client.NewSnapshot([]client.Client{c, robotClient()})
		s.start(cfg)
		w := s.come(uri)
		if strings.Contains(w.Header().Get("Location"), "code=") || w.Code == http.StatusOK {
			t.Errorf("answer is %d %s", w.Code, w.Header().Get("Location"))
		}
	}
}

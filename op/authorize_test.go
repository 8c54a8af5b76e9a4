package op

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

func TestDecideNext(t *testing.T) {
	t.Parallel()
	who := &storage.SignedIn{User: testUser}
	none := interaction.AuthorizationRequest{Prompt: []string{interaction.PromptNone}}
	for _, tc := range []struct {
		name    string
		request interaction.AuthorizationRequest
		outcome interaction.Outcome
		want    next
		code    string
	}{
		{"signed in", interaction.AuthorizationRequest{}, interaction.Outcome{SignedIn: who}, nextIssue, ""},
		{"signed in, none", none, interaction.Outcome{SignedIn: who}, nextIssue, ""},
		{"something missing", interaction.AuthorizationRequest{}, interaction.Outcome{Missing: "password", Error: "login_required"}, nextAsk, ""},
		{"something missing of somebody", interaction.AuthorizationRequest{}, interaction.Outcome{SignedIn: who, Missing: "consent", Error: "consent_required"}, nextAsk, ""},
		{"something missing, none", none, interaction.Outcome{Missing: "password", Error: "login_required"}, nextRefuse, "login_required"},
		{"consent missing, none", none, interaction.Outcome{SignedIn: who, Missing: "consent", Error: "consent_required"}, nextRefuse, "consent_required"},
		{"fatal", interaction.AuthorizationRequest{}, interaction.Outcome{SignedIn: who, Fatal: true, Error: "unmet_authentication_requirements"}, nextRefuse, "unmet_authentication_requirements"},
		{"nothing missing of nobody", interaction.AuthorizationRequest{}, interaction.Outcome{}, nextRefuse, "server_error"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := decideNext(&tc.request, tc.outcome)
			if got != tc.want || (err != nil) != (tc.code != "") {
				t.Fatalf("got %d and %v", got, err)
			}
			if err != nil && errorOf(err).Code != tc.code {
				t.Errorf("got %v, want %s", err, tc.code)
			}
		})
	}
}

func TestAuthorize_BehindASession(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	answer := answerAt(t, s.get(authorizePath, authorization()), testRedirect)
	if answer.Get("state") != "s-1" || len(answer.Get("code")) != keys.TokenLength || answer.Has("error") {
		t.Errorf("answer is %v", answer)
	}
	if len(s.store.entries()) != 1 || s.ephemeral.counts.Load() != 0 || len(s.signIn.Checked) != 1 || s.store.calls.Load() != 0 {
		t.Errorf("it cost more than one session and one code: %v", s.store.entries())
	}
	tokens := s.exchange(asWiki, answer.Get("code")).want(t, http.StatusOK, "")
	claims := claimsOf(t, tokens.IDToken)
	if claims["nonce"] != "n-1" || claims["sub"] != string(testUserID) || claims["sid"] != string(testSID) {
		t.Errorf("ID token says %v", claims)
	}
}

func TestTK1_CodesAreKeptHashed(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	code := answerAt(t, s.get(authorizePath, authorization()), testRedirect).Get("code")
	for key, value := range s.store.entries() {
		if strings.Contains(key, code) || strings.Contains(value, code) {
			t.Errorf("the store knows the code: %s %s", key, value)
		}
	}
	if strings.Contains(s.log.String(), code) {
		t.Error("the log knows the code")
	}
	s.clock.Advance(maxCodeLifetime)
	s.exchange(asWiki, code).want(t, http.StatusBadRequest, "invalid_grant")
}

func TestAZ1_PagesNotRedirects(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]url.Values{
		"no client":              authorization("client_id", ""),
		"unknown client":         authorization("client_id", "<script>alert(1)</script>"),
		"a client twice":         {"client_id": {"wiki", "wiki"}, "redirect_uri": {testRedirect}},
		"no redirect URI":        authorization("redirect_uri", ""),
		"another redirect URI":   authorization("redirect_uri", "https://evil.example/<script>"),
		"a redirect URI twice":   {"client_id": {"wiki"}, "redirect_uri": {testRedirect, testRedirect}},
		"a longer redirect URI":  authorization("redirect_uri", testRedirect+"/../evil"),
		"another client's":       authorization("client_id", "spa"),
		"a service's":            authorization("client_id", "robot"),
		"a query of 33 KiB":      authorization("x", strings.Repeat("a", 33<<10)),
		"a hundred parameters":   manyForm(100),
		"bad, with form_post":    authorization("redirect_uri", "https://evil.example/", "response_mode", "form_post"),
		"bad, with prompt=none":  authorization("redirect_uri", "https://evil.example/", "prompt", "none"),
		"bad, with request_uri":  authorization("client_id", "x", "request_uri", "https://evil.example/"),
		"a redirect URI of 11 K": authorization("redirect_uri", testRedirect+strings.Repeat("a", 11<<10)),
	} {
		t.Run(name, func(t *testing.T) {
			s := signedInSite(t)
			for method, send := range map[string]func(string, url.Values) *httptest.ResponseRecorder{"GET": s.get, "POST": s.postForm} {
				if method == "POST" && strings.Contains(name, "33 KiB") {
					continue // what a query may measure says nothing of a body
				}
				w := send(authorizePath, form)
				wantPage(t, w, http.StatusBadRequest, "error page")
				if strings.Contains(w.Body.String(), "script") || strings.Contains(w.Body.String(), "evil") {
					t.Errorf("%s: the page reflects its input: %s", method, w.Body)
				}
			}
			if len(s.store.entries()) != 0 {
				t.Error("something was stored")
			}
		})
	}
}

func manyForm(count int) url.Values {
	form := authorization()
	for i := range count {
		form.Set("p"+strings.Repeat("x", i), "1")
	}
	return form
}

func TestAZ1_OperatorsSeeWhatDiffered(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get(authorizePath, authorization("redirect_uri", "https://wiki.example.com/Callback"))
	for _, want := range []string{"https://wiki.example.com/Callback", testRedirect, "wiki"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, s.log)
		}
	}
}

func TestAZ2_NoCodeWithoutPKCE(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	const redirect = "https://spa.example.com/cb"
	for _, pairs := range [][]string{
		{"code_challenge", "", "code_challenge_method", ""},
		{"code_challenge_method", "plain"},
		{"code_challenge_method", ""},
		{"code_challenge", "short"},
	} {
		form := authorization(append([]string{"client_id", "spa", "redirect_uri", redirect}, pairs...)...)
		if answer := answerAt(t, s.get(authorizePath, form), redirect); answer.Get("error") != "invalid_request" || answer.Has("code") {
			t.Errorf("%v: %v", pairs, answer)
		}
	}
}

func TestAZ6_NoneShowsNoPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	state := strings.Repeat("A0-._~", 22)[:128]
	answer := answerAt(t, s.get(authorizePath, authorization("prompt", "none", "state", state)), testRedirect)
	if answer.Get("error") != "login_required" || answer.Get("state") != state || answer.Get("error_description") == "" {
		t.Errorf("answer is %v", answer)
	}
	if len(s.store.entries())+len(s.signIn.Begun)+len(s.cookies) != 0 {
		t.Error("an interaction began")
	}
}

func TestAuthorize_ReadsSeeTheRequestAsItCame(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.get(authorizePath, authorization("max_age", "0", "prompt", "login"))
	if len(s.signIn.Checked) != 1 {
		t.Fatal("the session was not asked once")
	}
	in := s.signIn.Checked[0]
	if !in.CreatedAt.Equal(s.clock.Now()) || *in.Request.MaxAge != 0 || !in.Request.HasPrompt("login") {
		t.Errorf("asked with %+v", in)
	}
}

// TestAuthorize_PostFromAnotherSite shows that a form on another site, which is
// sent without cookies, finds the session by way of a GET.
func TestAuthorize_PostFromAnotherSite(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	w := s.postForm(authorizePath, authorization())
	if len(s.signIn.Checked) != 0 || len(w.Result().Cookies()) != 0 {
		t.Error("the session was asked for without cookies")
	}
	again := answerAt(t, w, testIssuer+authorizePath)
	if answer := answerAt(t, s.get(authorizePath, again), testRedirect); answer.Get("code") == "" || answer.Get("state") != "s-1" {
		t.Errorf("answer is %v", answer)
	}
	long := authorization("state", strings.Repeat("x", maxBounceBytes))
	if answer := answerAt(t, s.postForm(authorizePath, long), testRedirect); answer.Get("code") == "" {
		t.Errorf("what fits no address got %v", answer)
	}
}

func TestDS1_Bodies(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	wantPage(t, s.postForm(authorizePath, authorization("x", strings.Repeat("a", 9<<20))), http.StatusBadRequest, "error page")
	r := httptest.NewRequest(http.MethodPost, testIssuer+authorizePath, strings.NewReader(`{"client_id":"wiki"}`))
	r.Header.Set("Content-Type", "application/json")
	wantPage(t, s.send(r), http.StatusBadRequest, "error page")
	wantPage(t, s.send(httptest.NewRequest(http.MethodGet, testIssuer+authorizePath+"?a=%zz", nil)), http.StatusBadRequest, "error page")
}

func TestDS3_PendingSignInsAreCapped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.provider.cfg.Interactions = interactionsOf(s.node, 3)
	for range 3 {
		if w := s.get(authorizePath, authorization()); w.Code != http.StatusSeeOther {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
	}
	w := s.get(authorizePath, authorization())
	wantPage(t, w, http.StatusTooManyRequests, "Too many sign-ins")
	if w.Header().Get("Retry-After") != "1200" || len(s.store.entries()) != 3 {
		t.Errorf("Retry-After %q with %d entries", w.Header().Get("Retry-After"), len(s.store.entries()))
	}
}

func TestL10_StoreFailuresAreNotShown(t *testing.T) {
	t.Parallel()
	secret := errors.New("dial tcp 10.0.0.7: refused")
	page := &web.Error{Status: http.StatusServiceUnavailable, Title: "A page of 10.0.0.7", Cause: secret}
	for name, prepare := range map[string]func(*site){
		"session":     func(s *site) { s.signIn.Err = secret },
		"pages":       func(s *site) { s.signIn.Err = page },
		"code":        func(s *site) { s.signIn.Who = &storage.SignedIn{User: testUser}; s.ephemeral.Err.Set(secret) },
		"interaction": func(s *site) { s.ephemeral.Err.Set(secret) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			prepare(s)
			w := s.get(authorizePath, authorization())
			answer := answerAt(t, w, testRedirect)
			if answer.Get("error") != "temporarily_unavailable" || answer.Has("code") || strings.Contains(w.Header().Get("Location"), "10.0.0.7") {
				t.Errorf("answer is %v", answer)
			}
			if !strings.Contains(s.log.String(), "10.0.0.7") {
				t.Error("the cause is not in the log")
			}
		})
	}
}

// Parameters that are not ours are ignored (RFC 6749 section 3.1).
func TestAuthorize_ForeignParametersAreIgnored(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	for name, more := range map[string]string{
		"repeated": "&utm_source=a&utm_source=b&audience=x&audience=y", "long": "&x=" + strings.Repeat("a", 11<<10),
		"malformed": "&utm_term=50%&%zz=1&a;b=c", "no text": "&x=%ff%00", "empty": "&&=&x", "an object": "&x[y]=z",
	} {
		w := s.send(httptest.NewRequest(http.MethodGet, testIssuer+authorizePath+"?"+authorization().Encode()+more, nil))
		if answer := answerAt(t, w, testRedirect); answer.Get("code") == "" || answer.Get("state") != "s-1" {
			t.Errorf("%s: %v", name, answer)
		}
	}
}

// An ID token of ours is a hint whatever it measures.
func TestAuthorize_ALongHintIsTaken(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	s.store.exec(`UPDATE users SET profile = json_set(profile, '$.name', ?)`, strings.Repeat("Ada ", 3000))
	token := s.exchange(asWiki, s.code("wiki", func(c *issuedCode) {
		c.Request.Claims.IDToken = map[string]*storage.ClaimRequest{"name": nil}
	})).want(t, http.StatusOK, "").IDToken
	if len(token) <= maxParameterBytes {
		t.Fatalf("the ID token has %d bytes only", len(token))
	}
	answer := answerAt(t, s.get(authorizePath, authorization("id_token_hint", token, "prompt", "none")), testRedirect)
	if answer.Get("code") == "" || s.signIn.Checked[0].Request.HintSubject != string(testUserID) {
		t.Errorf("answer is %v", answer)
	}
}

// A request whose client hung up is no error of ours, nor one for an alert.
func TestAuthorize_AnAbortedRequestIsNoError(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	s.signIn.Err = ctx.Err()
	s.send(httptest.NewRequest(http.MethodGet, testIssuer+authorizePath+"?"+authorization().Encode(), nil).WithContext(ctx))
	w := s.send(httptest.NewRequest(http.MethodGet, testIssuer+endSessionPath, nil).WithContext(ctx))
	if w.Code != web.StatusClientGone || strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Errorf("status %d, log %s", w.Code, s.log)
	}
}

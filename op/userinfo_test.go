package op

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// userinfoToken signs in and returns an access token of wiki.
func (s *site) userinfoToken(pairs ...string) string {
	s.t.Helper()
	code := answerAt(s.t, s.get(authorizePath, authorization(pairs...)), testRedirect).Get("code")
	return s.exchange(asWiki, code).want(s.t, http.StatusOK, "").AccessToken
}

func userinfoRequest(method, query, body string, authorization ...string) *http.Request {
	r := httptest.NewRequest(method, testIssuer+userinfoPath+query, strings.NewReader(body))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, a := range authorization {
		r.Header.Add("Authorization", a)
	}
	return r
}

func TestUserinfo_EveryWayIn(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	token := s.userinfoToken("scope", "openid email", "claims", `{"userinfo":{"name":{"essential":true}},"id_token":{}}`)
	for name, r := range map[string]*http.Request{
		"GET":                userinfoRequest("GET", "", "", "Bearer "+token),
		"POST header":        userinfoRequest("POST", "", "", "Bearer "+token),
		"POST body":          userinfoRequest("POST", "", "access_token="+url.QueryEscape(token)),
		"scheme of any case": userinfoRequest("GET", "", "", "bEARER "+token),
	} {
		t.Run(name, func(t *testing.T) {
			w := s.send(r)
			if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
				t.Fatalf("answer is %d %v %s", w.Code, w.Header(), w.Body)
			}
			var claims map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &claims); err != nil {
				t.Fatalf("decode: %v", err)
			}
			if claims["sub"] != string(testUserID) || claims["email"] != "ada@example.com" || claims["email_verified"] != true ||
				claims["name"] != "Ada Lovelace" || len(claims) != 4 {
				t.Errorf("claims are %v", claims)
			}
		})
	}
}

func TestL8_UserinfoTakesNoTokenFromTheQuery(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	token := s.userinfoToken()
	for name, tc := range map[string]struct {
		r      *http.Request
		status int
		code   string
	}{
		"query":               {userinfoRequest("GET", "?access_token="+token, ""), 400, "invalid_request"},
		"query beside header": {userinfoRequest("GET", "?access_token="+token, "", "Bearer "+token), 400, "invalid_request"},
		"query of a POST":     {userinfoRequest("POST", "?access_token="+token, ""), 400, "invalid_request"},
		"header and body":     {userinfoRequest("POST", "", "access_token="+token, "Bearer "+token), 400, "invalid_request"},
		"two headers":         {userinfoRequest("GET", "", "", "Bearer "+token, "Bearer "+token), 400, "invalid_request"},
		"twice in the body":   {userinfoRequest("POST", "", "access_token="+token+"&access_token="+token), 400, "invalid_request"},
		"malformed body":      {userinfoRequest("POST", "", "access_token=%zz"), 400, "invalid_request"},
		"long body":           {userinfoRequest("POST", "", "access_token="+strings.Repeat("a", 9<<20)), 400, "invalid_request"},
		"body of a GET":       {userinfoRequest("GET", "", "access_token="+token), 401, ""},
		"nothing":             {userinfoRequest("GET", "", ""), 401, ""},
		"another scheme":      {userinfoRequest("GET", "", "", "Basic "+token), 401, ""},
		"scheme alone":        {userinfoRequest("GET", "", "", "Bearer"), 401, ""},
		"garbage":             {userinfoRequest("GET", "", "", "Bearer a.b.c"), 401, "invalid_token"},
		"two tokens":          {userinfoRequest("GET", "", "", "Bearer "+token+" "+token), 401, "invalid_token"},
	} {
		t.Run(name, func(t *testing.T) { wantBearer(t, s.send(tc.r), tc.status, tc.code) })
	}
	r := userinfoRequest("POST", "", `{"access_token":"`+token+`"}`)
	r.Header.Set("Content-Type", "application/json")
	wantBearer(t, s.send(r), http.StatusUnauthorized, "")
}

// wantBearer checks a refusal by RFC 6750 section 3.
func wantBearer(t *testing.T, w *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	challenge := w.Header().Get("WWW-Authenticate")
	if w.Code != status || !strings.HasPrefix(challenge, `Bearer realm="`+testIssuer+`"`) {
		t.Fatalf("answer is %d %q %s", w.Code, challenge, w.Body)
	}
	if got := strings.Contains(challenge, `error="`+code+`"`); got != (code != "") {
		t.Errorf("challenge is %q, want error %q", challenge, code)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Error("may be cached")
	}
	if body := w.Body.String(); code == "" && body != "" || !strings.Contains(body, code) {
		t.Errorf("body is %q", body)
	}
}

func TestTK5_UserinfoWantsAnAccessTokenOfAPerson(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	code := answerAt(t, s.get(authorizePath, authorization("scope", "openid offline_access")), testRedirect).Get("code")
	tokens := s.exchange(asWiki, code).want(t, http.StatusOK, "")
	robot := s.post(tokenPath, asRobot, "grant_type", "client_credentials", "scope", "read").want(t, http.StatusOK, "")
	plain := s.userinfoToken("scope", "profile")
	wantBearer(t, s.send(userinfoRequest("GET", "", "", "Bearer "+tokens.IDToken)), 401, "invalid_token")
	wantBearer(t, s.send(userinfoRequest("GET", "", "", "Bearer "+tokens.RefreshToken)), 401, "invalid_token")
	wantBearer(t, s.send(userinfoRequest("GET", "", "", "Bearer "+robot.AccessToken)), 403, "insufficient_scope")
	w := s.send(userinfoRequest("GET", "", "", "Bearer "+plain))
	wantBearer(t, w, 403, "insufficient_scope")
	if !strings.Contains(w.Header().Get("WWW-Authenticate"), `scope="openid"`) {
		t.Errorf("challenge is %q", w.Header().Get("WWW-Authenticate"))
	}
}

func TestUserinfo_EndsWithTheGrant(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	token := s.userinfoToken()
	s.endGrant()
	wantBearer(t, s.send(userinfoRequest("GET", "", "", "Bearer "+token)), 401, "invalid_token")
}

func TestL10_UserinfoHidesTheStore(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	token := s.userinfoToken()
	s.store.Err.Set(errors.New("pq: at 10.0.0.7"))
	w := s.send(userinfoRequest("GET", "", "", "Bearer "+token))
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "10.0.0.7") || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("answer is %d %s", w.Code, w.Body)
	}
}

package op

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

const (
	spaOrigin  = "https://spa.example.com"
	evilOrigin = "https://evil.example"
)

func TestL7_Preflight(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, tc := range []struct {
		path, origin, want, methods string
	}{
		{tokenPath, spaOrigin, spaOrigin, "POST"},
		{revocationPath, spaOrigin, spaOrigin, "POST"},
		{userinfoPath, spaOrigin, spaOrigin, "GET, POST"},
		{tokenPath, evilOrigin, "", ""},
		{userinfoPath, evilOrigin, "", ""},
		{userinfoPath, "null", "", ""},
		{userinfoPath, "", "", ""},
		{introspectionPath, spaOrigin, "", ""},
		{authorizePath, spaOrigin, "", ""},
		{endSessionPath, spaOrigin, "", ""},
	} {
		r := httptest.NewRequest(http.MethodOptions, testIssuer+tc.path, nil)
		r.Header.Set("Access-Control-Request-Method", "POST")
		if tc.origin != "" {
			r.Header.Set("Origin", tc.origin)
		}
		h := s.send(r).Header()
		if h.Get("Access-Control-Allow-Origin") != tc.want || h.Get("Access-Control-Allow-Methods") != tc.methods ||
			h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s from %q: %v", tc.path, tc.origin, h)
		}
	}
}

func TestL7_AnswersAreForTheClientsOrigin(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	const redirect = "https://spa.example.com/cb"
	exchange := func(origin string) *httptest.ResponseRecorder {
		code := answerAt(t, s.get(authorizePath, authorization("client_id", "spa", "redirect_uri", redirect)), redirect).Get("code")
		r := formRequest(http.MethodPost, tokenPath, "grant_type=authorization_code&client_id=spa&code="+code+"&redirect_uri="+redirect+"&code_verifier="+testVerifier)
		r.Header.Set("Origin", origin)
		return s.send(r)
	}
	for origin, want := range map[string]string{spaOrigin: spaOrigin, evilOrigin: ""} {
		w := exchange(origin)
		if w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Origin") != want || w.Header().Get("Vary") != "Origin" {
			t.Errorf("token from %s: %d %v", origin, w.Code, w.Header())
		}
	}
	token := s.userinfoToken() // of wiki, which has no origins
	for name, tc := range map[string]struct{ token, origin, want string }{
		"another client's token": {token, spaOrigin, ""},
		"a bad token":            {"x", spaOrigin, spaOrigin},
		"a bad token elsewhere":  {"x", evilOrigin, ""},
	} {
		r := userinfoRequest("GET", "", "", "Bearer "+tc.token)
		r.Header.Set("Origin", tc.origin)
		if w := s.send(r); w.Header().Get("Access-Control-Allow-Origin") != tc.want || w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
}

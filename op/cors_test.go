package op

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
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

// Public documents may be read by any page, whatever headers its tracing adds.
func TestL7_PreflightOfPublicDocuments(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{openIDConfigurationPath, oauthMetadataPath, resourceMetadataPath, jwksPath} {
		r := httptest.NewRequest(http.MethodOptions, testIssuer+path, nil)
		r.Header.Set("Origin", evilOrigin)
		r.Header.Set("Access-Control-Request-Method", "GET")
		r.Header.Set("Access-Control-Request-Headers", "traceparent, x-requested-with")
		w := s.send(r)
		h := w.Header()
		if w.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Methods") != "GET" ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Traceparent") || h.Get("Access-Control-Allow-Credentials") != "" ||
			len(w.Result().Cookies()) != 0 || h.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: %d %v", path, w.Code, h)
		}
		w = s.send(httptest.NewRequest(http.MethodOptions, testIssuer+path, nil))
		if w.Code != http.StatusNoContent || w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s without an origin: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestL7_HarmlessHeadersOfRegisteredOrigins(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for asked, want := range map[string]string{
		"":                                    "Authorization, Content-Type",
		"authorization,content-type":          "Authorization, Content-Type",
		"traceparent, X-Requested-With, dpop": "Authorization, Content-Type, Traceparent, X-Requested-With, Dpop",
		"x-forwarded-for, x-forwarded-host, forwarded, x-real-ip, x-request-id": "Authorization, Content-Type",
		"a b, c:d, \r\n, é":                        "Authorization, Content-Type",
		strings.Repeat("a", maxCORSHeaderLength+1): "Authorization, Content-Type",
	} {
		for path, origin := range map[string]string{tokenPath: spaOrigin, userinfoPath: spaOrigin, revocationPath: evilOrigin} {
			r := httptest.NewRequest(http.MethodOptions, testIssuer+path, nil)
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Headers", asked)
			got := s.send(r).Header().Get("Access-Control-Allow-Headers")
			if origin == evilOrigin && got != "" || origin == spaOrigin && got != want {
				t.Errorf("%s from %s with %q: allowed are %q, want %q", path, origin, asked, got, want)
			}
		}
	}
	r := httptest.NewRequest(http.MethodOptions, testIssuer+tokenPath, nil)
	r.Header.Set("Origin", spaOrigin)
	r.Header.Set("Access-Control-Request-Headers", manyHeaders(1000))
	if got := strings.Count(s.send(r).Header().Get("Access-Control-Allow-Headers"), ","); got >= maxCORSHeaders {
		t.Errorf("%d headers are allowed", got+1)
	}
}

func manyHeaders(count int) string {
	var names []string
	for i := range count {
		names = append(names, "x-"+strconv.Itoa(i))
	}
	return strings.Join(names, ",")
}

package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// pathOf is where a handler that knows of no path is asked, and whether it is.
func pathOf(t *testing.T, asked string) (path string, status int) {
	t.Helper()
	h, _ := wrapped(Config{
		Hosts: []string{"localhost"}, Path: "/auth", AtRoot: []string{"/.well-known/change-password"}, AnyHost: []string{"/readyz"},
	}, func(_ http.ResponseWriter, r *http.Request) error {
		path = r.URL.EscapedPath()
		return nil
	})
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+asked, nil))
	return path, answer.Code
}

// The issuer's path is cut off whatever is below it, and out of the addresses of RFC
// 8414 section 3.1; nothing beside it is ours.
func TestIssuerPathIsCutOff(t *testing.T) {
	for asked, want := range map[string]string{
		"/auth":                                  "/",
		"/auth/":                                 "/",
		"/auth/login":                            "/login",
		"/auth/auth":                             "/auth",
		"/auth/groups/a%2Fb":                     "/groups/a%2Fb",
		"/auth/.well-known/openid-configuration": "/.well-known/openid-configuration",
		"/.well-known/openid-configuration/auth": "/.well-known/openid-configuration",
		"/.well-known/oauth-authorization-server/auth":  "/.well-known/oauth-authorization-server",
		"/.well-known/oauth-protected-resource/auth/v2": "/.well-known/oauth-protected-resource/v2",
		"/.well-known/change-password":                  "/.well-known/change-password",
		"/auth/.well-known/change-password":             "/.well-known/change-password",
		"/readyz":                                       "/readyz",
		"/auth/readyz":                                  "/readyz",
	} {
		if path, status := pathOf(t, asked); path != want || status != http.StatusOK {
			t.Errorf("%s is taken for %q, %d", asked, path, status)
		}
	}
	for _, asked := range []string{
		"/", "/login", "/authority", "/AUTH/login", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
		"/.well-known/openid-configuration/authority", "/.well-known/openid-configuration/other/auth", "/other/auth/login", "/robots.txt",
	} {
		if path, status := pathOf(t, asked); path != "" || status != http.StatusNotFound {
			t.Errorf("%s is taken for %q, %d", asked, path, status)
		}
	}
}

// What leads to a path of ours leads below the issuer's, and nothing else is touched.
// CS3: no answer leads to another host by it.
func TestCS3_IssuerPathIsPutBeforePaths(t *testing.T) {
	for name, c := range map[string]struct{ location, contentType, body, wantLocation, wantBody string }{
		"a redirect":                    {location: "/login?interaction=1", wantLocation: "/auth/login?interaction=1"},
		"a redirect to another host":    {location: "https://wiki.example.com/cb?code=1", wantLocation: "https://wiki.example.com/cb?code=1"},
		"a redirect without its scheme": {location: "//wiki.example.com/", wantLocation: "//wiki.example.com/"},
		"a page": {
			contentType: "text/html; charset=utf-8",
			body:        `<a id="x" href="/account">/account</a><form action="/login"><img src="/assets/a.svg"><p data-url="/assets/strength" title="/x">`,
			wantBody:    `<a id="x" href="/auth/account">/account</a><form action="/auth/login"><img src="/auth/assets/a.svg"><p data-url="/auth/assets/strength" title="/x">`,
		},
		"its home":        {contentType: "text/html", body: "<a\nhref=\"/\">", wantBody: "<a\nhref=\"/auth/\">"},
		"other hosts":     {contentType: "text/html", body: `<a href="//evil.example"><a href="/\evil.example"><a href="https://wiki.example.com/">`, wantBody: `<a href="//evil.example"><a href="/\evil.example"><a href="https://wiki.example.com/">`},
		"what is no page": {contentType: "application/json", body: `{"a":" href=\"/x\""}`, wantBody: `{"a":" href=\"/x\""}`},
	} {
		h, _ := wrapped(Config{Hosts: []string{"localhost"}, Path: "/auth"}, func(w http.ResponseWriter, _ *http.Request) error {
			if c.location != "" {
				w.Header().Set("Location", c.location)
				w.WriteHeader(http.StatusSeeOther)
				return nil
			}
			w.Header().Set("Content-Type", c.contentType)
			w.Header().Set("Content-Length", fmt.Sprint(len(c.body)))
			for _, b := range []byte(c.body) { // however it is cut
				if _, err := w.Write([]byte{b}); err != nil {
					return err
				}
			}
			return nil
		})
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/auth/page", nil))
		if answer.Header().Get("Location") != c.wantLocation || answer.Body.String() != c.wantBody {
			t.Errorf("%s: %q %s", name, answer.Header().Get("Location"), answer.Body)
		}
		if c.location == "" && answer.Header().Get("Content-Length") != fmt.Sprint(len(c.wantBody)) {
			t.Errorf("%s: says that it is %s long", name, answer.Header().Get("Content-Length"))
		}
	}
}

// Two providers of one host do not take each other's cookies, and each cookie keeps the
// prefix that no neighbor of another host can set (AZ3).
func TestAZ3_CookiesOfTwoPathsHaveTwoNames(t *testing.T) {
	names := map[string]string{}
	for _, path := range []string{"", "/auth", "/other", "/auth/other", "/auth-other"} {
		w := httptest.NewRecorder()
		Cookies{Path: path}.Set(w, CookieSession, "secret", 0)
		c := w.Result().Cookies()[0]
		if c.Path != "/" || !c.Secure || c.Domain != "" || c.Name[:7] != "__Host-" || c.Valid() != nil {
			t.Errorf("with the path %q: %v", path, c)
		}
		if at, ok := names[c.Name]; ok {
			t.Errorf("%q and %q have one name", path, at)
		}
		names[c.Name] = path
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.AddCookie(c)
		if (Cookies{Path: path}).Get(r, CookieSession) != "secret" || (Cookies{Path: path + "/x"}).Get(r, CookieSession) != "" {
			t.Errorf("with the path %q the cookie is not read as it was set", path)
		}
	}
}

package op

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// formRequest is a request of the robot client with everything in place.
func formRequest(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, testIssuer+target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestTK4_PostBodyOnly(t *testing.T) {
	t.Parallel()
	const good = "grant_type=client_credentials&client_id=robot&client_secret=" + testSecret
	basic := func(r *http.Request) { r.SetBasicAuth("wiki", testSecret) }
	for _, tc := range []struct {
		name   string
		r      *http.Request
		change func(*http.Request)
		status int
		code   string
	}{
		{name: "as it should be", r: formRequest("POST", "/token", good), status: 200},
		{name: "GET", r: formRequest("GET", "/token?"+good, ""), status: 405, code: "invalid_request"},
		{name: "PUT", r: formRequest("PUT", "/token", good), status: 405, code: "invalid_request"},
		{name: "credentials in the query", r: formRequest("POST", "/token?client_id=robot&client_secret="+testSecret, "grant_type=client_credentials"), status: 400, code: "invalid_request"},
		{name: "a parameter of ours in the query", r: formRequest("POST", "/token?scope=read", good), status: 400, code: "invalid_request"},
		{name: "a repeated one of ours in the query", r: formRequest("POST", "/token?code=a&code=b", good), status: 400, code: "invalid_request"},
		{name: "what is not ours in the query", r: formRequest("POST", "/token?x=1&x=%zz", good), status: 200},
		{name: "repeated parameter", r: formRequest("POST", "/token", good+"&scope=read&scope=write"), status: 400, code: "invalid_request"},
		{name: "repeated grant type", r: formRequest("POST", "/token", good+"&grant_type=client_credentials"), status: 400, code: "invalid_request"},
		{name: "JSON", r: formRequest("POST", "/token", good), change: func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, status: 400, code: "invalid_request"},
		{name: "no content type", r: formRequest("POST", "/token", good), change: func(r *http.Request) { r.Header.Del("Content-Type") }, status: 400, code: "invalid_request"},
		{name: "content type with a charset", r: formRequest("POST", "/token", good), change: func(r *http.Request) {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		}, status: 200},
		{name: "malformed escape", r: formRequest("POST", "/token", good+"&scope=%zz"), status: 400, code: "invalid_request"},
		{name: "no text", r: formRequest("POST", "/token", good+"&scope=%ff"), status: 400, code: "invalid_request"},
		{name: "what is not ours, repeated", r: formRequest("POST", "/token", good+"&utm_source=a&utm_source=b&audience=c&audience=d"), status: 200},
		{name: "what is not ours, long", r: formRequest("POST", "/token", good+"&x="+strings.Repeat("a", 11<<10)), status: 200},
		{name: "what is not ours, malformed", r: formRequest("POST", "/token", good+"&x=100%&%zz=1&y=%ff;z=1&;&="), status: 200},
		{name: "too many parameters", r: formRequest("POST", "/token", good+manyParameters(100)), status: 400, code: "invalid_request"},
		{name: "too large", r: formRequest("POST", "/token", good+"&scope="+strings.Repeat("a+", 50000)), status: 413, code: "invalid_request"},
		{name: "two methods", r: formRequest("POST", "/token", good), change: basic, status: 400, code: "invalid_request"},
		{name: "another client in the body", r: formRequest("POST", "/token", "grant_type=client_credentials&client_id=robot"), change: basic, status: 400, code: "invalid_request"},
		{name: "two Authorization headers", r: formRequest("POST", "/token", good), change: func(r *http.Request) {
			r.Header["Authorization"] = []string{"Basic eDp5", "Basic eDp5"}
		}, status: 400, code: "invalid_request"},
		{name: "Bearer", r: formRequest("POST", "/token", "grant_type=client_credentials"), change: func(r *http.Request) {
			r.Header.Set("Authorization", "Bearer abc")
		}, status: 401, code: "invalid_client"},
		{name: "malformed Basic", r: formRequest("POST", "/token", "grant_type=client_credentials"), change: func(r *http.Request) {
			r.SetBasicAuth("%zz", testSecret)
		}, status: 401, code: "invalid_client"},
		{name: "nobody", r: formRequest("POST", "/token", "grant_type=client_credentials"), status: 401, code: "invalid_client"},
		{name: "no grant type", r: formRequest("POST", "/token", "client_id=robot&client_secret="+testSecret), status: 400, code: "invalid_request"},
		{name: "a grant that is not built", r: formRequest("POST", "/token", strings.Replace(good, "client_credentials", "password", 1)), status: 400, code: "unsupported_grant_type"},
		{name: "introspection by GET", r: formRequest("GET", "/introspect?token=x", ""), status: 405, code: "invalid_request"},
		{name: "introspection by nobody", r: formRequest("POST", "/introspect", "token=x&client_id=robot"), status: 401, code: "invalid_client"},
		{name: "revocation in the query", r: formRequest("POST", "/revoke?token=x", "client_id=app"), status: 400, code: "invalid_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.change != nil {
				tc.change(tc.r)
			}
			n := newNode(t)
			a := n.do(tc.r).want(t, tc.status, tc.code)
			if got := a.Header().Get("Pragma"); got != "no-cache" {
				t.Errorf("Pragma is %q", got)
			}
			if got, want := a.Header().Get("WWW-Authenticate") != "", tc.status == 401; got != want {
				t.Errorf("WWW-Authenticate %q with status %d", a.Header().Get("WWW-Authenticate"), tc.status)
			}
			if got, want := a.Header().Get("Allow") == "POST", tc.status == 405; got != want {
				t.Errorf("Allow is %q with status %d", a.Header().Get("Allow"), tc.status)
			}
			if strings.Contains(n.log.String(), testSecret) {
				t.Error("the secret is in the log")
			}
		})
	}
}

func manyParameters(count int) string {
	var b strings.Builder
	for i := range count {
		b.WriteString("&p" + strings.Repeat("x", i) + "=1")
	}
	return b.String()
}

func TestL7_TokenEndpointReflectsNoOrigin(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	r := formRequest("POST", "/token", "grant_type=client_credentials&client_id=robot&client_secret="+testSecret)
	r.Header.Set("Origin", "https://evil.example")
	a := n.do(r)
	for _, h := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} {
		if got := a.Header().Get(h); got != "" {
			t.Errorf("%s is %q", h, got)
		}
	}
}

func TestL8_NoCredentialsFromTheQuery(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki")
	query := url.Values{"client_id": {"wiki"}, "client_secret": {testSecret}, "code": {code}}
	n.do(formRequest("POST", "/token?"+query.Encode(), "grant_type=authorization_code&redirect_uri="+url.QueryEscape(testRedirect))).
		want(t, http.StatusBadRequest, "invalid_request")
	if len(n.store.entries()) != 1 {
		t.Error("the code was taken")
	}
}

func TestL11_UnauthorizedSaysHow(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.post(tokenPath, func(r *http.Request, _ url.Values) { r.SetBasicAuth("wiki", "wrong") }, "grant_type", "refresh_token", "refresh_token", "x").
		want(t, http.StatusUnauthorized, "invalid_client")
	if got, want := a.Header().Get("WWW-Authenticate"), `Basic realm="https://id.example.com", charset="UTF-8", error="invalid_client", error_uri="https://id.example.com/errors/invalid_client"`; got != want {
		t.Errorf("WWW-Authenticate is %q, want %q", got, want)
	}
}

// FuzzTokenRequest shows that no form makes the endpoints fail, cache or speak
// anything but JSON.
func FuzzTokenRequest(f *testing.F) {
	f.Add("/token", "grant_type=client_credentials&client_id=robot&client_secret="+testSecret, "")
	f.Add("/token", "grant_type=authorization_code&code=x&redirect_uri=y&client_id=app", "")
	f.Add("/token", "grant_type=refresh_token&refresh_token=lkr_AAAA&scope=openid+%00&client_id=app", "")
	f.Add("/token", "grant_type=a;b&%zz", "Basic Og==")
	f.Add("/introspect", "token=lka_AAAA", "Basic d2lraTp3aWtp")
	f.Add("/revoke", "token=a.b.c&client_id=app", "")
	n := newNode(f)
	f.Fuzz(func(t *testing.T, path, body, authorization string) {
		if path != tokenPath && path != introspectionPath && path != revocationPath {
			return
		}
		r := formRequest("POST", path, body)
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		n.t = t
		if a := n.do(r); a.Code >= http.StatusInternalServerError {
			t.Errorf("status %d for %q: %s", a.Code, body, a.Body)
		}
	})
}

package client

import (
	"strings"
	"testing"
)

func TestAZ1_RegisteredRedirectURIs(t *testing.T) {
	const (
		public = "public"
		native = "native"
	)
	for _, c := range []struct {
		uri  string
		typ  string
		dev  bool
		want string // empty: accepted
	}{
		{"https://a.example/cb", public, false, ""},
		{"https://a.example:8443/cb?tenant=1", public, false, ""},
		{"https://a.example", public, false, ""},
		{"http://a.example/cb", public, false, "http is only for loopback"},
		{"http://a.example/cb", public, true, "http is only for loopback"},
		{"http://127.0.0.1/cb", public, false, "only for clients of type native"},
		{"http://127.0.0.1/cb", public, true, ""},
		{"http://127.0.0.1/cb", native, false, ""},
		{"http://[::1]:9000/cb", native, false, ""},
		{"http://localhost/cb", native, false, ""},
		{"http://127.0.0.1.a.example/cb", native, false, "http is only for loopback"},
		{"http://me@127.0.0.1/cb", native, false, "user name or password"},
		{"http://127.0.0.1/cb#x", native, false, "fragment"},
		{"https://a.example/cb#", public, false, "fragment"},
		{"https://me:pw@a.example/cb", public, false, "user name or password"},
		{"https://a.example@evil.example/cb", public, false, "user name or password"},
		{"https://*.a.example/cb", public, false, "wildcards"},
		{`https://a.example\@evil.example/cb`, public, false, "backslashes"},
		{"https://a.example/../cb", public, false, ". and .. segments"},
		{"https://a.example/x/%2e%2e/cb", public, false, ". and .. segments"},
		{"https://A.example/cb", public, false, "host in lower case"},
		{"HTTPS://a.example/cb", public, false, "scheme in lower case"},
		{"https://a.example./cb", public, false, "not a plain host name"},
		{"https://a.example:/cb", public, false, "not a plain host name"},
		{"https:///cb", public, false, "no host"},
		{"https:a.example/cb", public, false, "no host"},
		{"https://bücher.example/cb", public, false, "printable ASCII"},
		{"https://a.example/a b", public, false, "without spaces"},
		{"/cb", public, false, "not an absolute address"},
		{"//a.example/cb", public, false, "not an absolute address"},
		{"", public, false, "not an absolute address"},
		{"com.example.app:/callback", native, false, ""},
		{"com.example.app://callback", native, false, ""},
		{"com.example.app:/callback", public, false, "only for clients of type native"},
		{"myapp:/callback", native, false, "any app can claim the scheme"},
		{"javascript:alert(1)", native, false, "any app can claim the scheme"},
		{"data:text/html,x", native, false, "any app can claim the scheme"},
	} {
		t.Run(c.typ+" "+c.uri, func(t *testing.T) {
			err := checkRedirect(c.uri, Type(c.typ), c.dev)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

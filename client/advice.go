package client

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

// Software is a kind of relying party that is known by the address at which it
// takes codes.
type Software struct {
	Name string
	// PKCE says how to have it send a code_challenge, which it does not do by
	// default.
	PKCE string
}

// software are patterns (as of [path.Match]) of the path of a redirect URI of
// software that sends no PKCE challenge unless it is told to. After ** it may
// be mounted below another path.
var software = []struct {
	pattern string
	Software
}{
	{"**/oidc/callback/", Software{"mozilla-django-oidc", "OIDC_USE_PKCE = True"}},
	{"**/oidc/*/login/callback/", Software{"django-allauth", `"OAUTH_PKCE_ENABLED": True for the provider`}},
	{"**/login/oauth2/code/*", Software{"Spring Security", "OAuth2AuthorizationRequestCustomizers.withPkce() as the request customizer"}},
	{"/oauth2/callback", Software{"oauth2-proxy", `code_challenge_method = "S256"`}},
	{"**/login/generic_oauth", Software{"Grafana", "use_pkce = true"}},
	{"**/users/auth/openid_connect/callback", Software{"GitLab", "pkce: true"}},
	{"**/redirect_uri", Software{"mod_auth_openidc", "OIDCPKCEMethod S256"}},
}

// SoftwareAt returns the software that usually has a redirect URI like this and
// sends no PKCE challenge by default.
func SoftwareAt(redirectURI string) (Software, bool) {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Path == "" {
		return Software{}, false
	}
	for _, s := range software {
		pattern, anywhere := strings.CutPrefix(s.pattern, "**")
		for at := u.Path; at != ""; at = withoutFirst(at) {
			if fits, err := path.Match(pattern, at); err == nil && fits {
				return s.Software, true
			}
			if !anywhere {
				break
			}
		}
	}
	return Software{}, false
}

// withoutFirst is a path without its first segment.
func withoutFirst(p string) string {
	if i := strings.IndexByte(p[1:], '/'); i >= 0 {
		return p[1+i:]
	}
	return ""
}

// Advise returns what completed metadata is not wrong in, but what will probably
// not work as it is.
func (m *Metadata) Advise(p Policy) []Problem {
	v := validation{Metadata: m, policy: p}
	v.adviseImplicit()
	if m.Type == TypeConfidential && m.RequiresPKCE() {
		var named []string
		for i, uri := range m.RedirectURIs {
			s, ok := SoftwareAt(uri)
			if !ok || slices.Contains(named, s.Name) {
				continue
			}
			named = append(named, s.Name)
			v.add(indexed("redirect_uris", i), "this looks like %s, which sends no PKCE challenge by default and would be refused: there, set %s; or here, set %s: false",
				s.Name, s.PKCE, v.spell("require_pkce"))
		}
	}
	return v.problems
}

// PKCEAdvice tells an operator what to do about a client that sent no
// code_challenge although it has to.
func (c *Client) PKCEAdvice(redirectURI string) string {
	here := fmt.Sprintf("set require_pkce: false for the client %s", c.ID)
	if c.Type != TypeConfidential {
		here = "nothing can be set here: a client without a secret must send one"
	}
	if s, ok := SoftwareAt(redirectURI); ok {
		return fmt.Sprintf("this looks like %s: there, set %s; or here, %s", s.Name, s.PKCE, here)
	}
	return "have the software send an S256 code_challenge; or here, " + here
}

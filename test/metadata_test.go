package test

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/op"
)

// advertised is how each address of the metadata answers a request that lacks everything:
// by what only that endpoint answers.
var advertised = map[string]struct {
	method string
	status int
	says   string
}{
	"authorization_endpoint":                {http.MethodGet, http.StatusBadRequest, "error-title"},
	"token_endpoint":                        {http.MethodPost, http.StatusUnauthorized, `"invalid_client"`},
	"userinfo_endpoint":                     {http.MethodGet, http.StatusUnauthorized, ""},
	"introspection_endpoint":                {http.MethodPost, http.StatusUnauthorized, `"invalid_client"`},
	"revocation_endpoint":                   {http.MethodPost, http.StatusUnauthorized, `"invalid_client"`},
	"pushed_authorization_request_endpoint": {http.MethodPost, http.StatusUnauthorized, `"invalid_client"`},
	"device_authorization_endpoint":         {http.MethodPost, http.StatusUnauthorized, `"invalid_client"`},
	"end_session_endpoint":                  {http.MethodGet, http.StatusOK, "signed-out"},
	"jwks_uri":                              {http.MethodGet, http.StatusOK, `"keys"`},
}

// unadvertised are addresses of the protocol that people and other documents lead to.
var unadvertised = []string{
	"/authorize/resume", "/logout/done", "/errors/", client.LogosPath, "/.well-known/openid-configuration",
	"/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource",
}

// raw sends a request and returns the answer's status, challenge and body.
func (s *certifiedSite) raw(method, address string) (status int, challenge, body string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, address, strings.NewReader(""))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := (&http.Client{Transport: s.transport(nil)}).Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, response.Header.Get("WWW-Authenticate"), string(text)
}

// compare holds the metadata of a running node to its routes and clients, both ways: what
// is advertised answers as itself, and what answers is advertised.
func (s *certifiedSite) compare(issuer, base string, orders *tls.Certificate) {
	s.t.Helper()
	_, metadata := s.ask(http.MethodGet, issuer+"/.well-known/openid-configuration", "", nil, nil)
	_, other := s.ask(http.MethodGet, issuer+"/.well-known/oauth-authorization-server", "", nil, nil)
	if len(other) != len(metadata) || other["issuer"] != issuer {
		s.t.Errorf("the documents differ: %v and %v", other, metadata)
	}
	told := map[string]bool{}
	for member, value := range metadata {
		if address, is := value.(string); is && (strings.HasSuffix(member, "_endpoint") || strings.HasSuffix(member, "_uri")) {
			want, known := advertised[member]
			if !known {
				s.t.Errorf("%s is advertised, and nobody knows what it answers", member)
				continue
			}
			told[strings.TrimPrefix(address, issuer)] = true
			if status, _, body := s.raw(want.method, address); status != want.status || !strings.Contains(body, want.says) {
				s.t.Errorf("%s answers %d %.200s", member, status, body)
			}
		}
	}
	for member := range advertised {
		if metadata[member] == nil {
			s.t.Errorf("%s is not advertised", member)
		}
	}
	for _, path := range op.Paths() {
		status, _, _ := s.raw(http.MethodOptions, issuer+path)
		if mounted := status != http.StatusNotFound; mounted != told[path] && !slices.Contains(unadvertised, path) {
			s.t.Errorf("%s is mounted: %t, and advertised: %t", path, mounted, told[path])
		}
	}
	grants, _ := metadata["grant_types_supported"].([]any)
	for _, grant := range append(client.GrantTypes(), "password", "urn:example:unknown") {
		if grant == client.GrantImplicit {
			continue // that of the authorization endpoint
		}
		_, answer := s.ask(http.MethodPost, base+"/token", "", orders, url.Values{"grant_type": {grant}, "client_id": {"orders"}})
		if supported := answer["error"] != "unsupported_grant_type"; supported != slices.Contains(grants, any(grant)) {
			s.t.Errorf("%s is advertised: %t, and answered %v", grant, !supported, answer)
		}
	}
	s.described(issuer, base, orders)
}

// described follows the admin API's refusal to its metadata (RFC 9728), and those to a
// token that it takes.
func (s *certifiedSite) described(issuer, base string, orders *tls.Certificate) {
	s.t.Helper()
	api := issuer + "/admin/api/v1"
	status, challenge, _ := s.raw(http.MethodGet, api+"/people")
	address := issuer + "/.well-known/oauth-protected-resource/admin/api/v1"
	if status != http.StatusUnauthorized || !strings.Contains(challenge, `resource_metadata="`+address+`"`) {
		s.t.Errorf("refused with %d %q", status, challenge)
	}
	_, said := s.ask(http.MethodGet, address, "", nil, nil)
	scopes, _ := said["scopes_supported"].([]any)
	servers, _ := said["authorization_servers"].([]any)
	if said["resource"] != api || len(servers) != 1 || servers[0] != issuer || !slices.Contains(scopes, any("admin:people.read")) || slices.Contains(scopes, any("openid")) {
		s.t.Fatalf("described as %v", said)
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"orders"}, "resource": {api}, "scope": {"admin:people.read"}}
	_, answer := s.ask(http.MethodPost, base+"/token", "", orders, form)
	token, _ := answer["access_token"].(string)
	if status, answer := s.ask(http.MethodGet, base+"/admin/api/v1/people", token, orders, nil); status != http.StatusOK {
		s.t.Errorf("a token for the described resource: %d %v", status, answer)
	}
	if status, _, _ := s.raw(http.MethodGet, issuer+"/.well-known/oauth-protected-resource/scim/v2"); status != http.StatusNotFound {
		s.t.Errorf("SCIM, which is not there, is described: %d", status)
	}
}

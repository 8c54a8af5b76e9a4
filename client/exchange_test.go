package client

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/access"
)

// TX1, DC1: what a client may be registered for as to devices and token exchange.
func TestTX1_ExchangeIsJudged(t *testing.T) {
	t.Parallel()
	catalog, problems := access.New(access.Config{Resources: []access.Resource{{Identifier: "https://api.example.com"}}})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	rule := ExchangeRule{Resources: []string{"https://api.example.com"}}
	for name, tc := range map[string]struct {
		m    Metadata
		want string // in what is wrong; empty: nothing is
	}{
		"a service with a rule":       {Metadata{Type: TypeService, GrantTypes: []string{GrantTokenExchange}, TokenExchange: []ExchangeRule{rule}}, ""},
		"no rule":                     {Metadata{Type: TypeService, GrantTypes: []string{GrantTokenExchange}}, "without one it"},
		"a rule without the grant":    {Metadata{Type: TypeService, TokenExchange: []ExchangeRule{rule}}, "it has no effect without"},
		"a client without a secret":   {Metadata{Type: TypeNative, RedirectURIs: []string{"com.example:/cb"}, GrantTypes: []string{GrantAuthorizationCode, GrantTokenExchange}, TokenExchange: []ExchangeRule{rule}}, "needs a client that authenticates"},
		"no resource":                 {Metadata{Type: TypeService, GrantTypes: []string{GrantTokenExchange}, TokenExchange: []ExchangeRule{{}}}, "name the resource servers"},
		"an unknown resource":         {Metadata{Type: TypeService, GrantTypes: []string{GrantTokenExchange}, TokenExchange: []ExchangeRule{{Resources: []string{"https://x.example.com"}}}}, "no resource server has this identifier"},
		"semantics that are none":     {Metadata{Type: TypeService, GrantTypes: []string{GrantTokenExchange}, TokenExchange: []ExchangeRule{{Resources: rule.Resources, Semantics: "both"}}}, "not supported"},
		"a sign-in":                   {Metadata{Type: TypeService, GrantTypes: []string{GrantTokenExchange}, TokenExchange: []ExchangeRule{{Resources: rule.Resources, Scopes: []string{ScopeOpenID}}}}, "a sign-in here"},
		"from no id":                  {Metadata{Type: TypeService, GrantTypes: []string{GrantTokenExchange}, TokenExchange: []ExchangeRule{{Resources: rule.Resources, From: []string{"a b"}}}}, "id of a client"},
		"may_act that is not an id":   {Metadata{Type: TypeService, MayAct: "a b"}, "may act with this client's tokens"},
		"a device":                    {Metadata{Type: TypeNative, GrantTypes: []string{GrantDeviceCode, GrantRefreshToken}, Scopes: []string{ScopeOpenID, ScopeOfflineAccess}}, ""},
		"a device that is a service":  {Metadata{Type: TypeService, GrantTypes: []string{GrantDeviceCode}}, "no person"},
		"refreshing without a person": {Metadata{Type: TypeConfidential, GrantTypes: []string{GrantTokenExchange, GrantRefreshToken}, Scopes: []string{}, TokenExchange: []ExchangeRule{rule}}, "refresh_token needs"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.m.Complete(Lifetimes{AccessToken: 10 * time.Minute, IDToken: 10 * time.Minute, RefreshIdle: 24 * time.Hour, Refresh: 48 * time.Hour})
			var found []string
			for _, p := range tc.m.Validate(Policy{SigningAlgs: []string{"RS256", "ES256"}, Catalog: catalog}) {
				found = append(found, p.Field+": "+p.Message)
			}
			said := strings.Join(found, "\n")
			if tc.want == "" && said != "" || !strings.Contains(said, tc.want) {
				t.Errorf("%q is said, want %q", said, tc.want)
			}
		})
	}
}

// CL2: what may be written down of the JWTs of a platform.
func TestCL2_WorkloadIdentityIsJudged(t *testing.T) {
	t.Parallel()
	good := Metadata{Type: TypeService, AuthMethod: AuthMethodPrivateKeyJWT, JWKSURI: "https://builds.example.com/keys"}
	for name, tc := range map[string]struct {
		is     Workload
		change func(*Metadata)
		want   string
	}{
		"a job":                  {Workload{Issuer: "https://builds.example.com", Subject: "repo:acme/shop:*"}, nil, ""},
		"a pod":                  {Workload{Subject: "spiffe://example.org/ns/shop"}, nil, ""},
		"no issuer":              {Workload{Subject: "repo:acme/shop"}, nil, "required: the iss"},
		"no subject":             {Workload{Issuer: "https://builds.example.com"}, nil, "required: the sub"},
		"anybody":                {Workload{Issuer: "https://builds.example.com", Subject: "*"}, nil, "match anyone"},
		"a star in between":      {Workload{Issuer: "https://builds.example.com", Subject: "repo:*:main"}, nil, "only at the end"},
		"a claim without values": {Workload{Issuer: "https://builds.example.com", Subject: "repo:acme/shop", Claims: map[string][]string{"owner": nil}}, nil, "one value or more"},
		"people":                 {Workload{Issuer: "https://builds.example.com", Subject: "repo:acme/shop"}, func(m *Metadata) { m.Type = TypeConfidential }, "no person"},
		"a secret":               {Workload{Issuer: "https://builds.example.com", Subject: "repo:acme/shop"}, func(m *Metadata) { m.AuthMethod = AuthMethodBasic }, "private_key_jwt"},
	} {
		t.Run(name, func(t *testing.T) {
			m := good
			m.Workload = &tc.is
			if tc.change != nil {
				tc.change(&m)
			}
			m.Complete(Lifetimes{AccessToken: 10 * time.Minute, IDToken: 10 * time.Minute, RefreshIdle: 24 * time.Hour, Refresh: 48 * time.Hour})
			var found []string
			for _, p := range m.Validate(Policy{SigningAlgs: []string{"RS256", "ES256"}}) {
				if strings.HasPrefix(p.Field, "workload_identity") {
					found = append(found, p.Message)
				}
			}
			if said := strings.Join(found, "\n"); tc.want == "" && said != "" || !strings.Contains(said, tc.want) {
				t.Errorf("%q is said, want %q", said, tc.want)
			}
		})
	}
}

package op

import (
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"
)

func TestLibraryClient(t *testing.T) {
	registered := wikiClient()
	c := libraryClient{&registered}
	if c.GetID() != "wiki" || c.AuthMethod() != oidc.AuthMethodBasic || c.DevMode() || c.ClockSkew() != 0 {
		t.Errorf("the library sees %+v", c)
	}
	if want := []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}; !slices.Equal(c.GrantTypes(), want) {
		t.Errorf("grant types %v, want %v", c.GrantTypes(), want)
	}
	if !c.IsScopeAllowed("email") || c.IsScopeAllowed("admin") {
		t.Error("scopes are not those registered")
	}
	for kind, want := range map[client.Type]zitadel.ApplicationType{
		client.TypeConfidential: zitadel.ApplicationTypeWeb, client.TypeService: zitadel.ApplicationTypeWeb,
		client.TypePublic: zitadel.ApplicationTypeUserAgent, client.TypeNative: zitadel.ApplicationTypeNative,
	} {
		registered.Type = kind
		if got := c.ApplicationType(); got != want {
			t.Errorf("a %s client is a %v", kind, got)
		}
	}
}

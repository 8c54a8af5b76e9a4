package op

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"
)

// formDecoder fills the library's requests from a form by hand: without the
// reflection of its own decoder, and with only the fields that are read.
type formDecoder struct{}

// Decode implements the library's decoder.
func (formDecoder) Decode(dst any, src map[string][]string) error {
	form := url.Values(src)
	switch d := dst.(type) {
	case *zitadel.ClientCredentials:
		d.ClientID, d.ClientSecret = form.Get("client_id"), form.Get("client_secret")
	case *oidc.AccessTokenRequest:
		d.Code, d.RedirectURI, d.CodeVerifier = form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier")
	case *oidc.RefreshTokenRequest:
		d.RefreshToken, d.Scopes = form.Get("refresh_token"), strings.Fields(form.Get("scope"))
	case *oidc.ClientCredentialsRequest:
		d.Scope = strings.Fields(form.Get("scope"))
	case *oidc.IntrospectionRequest:
		d.Token = form.Get("token")
	case *oidc.RevocationRequest:
		d.Token, d.TokenTypeHint = form.Get("token"), form.Get("token_type_hint")
	default:
		return fmt.Errorf("no form becomes a %T here", dst)
	}
	return nil
}

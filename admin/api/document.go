package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/latchkey-id/latchkey/admin"
)

// securityScheme is how the document calls access tokens of ours.
const securityScheme = "latchkey"

// A field is spelled as the document says, or is none: {"Email": …} beside {"email": …}
// would be read by one and overlooked by another (parser differential).
func init() { huma.ValidateStrictCasing = true }

// humaConfig is how huma reads and writes: JSON alone, and no field or parameter that is
// not in the types (mass assignment, requirement RE4).
func (a *API) humaConfig() huma.Config {
	scopes := map[string]string{}
	for _, s := range admin.Scopes() {
		scopes[s.Name] = s.Description
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Latchkey admin API", Version: "v1",
				Description: "People, groups, applications, events and the state of the service. Access tokens are issued by Latchkey itself for the resource " + admin.Resource + ".",
			},
			Servers: []*huma.Server{{URL: a.cfg.Issuer}},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{securityScheme: {
					Type: "oauth2", Description: "An access token for the resource " + admin.Resource,
					Flows: &huma.OAuthFlows{
						AuthorizationCode: &huma.OAuthFlow{AuthorizationURL: a.cfg.Issuer + "/authorize", TokenURL: a.cfg.Issuer + "/token", Scopes: scopes},
						ClientCredentials: &huma.OAuthFlow{TokenURL: a.cfg.Issuer + "/token", Scopes: scopes},
					},
				}},
			},
		},
		Formats: map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}, DefaultFormat: "application/json",
	}
}

// describe makes the document, once.
func (a *API) describe() error {
	a.Handler()
	document, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		return fmt.Errorf("make OpenAPI document: %w", err)
	}
	a.document = document
	return nil
}

// serveDocument answers with the document. It says nothing that is not in the source
// code, so that whoever writes a client may read it.
func (a *API) serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(a.document) // whoever hung up misses it
}

package interaction

import (
	"slices"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Prompt values (OpenID Connect Core 3.1.2.1).
const (
	PromptNone          = "none"
	PromptLogin         = "login"
	PromptConsent       = "consent"
	PromptSelectAccount = "select_account"
	// PromptCreate is of Initiating User Registration via OpenID Connect 1.0.
	PromptCreate = "create"
)

// AuthorizationRequest is a request to /authorize that has been checked
// against its client: everything in it may be relied on.
type AuthorizationRequest struct {
	ClientID     string `json:"client_id"`
	RedirectURI  string `json:"redirect_uri"`
	ResponseType string `json:"response_type"`
	// ResponseAlg is the algorithm of a signed answer (JARM).
	ResponseAlg   string   `json:"response_alg,omitempty"`
	ResponseMode  string   `json:"response_mode"`
	Scopes        []string `json:"scopes"`
	State         string   `json:"state,omitempty"`
	Nonce         string   `json:"nonce,omitempty"`
	CodeChallenge string   `json:"code_challenge,omitempty"` // S256 only
	// DPoPKey is the thumbprint of the DPoP key that the code is for (RFC 9449 section 10).
	DPoPKey      string   `json:"dpop_jkt,omitempty"`
	Prompt       []string `json:"prompt,omitempty"`
	MaxAge       *int64   `json:"max_age,omitempty"` // seconds
	LoginHint    string   `json:"login_hint,omitempty"`
	HintSubject  string   `json:"hint_subject,omitempty"`  // sub of a verified id_token_hint
	ACRValues    []string `json:"acr_values,omitempty"`    // wanted, best first
	EssentialACR []string `json:"essential_acr,omitempty"` // one of these or failure
	// ACRNames are how the request called those classes, by class, where it used other
	// names than they have here.
	ACRNames  map[string]string `json:"acr_names,omitempty"`
	UILocales []string          `json:"ui_locales,omitempty"`
	Display   string            `json:"display,omitempty"`
	// Pushed is the id under which a client pushed the request (RFC 9126); empty where
	// the browser brought it.
	Pushed string `json:"pushed,omitempty"`

	Claims storage.ClaimsRequest `json:"claims,omitzero"`
	// Resources are the resource servers that access tokens may be asked for (RFC 8707).
	Resources []string `json:"resources,omitempty"`
	// PlainResources are those of them that no scope of the request is of.
	PlainResources []string `json:"plain_resources,omitempty"`
	// ClaimScopes are the scopes of the claims that are asked for by name, where the
	// request does not ask for them as well. No token ever has them.
	ClaimScopes []string `json:"claim_scopes,omitempty"`
}

// ConsentScopes are what a person is asked about, and what is remembered: what the
// client asks for as scopes, what its claims parameter comes to, and resource servers.
func (r *AuthorizationRequest) ConsentScopes() []string {
	asked := slices.Concat(r.Scopes, r.ClaimScopes)
	for _, resource := range r.PlainResources {
		asked = append(asked, client.ConsentTo(resource))
	}
	return asked
}

// HasPrompt reports whether the request names the prompt value.
func (r *AuthorizationRequest) HasPrompt(p string) bool { return slices.Contains(r.Prompt, p) }

// HasScope reports whether the request asks for the scope.
func (r *AuthorizationRequest) HasScope(s string) bool { return slices.Contains(r.Scopes, s) }

package op

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// Bounds of lists in a request.
const (
	maxScopes  = 64
	maxACRs    = 16
	maxLocales = 16
)

// prompts lists the supported values of prompt: create only where people may
// make accounts.
func (c *Config) prompts() []string {
	prompts := []string{interaction.PromptNone, interaction.PromptLogin, interaction.PromptConsent, interaction.PromptSelectAccount}
	if c.SignUp {
		prompts = append(prompts, interaction.PromptCreate)
	}
	return prompts
}

var supportedDisplays = []oidc.Display{oidc.DisplayPage}

// authorizationParameters are those of an authorization request that are read;
// all others are ignored (RFC 6749 section 3.1).
var authorizationParameters = parameterSet([]string{
	"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce",
	"code_challenge", "code_challenge_method", "prompt", "max_age", "display", "ui_locales", "acr_values", "claims",
	"id_token_hint", "login_hint", "dpop_jkt", "request", "request_uri", "registration", "resource",
})

// authorizationCheck turns the parameters of an authorization request into one
// that may be relied on. It knows values and a client, and no HTTP: parameters
// that were pushed (RFC 9126), signed (RFC 9101) or come with a device (RFC 8628)
// are judged by the same rules.
type authorizationCheck struct {
	params url.Values
	faulty []string
	client *client.Client
	// bound says that every token of the client is to be bound to a key.
	bound bool
	// prompts are the values of prompt that are supported.
	prompts []string
	// claims knows which claims there are, and resource servers.
	claims *maker
	// hintSubject returns the sub of an ID token of ours.
	hintSubject func(token string) (string, error)
	// knownScopes returns those of the scopes that exist here.
	knownScopes func(asked []string) ([]string, error)

	request interaction.AuthorizationRequest
}

// parseAuthorization checks the parameters that a client sent; faulty names those
// of them that cannot be relied on. The error is what the client is told.
func (p *Provider) parseAuthorization(ctx context.Context, form url.Values, faulty []string, c *client.Client, to delivery) (*interaction.AuthorizationRequest, error) {
	check := authorizationCheck{
		params: form, faulty: faulty, client: c, bound: p.mustBind(c).wanted(), prompts: p.prompts, claims: &p.make,
		hintSubject: func(token string) (string, error) { return p.hintSubject(ctx, token) },
		knownScopes: func(asked []string) ([]string, error) { return p.knownScopes(ctx, c, asked) },
	}
	request, err := check.run(to)
	if err != nil {
		return nil, err
	}
	nameClasses(request, p.acrs)
	return request, nil
}

// run applies every rule in turn.
func (c *authorizationCheck) run(to delivery) (*interaction.AuthorizationRequest, error) {
	c.request = interaction.AuthorizationRequest{
		ClientID:     c.client.ID,
		RedirectURI:  to.RedirectURI,
		ResponseMode: string(to.Mode),
		State:        to.State,
		Nonce:        c.params.Get("nonce"),
		LoginHint:    c.params.Get("login_hint"),
	}
	if isSigned(c.request.ResponseMode) {
		c.request.ResponseAlg = to.Alg
	}
	for _, rule := range []func() error{
		c.checkForm, c.checkUnsupported, c.readResponseType, c.readResponseMode, c.readResources, c.readScopes, c.notePlainResources, c.readPKCE, c.readDPoPKey,
		c.readPrompt, c.readMaxAge, c.readPresentation, c.readACR, c.readClaims, c.readHint,
	} {
		if err := rule(); err != nil {
			return nil, err
		}
	}
	return &c.request, nil
}

func (c *authorizationCheck) checkForm() error {
	if len(c.faulty) == 0 {
		return nil
	}
	slices.Sort(c.faulty)
	return faultyParameters(c.faulty)
}

// checkUnsupported refuses what must not be ignored in silence (Core 6.1, 6.2, 7.2.1).
func (c *authorizationCheck) checkUnsupported() error {
	for _, name := range []string{"request", "request_uri", "registration"} {
		if c.params.Get(name) != "" {
			return &Error{Code: name + "_not_supported", Description: "the " + name + " parameter is not supported"}
		}
	}
	return nil
}

// readResponseType takes what the client is registered for (requirement AZ4). What it
// answers with ID tokens needs a nonce, which ties them to the request (OpenID Connect
// Core 3.2.2.1, 3.3.2.11; replay).
func (c *authorizationCheck) readResponseType() error {
	asked := client.CanonicalResponseType(c.params.Get("response_type"))
	switch {
	case asked == "":
		return badRequest("response_type is missing")
	case !slices.Contains(client.ResponseTypes(), asked):
		return &Error{Code: codeUnsupportedResponseType, Description: "the response type is not supported"}
	}
	if !c.client.AllowsResponseType(asked) {
		return &Error{Code: codeUnauthorizedClient, Description: "the client is not registered for the response type"}
	}
	switch {
	case client.InResponseType(asked, "id_token") && c.request.Nonce == "":
		return badRequest("nonce is required when the response contains an ID token")
	case client.InResponseType(asked, "token") && c.bound:
		return &Error{Code: codeUnauthorizedClient, Description: "this client's tokens must be bound to a key, which this endpoint cannot do: use response_type=code"}
	}
	c.request.ResponseType = asked
	return nil
}

// readResponseMode refuses a mode that the answer could not be given in: see
// [responseMode], which has chosen another one then.
func (c *authorizationCheck) readResponseMode() error {
	asked, chosen := c.params.Get("response_mode"), c.request.ResponseMode
	if asked != "" && asked != chosen && (asked != client.ResponseModeJWT || !isSigned(chosen)) {
		return badRequest("the response mode is not supported for the response type, or the client is not registered for it")
	}
	if asked == "" && !slices.Contains(c.client.ResponseModes, chosen) {
		return badRequest("the client is not registered for the response mode")
	}
	return nil
}

// readPKCE takes S256 and nothing else. A challenge without a method means
// plain (RFC 7636 section 4.3), which proves nothing to whoever sees the request.
func (c *authorizationCheck) readPKCE() error {
	challenge, method := c.params.Get("code_challenge"), c.params.Get("code_challenge_method")
	required := c.client.RequiresPKCE() && client.InResponseType(c.request.ResponseType, "code")
	switch {
	case challenge == "" && method != "":
		return badRequest("code_challenge_method was sent without code_challenge")
	case challenge == "" && required:
		return c.missingPKCE()
	case challenge == "":
		return nil
	case method != string(oidc.CodeChallengeMethodS256):
		return badRequest("code_challenge_method must be S256")
	case !isS256Challenge(challenge):
		return badRequest("code_challenge must be a SHA-256 hash in base64url")
	}
	c.request.CodeChallenge = challenge
	return nil
}

// readDPoPKey takes the thumbprint of the key that the code will be shown with (RFC
// 9449 section 10).
func (c *authorizationCheck) readDPoPKey() error {
	c.request.DPoPKey = c.params.Get("dpop_jkt")
	if c.request.DPoPKey != "" && !isS256Challenge(c.request.DPoPKey) {
		return badRequest("dpop_jkt must be a SHA-256 thumbprint in base64url")
	}
	return nil
}

// keepsNoSecret reports whether nothing but PKCE ties a code to the client.
func (c *authorizationCheck) keepsNoSecret() bool {
	return c.client.IsPublic() || c.client.Type.KeepsNoSecret()
}

// missingPKCE says what to change, on either side.
func (c *authorizationCheck) missingPKCE() error {
	what := "code_challenge is missing: turn on PKCE (S256) in the application"
	if c.keepsNoSecret() {
		what += ", and this client cannot work without it"
	} else {
		what += ", or set require_pkce: false for this client"
	}
	return invalidRequest(what, advice(c.client.PKCEAdvice(c.request.RedirectURI)))
}

func (c *authorizationCheck) readPrompt() error {
	for prompt := range strings.FieldsSeq(c.params.Get("prompt")) {
		if !slices.Contains(c.prompts, prompt) {
			return badRequest("prompt contains an unsupported value")
		}
		if !c.request.HasPrompt(prompt) {
			c.request.Prompt = append(c.request.Prompt, prompt)
		}
	}
	if c.request.HasPrompt(interaction.PromptNone) && len(c.request.Prompt) > 1 {
		return badRequest("prompt=none cannot be combined with other values")
	}
	return nil
}

// readMaxAge takes a number of seconds. Beyond 68 years all numbers mean the
// same, and are made one that no later arithmetic overflows on.
func (c *authorizationCheck) readMaxAge() error {
	text := c.params.Get("max_age")
	if text == "" {
		if c.client.DefaultMaxAge != nil {
			seconds := int64(c.client.DefaultMaxAge.Duration().Seconds())
			c.request.MaxAge = &seconds
		}
		return nil
	}
	seconds, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return badRequest("max_age must be a number of seconds")
	}
	bounded := int64(min(seconds, math.MaxInt32))
	c.request.MaxAge = &bounded
	return nil
}

// readPresentation takes wishes about the pages; what is not understood of
// them is ignored (Core 3.1.2.1).
func (c *authorizationCheck) readPresentation() error {
	switch d := oidc.Display(c.params.Get("display")); d {
	case oidc.DisplayPage, oidc.DisplayPopup, oidc.DisplayTouch, oidc.DisplayWAP:
		c.request.Display = string(d)
	}
	locales := strings.Fields(c.params.Get("ui_locales"))
	for _, tag := range oidc.ParseLocales(locales[:min(len(locales), maxLocales)]) {
		c.request.UILocales = append(c.request.UILocales, tag.String())
	}
	return nil
}

// readHint takes an ID token of ours, expired or not, as a word on who should
// be signed in (Core 3.1.2.1).
func (c *authorizationCheck) readHint() error {
	token := c.params.Get("id_token_hint")
	if token == "" {
		return nil
	}
	subject, err := c.hintSubject(token)
	if cannotJudge(err) {
		return err
	}
	if err != nil {
		return &Error{Code: codeInvalidRequest, Description: "id_token_hint is not an ID token from this issuer", Cause: err}
	}
	return c.expectSubject(subject)
}

// expectSubject notes that the request is about one person.
func (c *authorizationCheck) expectSubject(subject string) error {
	if c.request.HintSubject != "" && c.request.HintSubject != subject {
		return badRequest("the request names two people")
	}
	c.request.HintSubject = subject
	return nil
}

func badRequest(description string) error { return invalidRequest(description, nil) }

// isS256Challenge reports whether s is a SHA-256 hash in unpadded base64url.
func isS256Challenge(s string) bool {
	hash, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(hash) == sha256.Size && len(s) == base64.RawURLEncoding.EncodedLen(sha256.Size)
}

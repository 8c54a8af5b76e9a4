package op

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
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
	prompts := []string{storage.PromptNone, storage.PromptLogin, storage.PromptConsent, storage.PromptSelectAccount}
	if c.SignUp {
		prompts = append(prompts, storage.PromptCreate)
	}
	return prompts
}

var supportedDisplays = []oidc.Display{oidc.DisplayPage}

// authorizationCheck turns parameters into a request that may be relied on.
type authorizationCheck struct {
	params parameters
	faulty []string
	client *client.Client
	// prompts are the values of prompt that are supported.
	prompts []string
	// hintSubject returns the sub of an ID token of ours.
	hintSubject func(token string) (string, error)

	request storage.AuthorizationRequest
}

// run applies every rule in turn. The error is what the client is told.
func (c *authorizationCheck) run(to delivery) (*storage.AuthorizationRequest, error) {
	c.request = storage.AuthorizationRequest{
		ClientID:     c.client.ID,
		RedirectURI:  to.RedirectURI,
		ResponseMode: string(to.Mode),
		State:        to.State,
		Nonce:        c.params["nonce"],
		LoginHint:    c.params["login_hint"],
	}
	for _, rule := range []func() error{
		c.checkForm, c.checkUnsupported, c.readResponseType, c.readResponseMode, c.readScopes, c.readPKCE,
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
	return &authorizationError{
		Code:        codeInvalidRequest,
		Description: "a parameter is repeated, too long or no text",
		Cause:       errors.New(loggable(strings.Join(c.faulty, " "))),
	}
}

// checkUnsupported refuses what must not be ignored in silence (Core 6.1, 6.2, 7.2.1).
func (c *authorizationCheck) checkUnsupported() error {
	for name, code := range map[string]string{
		"request":      "request_not_supported",
		"request_uri":  "request_uri_not_supported",
		"registration": "registration_not_supported",
	} {
		if c.params[name] != "" {
			return &authorizationError{Code: code, Description: "the " + name + " parameter is not supported"}
		}
	}
	return nil
}

func (c *authorizationCheck) readResponseType() error {
	const code = string(oidc.ResponseTypeCode)
	switch c.params["response_type"] {
	case code:
	case "":
		return invalidAuthorization("response_type is missing")
	default:
		return &authorizationError{Code: codeUnsupportedResponseType, Description: "the response type is not supported"}
	}
	if !slices.Contains(c.client.ResponseTypes, code) || !c.client.AllowsGrant(client.GrantAuthorizationCode) {
		return &authorizationError{Code: codeUnauthorizedClient, Description: "the client is not registered for the code flow"}
	}
	c.request.ResponseType = code
	return nil
}

func (c *authorizationCheck) readResponseMode() error {
	asked := c.params["response_mode"]
	if asked != "" && asked != c.request.ResponseMode {
		return invalidAuthorization("the response mode is not supported or the client is not registered for it")
	}
	if !slices.Contains(c.client.ResponseModes, c.request.ResponseMode) {
		return invalidAuthorization("the client is not registered for the response mode")
	}
	return nil
}

// readPKCE takes S256 and nothing else. A challenge without a method means
// plain (RFC 7636 section 4.3), which proves nothing to whoever sees the request.
func (c *authorizationCheck) readPKCE() error {
	challenge, method := c.params["code_challenge"], c.params["code_challenge_method"]
	required := c.client.RequiresPKCE()
	switch {
	case challenge == "" && method != "":
		return invalidAuthorization("code_challenge_method without code_challenge")
	case challenge == "" && required:
		return invalidAuthorization("code_challenge is missing: the client must use PKCE")
	case challenge == "":
		return nil
	case method != string(oidc.CodeChallengeMethodS256):
		return invalidAuthorization("code_challenge_method must be S256")
	case !isS256Challenge(challenge):
		return invalidAuthorization("code_challenge is not a SHA-256 hash in base64url")
	}
	c.request.CodeChallenge = challenge
	return nil
}

func (c *authorizationCheck) readPrompt() error {
	for prompt := range strings.FieldsSeq(c.params["prompt"]) {
		if !slices.Contains(c.prompts, prompt) {
			return invalidAuthorization("a value of prompt is not supported")
		}
		if !c.request.HasPrompt(prompt) {
			c.request.Prompt = append(c.request.Prompt, prompt)
		}
	}
	if c.request.HasPrompt(storage.PromptNone) && len(c.request.Prompt) > 1 {
		return invalidAuthorization("prompt=none goes with no other value")
	}
	return nil
}

// readMaxAge takes a number of seconds. Beyond 68 years all numbers mean the
// same, and are made one that no later arithmetic overflows on.
func (c *authorizationCheck) readMaxAge() error {
	text := c.params["max_age"]
	if text == "" {
		if c.client.DefaultMaxAge != nil {
			seconds := int64(c.client.DefaultMaxAge.Duration().Seconds())
			c.request.MaxAge = &seconds
		}
		return nil
	}
	seconds, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return invalidAuthorization("max_age is not a number of seconds")
	}
	bounded := int64(min(seconds, math.MaxInt32))
	c.request.MaxAge = &bounded
	return nil
}

// readPresentation takes wishes about the pages; what is not understood of
// them is ignored (Core 3.1.2.1).
func (c *authorizationCheck) readPresentation() error {
	switch d := oidc.Display(c.params["display"]); d {
	case oidc.DisplayPage, oidc.DisplayPopup, oidc.DisplayTouch, oidc.DisplayWAP:
		c.request.Display = string(d)
	}
	locales := strings.Fields(c.params["ui_locales"])
	for _, tag := range oidc.ParseLocales(locales[:min(len(locales), maxLocales)]) {
		c.request.UILocales = append(c.request.UILocales, tag.String())
	}
	return nil
}

// readHint takes an ID token of ours, expired or not, as a word on who should
// be signed in (Core 3.1.2.1).
func (c *authorizationCheck) readHint() error {
	token := c.params["id_token_hint"]
	if token == "" {
		return nil
	}
	subject, err := c.hintSubject(token)
	if err != nil {
		return &authorizationError{Code: codeInvalidRequest, Description: "id_token_hint is not an ID token of this issuer", Cause: err}
	}
	return c.expectSubject(subject)
}

// expectSubject notes that the request is about one person.
func (c *authorizationCheck) expectSubject(subject string) error {
	if c.request.HintSubject != "" && c.request.HintSubject != subject {
		return invalidAuthorization("the request names two people")
	}
	c.request.HintSubject = subject
	return nil
}

// isS256Challenge reports whether s is a SHA-256 hash in unpadded base64url.
func isS256Challenge(s string) bool {
	hash, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(hash) == sha256.Size && len(s) == base64.RawURLEncoding.EncodedLen(sha256.Size)
}

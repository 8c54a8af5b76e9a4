package op

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// The error codes of request objects (OpenID Connect Core 3.1.2.6, RFC 9101 section 7).
const (
	codeInvalidRequestObject   = "invalid_request_object"
	codeInvalidRequestURI      = "invalid_request_uri"
	codeRequestNotSupported    = "request_not_supported"
	codeRequestURINotSupported = "request_uri_not_supported"
)

// unsignedAlg is the request_object_signing_alg of clients that need not sign.
const unsignedAlg = "none"

func badObject(cause error) error {
	return &Error{Code: codeInvalidRequestObject, Description: "the request object is not valid", Cause: cause}
}

// hasObject reports whether the parameters of a request are in a request object.
func hasObject(form url.Values) bool {
	return form.Get("request") != "" || form.Get("request_uri") != ""
}

// requestObject returns the parameters of a request object, given by value or by
// reference (OpenID Connect Core 6, RFC 9101). Only those inside count (RFC 9101
// section 6.3): what a client signed nobody can add to. One that is pushed has to say whose
// it is (RFC 9126 section 3); OpenID Connect Core leaves that to the parameter beside it.
func (p *Provider) requestObject(ctx context.Context, form url.Values, c *client.Client, pushed bool) (url.Values, error) {
	object, err := p.objectOf(ctx, form, c)
	if err != nil {
		return nil, err
	}
	object, err = p.decryptObject(ctx, c, object)
	if err != nil {
		return nil, err
	}
	return p.readObject(ctx, object, form, c, pushed)
}

// readObject returns the parameters of an object that is not encrypted, or not any more.
func (p *Provider) readObject(ctx context.Context, object string, form url.Values, c *client.Client, pushed bool) (url.Values, error) {
	payload, err := p.verifyObject(ctx, c, object)
	if err != nil {
		return nil, err
	}
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(payload, &claims); err != nil || claims == nil {
		return nil, badObject(errors.Join(errors.New("it holds no JSON object"), err))
	}
	if err := p.checkObject(claims, form, c, pushed); err != nil {
		return nil, badObject(err)
	}
	inside, err := parametersOf(claims)
	if err != nil {
		return nil, badObject(err)
	}
	inside.Set("client_id", c.ID)
	return inside, nil
}

// objectOf returns the object itself. An address is called only where it is registered
// for the client.
func (p *Provider) objectOf(ctx context.Context, form url.Values, c *client.Client) (string, error) {
	object, address := form.Get("request"), form.Get("request_uri")
	bare, _, _ := strings.Cut(address, "#")
	switch {
	case object != "" && address != "":
		return "", badRequest("send request or request_uri, not both")
	case object != "":
		return object, nil
	case !slices.Contains(c.RequestURIs, address) && !slices.Contains(c.RequestURIs, bare):
		return "", &Error{Code: codeRequestURINotSupported, Description: "the request_uri is not registered for the client"}
	}
	answer, err := p.cfg.Fetch.Get(ctx, bare, fetch.Request{Accept: "application/oauth-authz-req+jwt, application/jwt"})
	if err != nil {
		return "", &Error{Code: codeInvalidRequestURI, Description: "the request_uri cannot be fetched", Cause: err}
	}
	return string(bytes.TrimSpace(answer.Body)), nil
}

// decryptObject returns the object that one is which was encrypted to us (RFC 9101
// section 6.1), and others as they are, where the client may send them. That it could be
// encrypted proves nothing: what is in it is signed, or may be unsigned, as any other.
func (p *Provider) decryptObject(ctx context.Context, c *client.Client, object string) (string, error) {
	if err := p.maySendObjects(c); err != nil {
		return "", err
	}
	if strings.Count(object, ".") != 4 {
		if c.RequestObjectEncryptionAlg != "" {
			return "", errPlainObject()
		}
		return object, nil
	}
	if len(p.cfg.Keys.EncryptionAlgs()) == 0 {
		return "", errNoEncryption()
	}
	content, alg, enc, err := p.cfg.Keys.Decrypt(ctx, object)
	switch {
	case errors.Is(err, keys.ErrInvalidJWE):
		return "", badObject(err)
	case err != nil:
		return "", unavailable("decrypt request object", err)
	case c.RequestObjectEncryptionAlg != "" && alg != c.RequestObjectEncryptionAlg, c.RequestObjectEncryptionEnc != "" && enc != c.RequestObjectEncryptionEnc:
		return "", badObject(errors.New("it is encrypted with another algorithm than the registered one"))
	}
	return string(content), nil
}

func errPlainObject() error { return badObject(errors.New("it is not encrypted")) }

func errNoEncryption() error {
	return &Error{Code: codeRequestNotSupported, Description: "encrypted request objects are not supported"}
}

// maySendObjects refuses request objects of clients that have no keys for them.
func (p *Provider) maySendObjects(c *client.Client) error {
	if c.RequestObjectSigningAlg != unsignedAlg && c.JWKS == nil && c.JWKSURI == "" {
		return &Error{Code: codeRequestNotSupported, Description: "the client has no registered keys to sign a request object"}
	}
	return nil
}

// verifyObject returns what is in an object: signed by a key of the client, or, where
// the client is registered for that, unsigned.
func (p *Provider) verifyObject(ctx context.Context, c *client.Client, object string) ([]byte, error) {
	var header struct {
		Alg string `json:"alg"`
		Typ string `json:"typ"`
	}
	parts := strings.Split(object, ".")
	unsigned := c.RequestObjectSigningAlg == unsignedAlg
	switch {
	case len(parts) != 3 || decodePart(parts[0], &header) != nil:
		return nil, badObject(errors.New("it is not a signed JWT"))
	case header.Typ != "" && !slices.Contains([]string{"jwt", "oauth-authz-req+jwt"}, strings.ToLower(header.Typ)):
		return nil, badObject(errors.New("its typ is that of another token"))
	case header.Alg == unsignedAlg && unsigned && parts[2] == "":
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err != nil {
			return nil, badObject(err)
		}
		return payload, nil
	case header.Alg == unsignedAlg:
		return nil, badObject(errors.New("it is not signed"))
	case c.RequestObjectSigningAlg != "" && !unsigned && !sameAlg(c.RequestObjectSigningAlg, header.Alg):
		return nil, badObject(errors.New("it is signed with another algorithm than the registered one"))
	}
	payload, err := p.verifyByClient(ctx, c, object)
	if unjudged := (*Error)(nil); errors.As(err, &unjudged) {
		return nil, err
	}
	if err != nil {
		return nil, badObject(err)
	}
	return payload, nil
}

// objectClaims are those of a request object that are no parameters.
type objectClaims struct {
	Issuer    string        `json:"iss"`
	Audience  oidc.Audience `json:"aud"`
	ClientID  string        `json:"client_id"`
	ExpiresAt float64       `json:"exp"`
	NotBefore float64       `json:"nbf"`
}

// checkObject judges whose an object is, for whom, and when.
func (p *Provider) checkObject(claims map[string]json.RawMessage, outside url.Values, c *client.Client, pushed bool) error {
	var o objectClaims
	if err := decodeMembers(claims, &o); err != nil {
		return err
	}
	now := p.cfg.Now()
	var responseType string
	if _, ok := claims["response_type"]; ok {
		if err := json.Unmarshal(claims["response_type"], &responseType); err != nil {
			return fmt.Errorf("response_type: %w", err)
		}
	}
	switch {
	case o.ClientID != "" && o.ClientID != c.ID, o.Issuer != "" && o.Issuer != c.ID:
		return errors.New("it is of another client")
	case pushed && o.ClientID == "":
		return errors.New("it does not say of which client it is")
	case len(o.Audience) > 0 && !slices.Contains(o.Audience, p.cfg.Issuer):
		return errors.New("it is for another provider")
	case o.ExpiresAt != 0 && !now.Before(timeOf(o.ExpiresAt).Add(assertionLeeway)):
		return errors.New("it has expired")
	case o.NotBefore != 0 && timeOf(o.NotBefore).After(now.Add(assertionLeeway)):
		return errors.New("it is of the future")
	case claims["request"] != nil || claims["request_uri"] != nil:
		return errors.New("it holds another request object")
	case outside.Get("response_type") != "" && responseType != "" && outside.Get("response_type") != responseType:
		return errors.New("response_type is another outside of it")
	}
	return nil
}

// parametersOf turns the members of an object into parameters, of those that are read:
// texts as they are, numbers and the claims request as they are written, and lists
// where a parameter may be repeated.
func parametersOf(claims map[string]json.RawMessage) (url.Values, error) {
	form := url.Values{}
	for name, raw := range claims {
		if !authorizationParameters[name] || name == "client_id" {
			continue
		}
		var text string
		var list []string
		switch {
		case json.Unmarshal(raw, &text) == nil:
			list = []string{text}
		case name == "max_age", name == "claims":
			list = []string{string(raw)}
		case name == "resource" && json.Unmarshal(raw, &list) == nil:
		default:
			return nil, errors.New("its member " + name + " is of the wrong kind")
		}
		for _, value := range list {
			if len(value) > maxParameterBytes && name != "id_token_hint" || !isText(value) {
				return nil, errors.New("its member " + name + " is too long or no text")
			}
			if value != "" {
				form.Add(name, value)
			}
		}
	}
	return form, nil
}

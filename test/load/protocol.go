package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// device is the client of a device (RFC 8628), api the resource server that a token
// is exchanged for (RFC 8693).
const (
	device = "device"
	api    = "https://api.example.com"
)

// protocolConfig is the client of a device, behind the other clients.
func protocolConfig(secret string) string {
	return fmt.Sprintf(`  - id: %s
    type: confidential
    secret: %s
    scopes: [openid]
    grant_types: ["urn:ietf:params:oauth:grant-type:device_code"]
`, device, secret)
}

// resourcesConfig is the API.
const resourcesConfig = "resources: [{identifier: " + api + "}]\n"

// pushRequest pushes an authorization request (RFC 9126).
func (p *party) pushRequest(w *wire, _ int) (work, error) {
	address, err := url.Parse(p.node.authorizeURL(application))
	if err != nil {
		return nil, fmt.Errorf("push a request: %w", err)
	}
	request := p.node.post(p.node.Endpoints.Pushed, address.RawQuery, p.basic(application))
	return func() error { return w.expect(request, http.StatusCreated, []byte(`"request_uri"`)) }, nil
}

// exchange trades an access token of the application for one of the API.
func (p *party) exchange(w *wire, i int) (work, error) {
	form := url.Values{
		"grant_type":    {"urn:ietf:params:oauth:grant-type:token-exchange"},
		"subject_token": {p.people[i].tokens.access}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		"resource": {api}, "scope": {"read"},
	}
	return always(w, p.node.post(p.node.Endpoints.Token, form.Encode(), p.basic(application)), `"access_token"`), nil
}

// poll asks for the tokens of a device before somebody decided, and sooner than
// it was told to: of many polls that is the most common.
func (p *party) poll(w *wire, _ int) (work, error) {
	ask := p.node.post(p.node.Endpoints.Device, "scope=openid", p.basic(device))
	if err := w.expect(ask, http.StatusOK, []byte(`"device_code"`)); err != nil {
		return nil, err
	}
	var said struct {
		Code string `json:"device_code"`
	}
	if err := json.Unmarshal(w.body, &said); err != nil {
		return nil, fmt.Errorf("read a device code: %w", err)
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {said.Code}}
	request := p.node.post(p.node.Endpoints.Token, form.Encode(), p.basic(device))
	if err := w.expect(request, http.StatusBadRequest, []byte(`"authorization_pending"`)); err != nil {
		return nil, err
	}
	for range 20 { // each time it is told to wait for longer, up to a bound
		if err := w.expect(request, http.StatusBadRequest, []byte(`"slow_down"`)); err != nil {
			return nil, err
		}
	}
	return func() error { return w.expect(request, http.StatusBadRequest, []byte(`"slow_down"`)) }, nil
}

// refreshBound follows a chain of tokens that are bound to a key, with a new
// proof of it each time (DPoP, RFC 9449).
func (p *party) refreshBound(w *wire, i int) (work, error) {
	header, err := newProver(p.node.Endpoints.Token)
	if err != nil {
		return nil, err
	}
	var held tokens
	flow, err := p.codeFlowWith(w, application, p.people[i], &held, header)
	if err == nil {
		err = flow()
	}
	if err != nil {
		return nil, err
	}
	return func() error {
		last := held.refresh
		request := p.node.post(p.node.Endpoints.Token, "grant_type=refresh_token&refresh_token="+last, p.basic(application), header())
		if err := w.expect(request, http.StatusOK, []byte(`"DPoP"`)); err != nil {
			return err
		}
		if err := held.keep(w.body); err != nil {
			return err
		}
		if held.refresh == last {
			return errors.New("the refresh token did not rotate")
		}
		return nil
	}, nil
}

// newProver returns what makes the header with a DPoP proof for the token endpoint,
// under a key of its own.
func newProver(endpoint string) (func() string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encode a key: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	head := encode(fmt.Appendf(nil, `{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":%q,"y":%q}}`,
		encode(public[1:33]), encode(public[33:])))
	return func() string {
		claims := fmt.Appendf(nil, `{"jti":%q,"htm":"POST","htu":%q,"iat":%d}`, rand.Text(), endpoint, time.Now().Unix())
		text := head + "." + encode(claims)
		sum := sha256.Sum256([]byte(text))
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			panic(err) // only a source of randomness could fail, and crypto/rand does not
		}
		var signature [64]byte
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return "DPoP: " + text + "." + encode(signature[:])
	}, nil
}

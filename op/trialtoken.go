package op

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
)

// TokenTrial is a token request that is tried, or a pushed authorization request.
type TokenTrial struct {
	ClientID string
	// AuthMethod is how the client authenticates: one of [AuthMethods]. With what it shows
	// for that it is tried whether that is right, and otherwise whether the method is its
	// own.
	AuthMethod string
	// Secret is for client_secret_basic and client_secret_post, Assertion for
	// client_secret_jwt and private_key_jwt.
	Secret, Assertion string
	// Certificates are the client's TLS certificate and the chain that it sends; tokens are
	// bound to it, too.
	Certificates []*x509.Certificate
	// Proven says that a DPoP proof comes with the request, which is in order.
	Proven bool
	// Opened says of a pushed request that its object would be encrypted: see
	// [Trial.AuthorizeOpened].
	Opened    bool
	GrantType string
}

// shows reports whether the credentials of the method are there.
func (t *TokenTrial) shows() bool {
	switch t.AuthMethod {
	case client.AuthMethodBasic, client.AuthMethodPost:
		return t.Secret != ""
	case client.AuthMethodSecretJWT, client.AuthMethodPrivateKeyJWT:
		return t.Assertion != ""
	case client.AuthMethodTLS, client.AuthMethodSelfSignedTLS:
		return len(t.Certificates) > 0
	}
	return true
}

// Token judges a token request as far as nothing is spent: the client's authentication,
// where its credentials are known, whether it may use the grant, and whether tokens could
// be bound and encrypted as they have to be; nil is that what it exchanges would be looked at.
func (t *Trial) Token(ctx context.Context, trial TokenTrial) *Refusal {
	return refusalOf(t.token(ctx, trial))
}

func (t *Trial) token(ctx context.Context, trial TokenTrial) error {
	form := url.Values{"grant_type": {trial.GrantType}}
	for i := range grantTypes {
		if grantTypes[i].name == trial.GrantType {
			for _, parameter := range grantTypes[i].required {
				form.Set(parameter, "-")
			}
		}
	}
	request, err := t.request(ctx, trial, form)
	if err != nil {
		return err
	}
	if _, err := t.p.grantFor(request); err != nil {
		return err
	}
	if err := t.p.requireProof(request); err != nil {
		return err
	}
	if err := t.p.bindCertificate(request); err != nil {
		return err
	}
	return t.p.readyToEncrypt(ctx, request.Client)
}

// Push judges a pushed authorization request (RFC 9126) with its request object; nil is
// that it would get a request_uri.
func (t *Trial) Push(ctx context.Context, trial TokenTrial, form url.Values) *Refusal {
	return refusalOf(t.push(ctx, trial, form))
}

func (t *Trial) push(ctx context.Context, trial TokenTrial, form url.Values) error {
	request, err := t.request(ctx, trial, form)
	if err != nil {
		return err
	}
	content, err := t.p.pushedContent(request, func(form url.Values) (url.Values, error) {
		return t.object(ctx, form, request.Client, true, trial.Opened)
	})
	if err != nil {
		return err
	}
	_, err = t.p.judgePushed(ctx, request.Client, content)
	return err
}

// Bound reports whether tokens of a client have to be bound to a DPoP key, and to a TLS
// certificate; either means that one of both is enough.
func (t *Trial) Bound(c *client.Client) (key, certificate, either bool) {
	must := t.p.mustBind(c)
	return must.Key, must.Certificate, must.Either
}

// MustPush reports whether requests of the client have to be pushed.
func (t *Trial) MustPush(c *client.Client) bool { return t.p.mustPush(c) }

// request authenticates a client as its endpoints do.
func (t *Trial) request(ctx context.Context, trial TokenTrial, form url.Values) (*tokenRequest, error) {
	c, err := t.p.cfg.Clients.Client(ctx, trial.ClientID)
	if errors.Is(err, client.ErrUnknown) {
		return nil, errInvalidClient(errors.New("no client has this id"))
	}
	if err != nil {
		return nil, err
	}
	if err := t.authenticate(ctx, c, trial, form); err != nil {
		return nil, err
	}
	request := &tokenRequest{
		Form: form, Client: c, Now: t.p.cfg.Now(), certificates: func() ([]*x509.Certificate, error) { return trial.Certificates, nil },
	}
	if trial.Proven {
		request.Proof = &dpopProof{Key: base64.RawURLEncoding.EncodeToString(make([]byte, sha256.Size))}
	}
	return request, nil
}

// authenticate tries credentials, or says without them whether the method is the client's.
func (t *Trial) authenticate(ctx context.Context, c *client.Client, trial TokenTrial, form url.Values) error {
	if !trial.shows() {
		return t.isMethodOf(c, trial.AuthMethod)
	}
	r := &http.Request{Method: http.MethodPost, Header: http.Header{}}
	switch trial.AuthMethod {
	case client.AuthMethodBasic:
		r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(trial.Secret))
	case client.AuthMethodPost:
		form.Set("client_id", c.ID)
		form.Set("client_secret", trial.Secret)
	case client.AuthMethodSecretJWT, client.AuthMethodPrivateKeyJWT:
		form.Set("client_assertion_type", assertionType)
		form.Set("client_assertion", trial.Assertion)
	default:
		form.Set("client_id", c.ID)
	}
	shown, err := presentedCredentials(r, form, t.p.cfg.offered(authMethods))
	if err != nil {
		return err
	}
	shown.chain = func() ([]*x509.Certificate, error) { return trial.Certificates, nil }
	if _, err = t.p.proveClient(ctx, shown); err == nil {
		return nil
	}
	if trial.AuthMethod == client.AuthMethodTLS && c.AllowsAuthMethod(trial.AuthMethod) && !c.FitsCertificate(trial.Certificates[0]) {
		field, value := c.CertificateName()
		return errInvalidClient(fmt.Errorf("the certificate is of %s, and the client's is registered by %s as %s", namesIn(trial.Certificates[0]), field, value))
	}
	return err
}

// isMethodOf refuses a method that the client, or the installation, does not have.
func (t *Trial) isMethodOf(c *client.Client, name string) error {
	i := slices.IndexFunc(authMethods, func(m authMethod) bool { return m.name == name })
	switch {
	case i < 0:
		return errInvalidClient(errors.New("there is no such way to authenticate"))
	case !c.AllowsAuthMethod(name):
		return errInvalidClient(whyRefused(c, credentials{ClientID: c.ID, method: &authMethods[i]}, nil))
	case authMethods[i].offered != nil && !authMethods[i].offered(&t.p.cfg):
		return errInvalidClient(errors.New("the installation does not have this way to authenticate: see mutual_tls"))
	}
	return nil
}

// namesIn are the names in a certificate that clients are registered by.
func namesIn(c *x509.Certificate) string {
	names := []string{c.Subject.String()}
	names = append(names, c.DNSNames...)
	for _, uri := range c.URIs {
		names = append(names, uri.String())
	}
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return strings.Join(append(names, c.EmailAddresses...), ", ")
}

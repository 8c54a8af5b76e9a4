package op

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
)

// TrialKey is a private key of a client, for what it signs in a trial.
type TrialKey struct {
	key jose.JSONWebKey
}

// ReadTrialKey reads a private key: a JWK (RFC 7517), or PEM of PKCS #8, PKCS #1 or SEC 1.
// Its errors hold nothing of it.
func ReadTrialKey(text []byte) (*TrialKey, error) {
	var key jose.JSONWebKey
	block, _ := pem.Decode(text)
	switch {
	case block == nil && key.UnmarshalJSON(text) != nil:
		return nil, errors.New("it is neither PEM nor a JWK")
	case block != nil && strings.Contains(block.Type, "ENCRYPTED"):
		return nil, errors.New("it is encrypted; decrypt it first, with openssl pkey")
	case block != nil:
		private, err := parsePrivateKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("a PEM block of type %s: %w", block.Type, err)
		}
		key.Key = private
	}
	signer, private := key.Key.(crypto.Signer)
	if !private {
		return nil, errors.New("it is no private key")
	}
	if len(kindAlgs(signer.Public())) == 0 {
		return nil, errors.New("no algorithm that is taken here works with its kind")
	}
	return &TrialKey{key}, nil
}

func parsePrivateKey(der []byte) (any, error) {
	for _, parse := range []func([]byte) (any, error){
		x509.ParsePKCS8PrivateKey,
		func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) },
		func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) },
	} {
		if key, err := parse(der); err == nil {
			return key, nil
		}
	}
	return nil, errors.New("it holds no private key")
}

// Assertion makes a client assertion (RFC 7523) as the client would with this key.
func (t *Trial) Assertion(c *client.Client, k *TrialKey) (string, error) {
	return k.sign(c.AuthSigningAlg, "token_endpoint_auth_signing_alg", "JWT", t.assertionClaims(c))
}

// SecretAssertion makes one of client_secret_jwt with a secret of the client.
func (t *Trial) SecretAssertion(c *client.Client, secret string) (string, error) {
	return signed(jose.HS256, []byte(secret), "JWT", t.assertionClaims(c))
}

func (t *Trial) assertionClaims(c *client.Client) map[string]any {
	now := t.p.cfg.Now()
	return map[string]any{
		"iss": c.ID, "sub": c.ID, "aud": t.p.cfg.Issuer, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
}

// RequestObject makes a request object (RFC 9101) of the parameters, signed with the key; a
// nil key makes one that is not signed.
func (t *Trial) RequestObject(c *client.Client, k *TrialKey, form url.Values) (string, error) {
	now := t.p.cfg.Now()
	claims := map[string]any{
		"iss": c.ID, "aud": t.p.cfg.Issuer, "client_id": c.ID, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix(), "jti": rand.Text(),
	}
	for name, values := range form {
		claims[name] = values[0]
	}
	if k == nil {
		return unsigned(claims)
	}
	return k.sign(c.RequestObjectSigningAlg, "request_object_signing_alg", "oauth-authz-req+jwt", claims)
}

// sign signs with the algorithm that the client is registered for, or else with the first
// that goes with the key.
func (k *TrialKey) sign(registered, field, typ string, claims map[string]any) (string, error) {
	signer, private := k.key.Key.(crypto.Signer)
	if !private {
		return "", errors.New("it is no private key")
	}
	fitting := kindAlgs(signer.Public())
	if registered == "" {
		registered = k.key.Algorithm
	}
	if registered == "" {
		registered = string(fitting[0])
	}
	i := slices.IndexFunc(fitting, func(alg jose.SignatureAlgorithm) bool { return sameAlg(registered, string(alg)) })
	if i < 0 {
		return "", fmt.Errorf("the key cannot sign with %s, which %s asks for", registered, field)
	}
	return signed(fitting[i], k.key, typ, claims)
}

func signed(alg jose.SignatureAlgorithm, key any, typ string, claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	made, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return made.CompactSerialize()
}

// unsigned makes a JWT of the algorithm none (RFC 7519 section 6).
func unsigned(claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + ".", nil
}

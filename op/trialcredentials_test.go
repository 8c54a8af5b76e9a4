package op

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
)

// trialKeyOf is a private key as somebody has it in a file.
func trialKeyOf(t *testing.T, key jose.JSONWebKey) *TrialKey {
	t.Helper()
	text, err := key.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadTrialKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// A trial judges signed assertions by the same code as the endpoint, answers what it does,
// and takes one twice, since it spends nothing.
func TestATrialJudgesAssertions(t *testing.T) {
	n := newNode(t, signerClient(), secretSigner(), registeredFor("pinned", "ES384"))
	published, stranger := signingKey(t, "k1"), signingKey(t, "k1")
	n.keys.set(published)
	trial := NewTrial(TrialConfig{Issuer: testIssuer, Clients: n.registry, Hasher: testHasher(t), Fetch: n.keys, Now: n.clock.Now})
	assertion := func(id string, key jose.JSONWebKey) string {
		c, err := n.registry.Client(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		made, err := trial.Assertion(c, trialKeyOf(t, key))
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	hmac := func(secret string) string {
		c := secretSigner()
		made, err := trial.SecretAssertion(&c, secret)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	for name, try := range map[string]struct {
		id, method, assertion, cause string
	}{
		"signed":                     {"signer", client.AuthMethodPrivateKeyJWT, assertion("signer", published), ""},
		"by a stranger":              {"signer", client.AuthMethodPrivateKeyJWT, assertion("signer", stranger), "no key of the client fits the signature"},
		"by another alg than pinned": {"pinned", client.AuthMethodPrivateKeyJWT, sign(t, published, jose.ES256, n.assertion("pinned")), "signed with ES256, and the client is registered for ES384"},
		"for another provider":       {"signer", client.AuthMethodPrivateKeyJWT, sign(t, published, jose.ES256, n.assertion("signer"), map[string]any{"aud": "https://other.example"}), "is not for us alone"},
		"by its secret":              {"hmac", client.AuthMethodSecretJWT, hmac(hmacSecret), ""},
		"by another secret":          {"hmac", client.AuthMethodSecretJWT, hmac(hmacSecret + "!"), "no secret of the client fits"},
		"of another method":          {"hmac", client.AuthMethodPrivateKeyJWT, sign(t, published, jose.ES256, n.assertion("hmac")), "registered for client_secret_jwt, and private_key_jwt was used"},
	} {
		for range 2 {
			refused := trial.Token(t.Context(), TokenTrial{ClientID: try.id, AuthMethod: try.method, Assertion: try.assertion, GrantType: client.GrantClientCredentials})
			if (refused == nil) != (try.cause == "") || refused != nil && (refused.Code != codeInvalidClient || !strings.Contains(refused.Cause, try.cause)) {
				t.Errorf("%s: %+v, want %q", name, refused, try.cause)
			}
		}
		answer := n.token(asserting(try.assertion))
		if (answer.Code == http.StatusOK) != (try.cause == "") {
			t.Errorf("%s: the endpoint answers %d %s", name, answer.Code, answer.Body)
		}
	}
	c := registeredFor("pinned", "ES384")
	if _, err := trial.Assertion(&c, trialKeyOf(t, published)); err == nil || !strings.Contains(err.Error(), "token_endpoint_auth_signing_alg") {
		t.Errorf("a key that cannot sign as registered: %v", err)
	}
}

// registeredFor is a client whose assertions are signed with one algorithm only.
func registeredFor(id, alg string) client.Client {
	c := signerClient()
	c.ID, c.AuthSigningAlg = id, alg
	return c
}

// A trial judges TLS certificates as the endpoint does, and says which name was expected.
func TestATrialJudgesCertificates(t *testing.T) {
	n := newCertifiedNode(t)
	trial := NewTrial(TrialConfig{Issuer: testIssuer, Clients: n.registry, Hasher: testHasher(t), Fetch: n.keys, MutualTLS: n.provider.cfg.MutualTLS, Now: n.clock.Now})
	for name, try := range map[string]struct {
		id, method, shown, cause string
	}{
		"vouched":              {"orders", client.AuthMethodTLS, "orders", ""},
		"of another name":      {"orders", client.AuthMethodTLS, "stock", "is of CN=stock,O=Acme, and the client's is registered by tls_client_auth_subject_dn as CN=orders,O=Acme"},
		"of nobody":            {"orders", client.AuthMethodTLS, "forged", "nobody vouches"},
		"expired":              {"orders", client.AuthMethodTLS, "expired", "expired"},
		"registered":           {"own", client.AuthMethodSelfSignedTLS, "own", ""},
		"not the one":          {"own", client.AuthMethodSelfSignedTLS, "stranger", "not the client's"},
		"without one, bound":   {"orders", client.AuthMethodTLS, "", ""},
		"a method of another":  {"own", client.AuthMethodTLS, "", "registered for self_signed_tls_client_auth"},
		"without one, by name": {"own", client.AuthMethodSelfSignedTLS, "", ""},
	} {
		asked := TokenTrial{ClientID: try.id, AuthMethod: try.method, GrantType: client.GrantClientCredentials}
		if try.shown != "" {
			asked.Certificates = []*x509.Certificate{n.shown[try.shown].Leaf}
		}
		refused := trial.Token(t.Context(), asked)
		if name == "without one, bound" {
			if refused == nil || !strings.Contains(refused.Description, "bound to its TLS certificate") {
				t.Errorf("%s: %+v", name, refused)
			}
			continue
		}
		if (refused == nil) != (try.cause == "") || refused != nil && !strings.Contains(refused.Cause, try.cause) {
			t.Errorf("%s: %+v, want %q", name, refused, try.cause)
		}
		if try.shown == "" {
			continue
		}
		answer := n.token(with(try.id, try.shown))
		if (answer.Code == http.StatusOK) != (try.cause == "") {
			t.Errorf("%s: the endpoint answers %d %s", name, answer.Code, answer.Body)
		}
	}
	unknown := NewTrial(TrialConfig{Issuer: testIssuer, Clients: n.registry, Hasher: testHasher(t), Now: n.clock.Now})
	if refused := unknown.Token(t.Context(), TokenTrial{ClientID: "orders", AuthMethod: client.AuthMethodTLS, GrantType: client.GrantClientCredentials}); refused == nil || !strings.Contains(refused.Cause, "mutual_tls") {
		t.Errorf("where nobody's certificate is known: %+v", refused)
	}
}

// A trial judges request objects: by value, at an address, signed, unsigned, encrypted, and
// in a pushed request.
func TestATrialJudgesRequestObjects(t *testing.T) {
	s, key := objectSite(t)
	encrypting, pushing := objectClient(), objectClient()
	encrypting.ID, encrypting.RequestObjectEncryptionAlg = "encrypting", "ECDH-ES"
	pushing.ID, pushing.RequirePushed = "pushing", true
	s.start(s.config([]client.Client{siteClient(), objectClient(), unsignedClient(), encrypting, pushing}))
	s.keys.object = sign(t, key, jose.ES256, objectOf("objects"))
	encryptingWith := func(algs ...string) *Trial {
		return NewTrial(TrialConfig{Issuer: testIssuer, Clients: s.registry, Hasher: testHasher(t), Fetch: s.keys, EncryptionAlgs: algs, Now: s.clock.Now})
	}
	trial := encryptingWith("ECDH-ES")
	made := func(id string, k *TrialKey) string {
		c, err := s.registry.Client(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		object, err := trial.RequestObject(c, k, authorization("client_id", id))
		if err != nil {
			t.Fatal(err)
		}
		return object
	}
	own, strange := trialKeyOf(t, key), trialKeyOf(t, signingKey(t, "k1"))
	for name, try := range map[string]struct {
		refused *Refusal
		code    string
	}{
		"signed":             {trial.Authorize(t.Context(), outside("objects", made("objects", own)).Encode()), ""},
		"by a stranger":      {trial.Authorize(t.Context(), outside("objects", made("objects", strange)).Encode()), codeInvalidRequestObject},
		"not signed":         {trial.Authorize(t.Context(), outside("objects", made("objects", nil)).Encode()), codeInvalidRequestObject},
		"unsigned, as said":  {trial.Authorize(t.Context(), outside("unsigned", made("unsigned", nil)).Encode()), ""},
		"without keys":       {trial.Authorize(t.Context(), outside("wiki", made("wiki", own)).Encode()), codeRequestNotSupported},
		"at its address":     {trial.Authorize(t.Context(), outside("objects", "", "request_uri", "https://signer.example.com/object").Encode()), ""},
		"at another address": {trial.Authorize(t.Context(), outside("objects", "", "request_uri", "https://signer.example.com/other").Encode()), codeRequestURINotSupported},
		"not encrypted":      {trial.Authorize(t.Context(), outside("encrypting", made("encrypting", own)).Encode()), codeInvalidRequestObject},
		"before encryption":  {trial.AuthorizeOpened(t.Context(), outside("encrypting", made("encrypting", own)).Encode()), ""},
		"nobody to encrypt":  {encryptingWith().AuthorizeOpened(t.Context(), outside("encrypting", made("encrypting", own)).Encode()), codeRequestNotSupported},
		"must be pushed":     {trial.Authorize(t.Context(), outside("pushing", made("pushing", own)).Encode()), codeInvalidRequest},
		"pushed":             {trial.Push(t.Context(), TokenTrial{ClientID: "pushing", AuthMethod: client.AuthMethodBasic, Secret: testSecret}, outside("pushing", made("pushing", own))), ""},
		"pushed, proven":     {trial.Push(t.Context(), TokenTrial{ClientID: "pushing", AuthMethod: client.AuthMethodBasic, Secret: testSecret, Proven: true}, authorization("client_id", "pushing")), ""},
		"pushed, elsewhere":  {trial.Push(t.Context(), TokenTrial{ClientID: "pushing", AuthMethod: client.AuthMethodBasic, Secret: testSecret}, authorization("client_id", "pushing", "redirect_uri", "https://evil.example/")), codeInvalidRequest},
		"pushed, no secret":  {trial.Push(t.Context(), TokenTrial{ClientID: "pushing", AuthMethod: client.AuthMethodBasic, Secret: "wrong"}, authorization("client_id", "pushing")), codeInvalidClient},
	} {
		if (try.refused == nil) != (try.code == "") || try.refused != nil && try.refused.Code != try.code {
			t.Errorf("%s: %+v, want %q", name, try.refused, try.code)
		}
	}
	for name, form := range map[string]string{"encrypted": outside("encrypting", "a.b.c.d.e").Encode(), "pushed": outside("objects", "", "request_uri", requestURIPrefix+"x").Encode()} {
		if refused := trial.Authorize(t.Context(), form); refused == nil || !refused.Untried || refused.Code != "" {
			t.Errorf("%s: %+v", name, refused)
		}
	}
}

// What a client needs keys for, and what is wrong with each of its keys, is told apart.
func TestATrialJudgesKeys(t *testing.T) {
	rsaOf := func(bits int, kid string) jose.JSONWebKey { return jose.JSONWebKey{Key: rsaKeyOf(t, bits), KeyID: kid} }
	ec := signingKey(t, "ec")
	for name, try := range map[string]struct {
		change func(*client.Client)
		keys   []jose.JSONWebKey
		err    error
		want   map[string]string // what is said of each; empty is good
	}{
		"signs": {func(*client.Client) {}, []jose.JSONWebKey{ec}, nil, map[string]string{"key ec (EC P-256, alg ES256)": "", "a key that signs client assertions": ""}},
		"too short": {func(*client.Client) {}, []jose.JSONWebKey{rsaOf(1024, "old")}, nil, map[string]string{
			"key old (RSA, 1024 bits)": "too short", "a key that signs client assertions": "none of the keys can sign"}},
		"for encryption alone": {func(c *client.Client) { c.IDTokenEncryptionAlg = "RSA-OAEP-256" }, []jose.JSONWebKey{{Key: rsaKeyOf(t, 2048), KeyID: "rsa", Use: "enc"}}, nil, map[string]string{
			"key rsa (RSA, 2048 bits, use enc)": "", "a key that signs client assertions": "none of the keys can sign", "a key that ID tokens are encrypted to with RSA-OAEP-256": ""}},
		"no key to encrypt to": {func(c *client.Client) { c.UserInfoEncryptionAlg = "RSA-OAEP-256" }, []jose.JSONWebKey{ec}, nil, map[string]string{
			"key ec (EC P-256, alg ES256)": "", "a key that signs client assertions": "", "a key that userinfo are encrypted to with RSA-OAEP-256": "no key for encryption"}},
		"another alg than registered": {func(c *client.Client) { c.AuthSigningAlg, c.RequestObjectSigningAlg = "PS256", "ES256" }, []jose.JSONWebKey{ec}, nil, map[string]string{
			"key ec (EC P-256, alg ES256)": "", "a key that signs client assertions": "none of the keys can sign with PS256", "a key that signs request objects": ""}},
		"alg of another kind": {func(*client.Client) {}, []jose.JSONWebKey{{Key: rsaKeyOf(t, 2048), Algorithm: "ES256"}}, nil, map[string]string{
			"a key without kid (RSA, 2048 bits, alg ES256)": "alg ES256 does not work with its kind", "a key that signs client assertions": "none of the keys can sign"}},
		"no certificate": {func(c *client.Client) { c.AuthMethod = client.AuthMethodSelfSignedTLS }, []jose.JSONWebKey{ec}, nil, map[string]string{
			"key ec (EC P-256, alg ES256)": "", "a certificate for self_signed_tls_client_auth": "none of the keys has one (x5c)"}},
		"not there":    {func(*client.Client) {}, nil, errors.New("connection refused"), map[string]string{"the keys at " + keysURI: "connection refused"}},
		"empty":        {func(*client.Client) {}, nil, nil, map[string]string{"the keys at " + keysURI: "there are none"}},
		"no key needs": {func(c *client.Client) { c.AuthMethod, c.JWKSURI = client.AuthMethodBasic, "" }, nil, nil, map[string]string{}},
	} {
		n := newNode(t)
		n.keys.set(try.keys...)
		n.keys.err = try.err
		c := signerClient()
		try.change(&c)
		got := NewTrial(TrialConfig{Issuer: testIssuer, Clients: n.registry, Hasher: testHasher(t), Fetch: n.keys, Now: n.clock.Now}).Keys(t.Context(), &c)
		if len(got) != len(try.want) {
			t.Errorf("%s: %+v", name, got)
		}
		for _, key := range got {
			want, expected := try.want[key.What]
			if !expected || (want == "") != (key.Refused == nil) || want != "" && !strings.Contains(key.Refused.Description, want) {
				t.Errorf("%s: %s: %+v, want %q", name, key.What, key.Refused, want)
			}
		}
	}
}

func rsaKeyOf(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestReadTrialKey(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "text": "hello", "a public key": `{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}`,
		"a certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "one with a passphrase": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
	} {
		if _, err := ReadTrialKey([]byte(text)); err == nil {
			t.Errorf("%s is taken for a private key", name)
		}
	}
}

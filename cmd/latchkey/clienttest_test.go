package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// testedClients is a folder with a configuration of clients that prove who they are by keys
// and certificates, and with those of them.
type testedClients struct {
	t   *testing.T
	dir string
}

func (c *testedClients) write(name string, text []byte) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), text, 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// key makes a private key in a file, and returns its public part as a JWK Set.
func (c *testedClients) key(name string, more string) string {
	c.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(name+".pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	return jwkOf(c.t, &key.PublicKey, more)
}

// jwkOf is a JWK Set of one key, with more members.
func jwkOf(t *testing.T, key *ecdsa.PublicKey, more string) string {
	t.Helper()
	point, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return fmt.Sprintf(`{"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": %q, "y": %q%s}]}`, encode(point[1:33]), encode(point[33:]), more)
}

func (c *testedClients) certificate(name string, made tls.Certificate) {
	c.t.Helper()
	c.write(name+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate[0]}))
}

func newTestedClients(t *testing.T) *testedClients {
	t.Helper()
	c := &testedClients{t, t.TempDir()}
	for name, value := range map[string]string{"KEY_A": keyA, "KEY_B": keyB, "SECRET": keyC, "SECRET_2": rand.Text() + rand.Text(), "SECRET_3": rand.Text() + rand.Text()} {
		t.Setenv(name, value)
	}
	acme := testenv.NewAuthority(t, "Acme CA")
	c.write("ca.pem", acme.PEM)
	c.certificate("orders", acme.Issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "orders"}, DNSNames: []string{"orders.example.com"}}))
	c.certificate("stock", acme.Issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "stock"}, DNSNames: []string{"stock.example.com"}}))
	own := testenv.SelfSigned(t, &x509.Certificate{Subject: pkix.Name{CommonName: "own"}})
	c.certificate("own", own)
	certified := jwkOf(t, own.Leaf.PublicKey.(*ecdsa.PublicKey), fmt.Sprintf(`, "x5c": [%q]`, base64.StdEncoding.EncodeToString(own.Certificate[0])))
	c.key("stranger", "")
	const browser = "redirect_uris: [https://app.example.com/cb]"
	c.write("latchkey.yaml", fmt.Appendf(nil, `
issuer: https://id.invalid
trusted_proxies: [10.0.0.0/8]
database: {url: "sqlite://%[1]s/latchkey.db"}
secrets: {sealing_keys: [{id: k1, key: env:KEY_A}], hash_keys: [{id: p1, key: env:KEY_B}]}
signing_keys: {encryption_algs: [ECDH-ES]}
mutual_tls: {from: nginx, ca_file: %[1]s/ca.pem, url: https://mtls.id.invalid}
clients:
  - {id: payroll, type: service, auth_method: private_key_jwt, jwks: '%[2]s'}
  - {id: hmac, type: service, auth_method: client_secret_jwt, secret: env:SECRET}
  - {id: remote, auth_method: private_key_jwt, jwks_uri: https://keys.invalid/jwks, id_token_encryption_alg: ECDH-ES, %[3]s}
  - {id: signing, auth_method: private_key_jwt, request_object_signing_alg: ES256, jwks: '%[4]s', %[3]s}
  - {id: sealing, auth_method: private_key_jwt, request_object_encryption_alg: ECDH-ES, jwks: '%[5]s', %[3]s}
  - {id: pushing, auth_method: private_key_jwt, require_pushed_authorization_requests: true, dpop_bound_access_tokens: true, id_token_encryption_alg: ECDH-ES, jwks: '%[6]s', %[3]s}
  - {id: fetched, secret: env:SECRET_2, request_object_signing_alg: none, request_uris: [https://app.invalid/object], %[3]s}
  - {id: orders, type: service, auth_method: tls_client_auth, tls_client_auth_san_dns: orders.example.com, tls_client_certificate_bound_access_tokens: true}
  - {id: own, type: service, auth_method: self_signed_tls_client_auth, jwks: '%[7]s'}
  - {id: bound, type: service, secret: env:SECRET_3, tls_client_certificate_bound_access_tokens: true}
`, c.dir, c.key("payroll", ""), browser, c.key("signing", ""), c.key("sealing", ""), c.key("pushing", ""), certified))
	return c
}

// test runs `client test`, with the names of files in place of what flags take.
func (c *testedClients) test(args ...string) string {
	c.t.Helper()
	for i := range args {
		if strings.HasPrefix(args[i], "./") {
			args[i] = filepath.Join(c.dir, args[i])
		}
	}
	status, out, errs := latchkeyRun(c.t, append([]string{"client", "test", "--config", filepath.Join(c.dir, "latchkey.yaml")}, args...)...)
	if status != 0 {
		c.t.Errorf("client test %v = %d\n%s%s", args, status, out, errs)
	}
	return out
}

// What would become of the requests of clients that sign, encrypt, push, or show
// certificates: taken with the right key, refused with another one and told why, and said
// to be untried without any.
func TestCL1_ClientTestTriesKeysAndCertificates(t *testing.T) {
	const (
		taken, refused, untried = "would be taken:   ", "would be refused: ", "cannot be tried:  "

		service = "token request for client_credentials by "
		asked   = "authorization request for code to https://app.example.com/cb\n"
	)
	c := newTestedClients(t)
	for name, try := range map[string]struct {
		args []string
		want []string
	}{
		"keys, and nothing to sign with": {[]string{"payroll"}, []string{
			taken + "key k1 (EC P-256)\n", taken + "a key that signs client assertions\n", untried + service + "private_key_jwt: give a key of the application with --key\n",
			refused + service + "client_secret_basic: invalid_client", "the client is registered for private_key_jwt, and client_secret_basic was used",
		}},
		"its key":         {[]string{"payroll", "--key", "./payroll.pem"}, []string{taken + service + "private_key_jwt\n"}},
		"another key":     {[]string{"payroll", "--key", "./stranger.pem"}, []string{refused + service + "private_key_jwt: invalid_client: ", "no key of the client fits the signature"}},
		"a secret to MAC": {[]string{"hmac"}, []string{untried + service + "client_secret_jwt: give the application's secret with --secret-stdin\n"}},
		"keys that are nowhere": {[]string{"remote"}, []string{
			refused + "the keys at https://keys.invalid/jwks: they cannot be fetched", refused + "discovery: it cannot be read from here",
		}},
		"an object, unsigned yet": {[]string{"signing"}, []string{taken + asked, taken + "a key that signs request objects\n", untried + "the same in a signed request object: give a key"}},
		"a signed object":         {[]string{"signing", "--key", "./signing.pem"}, []string{taken + "the same in a signed request object\n", taken + "token request for authorization_code by private_key_jwt\n"}},
		"a stranger's object":     {[]string{"signing", "--key", "./stranger.pem"}, []string{refused + "the same in a signed request object: invalid_request_object: "}},
		"an encrypted object":     {[]string{"sealing", "--key", "./sealing.pem"}, []string{taken + "the same in a signed request object, encrypted with ECDH-ES\n"}},
		"pushed, bound and encrypted": {[]string{"pushing", "--key", "./pushing.pem"}, []string{
			taken + "pushed " + asked, refused + "the same with a browser: invalid_request: this client must push its authorization requests", taken + "the same in a signed request object\n",
			refused + "the same without PKCE: invalid_request: code_challenge is missing", taken + "a key that ID tokens are encrypted to with ECDH-ES\n",
			taken + "token request for authorization_code by private_key_jwt with a DPoP proof\n", refused + "the same without a DPoP proof: invalid_dpop_proof: ",
		}},
		"pushed by nobody":      {[]string{"pushing"}, []string{untried + "pushed authorization request for code to https://app.example.com/cb: give a key"}},
		"an object nowhere":     {[]string{"fetched"}, []string{taken + "the same in an unsigned request object\n", refused + "the request object at https://app.invalid/object: invalid_request_uri: "}},
		"no certificate":        {[]string{"orders"}, []string{untried + service + "tls_client_auth: give the application's certificate with --cert\n", "advice: its TLS certificate is only asked for at https://mtls.id.invalid"}},
		"its certificate":       {[]string{"orders", "--cert", "./orders.crt"}, []string{taken + service + "tls_client_auth\n"}},
		"another's certificate": {[]string{"orders", "--cert", "./stock.crt"}, []string{"the certificate is of CN=stock, stock.example.com, and the client's is registered by tls_client_auth_san_dns as orders.example.com"}},
		"a registered one":      {[]string{"own", "--cert", "./own.crt"}, []string{taken + "a certificate for self_signed_tls_client_auth\n", taken + service + "self_signed_tls_client_auth\n"}},
		"one that is not":       {[]string{"own", "--cert", "./orders.crt"}, []string{refused + service + "self_signed_tls_client_auth: invalid_client: "}},
		"bound to one":          {[]string{"bound"}, []string{untried + service + "client_secret_basic: tokens are bound to the application's certificate: give it with --cert\n"}},
		"bound to this one": {[]string{"bound", "--cert", "./orders.crt"}, []string{
			taken + service + "client_secret_basic\n", refused + "the same without a certificate: invalid_request: this client's tokens are bound to its TLS certificate",
		}},
	} {
		out := c.test(try.args...)
		for _, want := range try.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: it does not say %q:\n%s", name, want, out)
			}
		}
		if strings.Contains(out, "people see a page") {
			t.Errorf("%s: a page is shown to nobody:\n%s", name, out)
		}
	}
	if entries, err := os.ReadDir(c.dir); err != nil || strings.Contains(fmt.Sprint(entries), "latchkey.db") {
		t.Errorf("a trial made a database: %v, %v", entries, err)
	}
}

// The private key may come by standard input; what is no key, and a key and a secret at once, is
// refused; JSON says what was not tried.
func TestClientTestReadsWhatItIsGiven(t *testing.T) {
	c := newTestedClients(t)
	file := filepath.Join(c.dir, "latchkey.yaml")
	key, err := os.ReadFile(filepath.Join(c.dir, "payroll.pem"))
	if err != nil {
		t.Fatal(err)
	}
	status, out, errs := latchkeyFed(t, string(key), "client", "test", "payroll", "--key", "-", "--config", file)
	if status != 0 || !strings.Contains(out, "would be taken:   token request for client_credentials by private_key_jwt\n") {
		t.Errorf("--key - = %d\n%s%s", status, out, errs)
	}
	for want, args := range map[int][][]string{
		exitRefused: {{"--key", file}, {"--key", filepath.Join(c.dir, "nothing")}, {"--cert", filepath.Join(c.dir, "payroll.pem")}},
		exitUsage:   {{"--key", "-", "--secret-stdin"}, {"--key", "-", "--cert", "-"}},
	} {
		for _, flags := range args {
			status, out, errs := latchkeyRun(t, append([]string{"client", "test", "payroll", "--config", file}, flags...)...)
			if status != want || out != "" || errs == "" {
				t.Errorf("%v = %d, want %d\n%s%s", flags, status, want, out, errs)
			}
		}
	}
	var tested clientTest
	if err := json.Unmarshal([]byte(c.test("payroll", "--json")), &tested); err != nil {
		t.Fatal(err)
	}
	last := tested.Trials[len(tested.Trials)-1]
	if last.Refusal == nil || !last.Untried || last.Taken || last.Description == "" {
		t.Errorf("in JSON: %+v", last)
	}
}

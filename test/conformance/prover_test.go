package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// prover makes DPoP proofs with one key.
type prover struct {
	*trial
	key *ecdsa.PrivateKey
}

func (t *trial) prover() *prover {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &prover{t, key}
}

func (p *prover) jwk() jose.JSONWebKey { return jose.JSONWebKey{Key: p.key.Public()} }

// thumbprint is what tokens are bound to.
func (p *prover) thumbprint() string {
	p.Helper()
	key := p.jwk()
	sum, err := key.Thumbprint(5) // crypto.SHA256
	if err != nil {
		p.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// claims are those of a proof that is in order.
func (p *prover) claims(method, path string) map[string]any {
	return map[string]any{"jti": rand.Text(), "htm": method, "htu": p.node.Issuer + path, "iat": time.Now().Unix()}
}

// proof makes one for a POST to an endpoint, with claims laid over those in order.
func (p *prover) proof(path string, pairs ...any) string {
	p.Helper()
	return signed(p.trial, p.key, jose.ES256, map[string]any{"typ": "dpop+jwt", "jwk": p.jwk()}, laid(p.claims(http.MethodPost, path), pairs...))
}

// possession makes one for userinfo with an access token.
func (p *prover) possession(token string, pairs ...any) string {
	p.Helper()
	return p.proof(userinfoPath, append([]any{"htm", http.MethodGet, "ath", hashOf(token)}, pairs...)...)
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// proving sends proofs as they are.
func proving(proofs ...string) func(*http.Request) {
	return func(r *http.Request) {
		for _, proof := range proofs {
			r.Header.Add("DPoP", proof)
		}
	}
}

// own asks for a token of the service robot with proofs.
func (t *trial) own(proofs ...string) *reply {
	t.Helper()
	return t.form(tokenPath, []string{"grant_type", "client_credentials"}, as(robot), proving(proofs...))
}

// refusedProofs wants each refused at the token endpoint.
func (p *prover) refusedProofs(claims ...[]any) {
	p.Helper()
	for _, pairs := range claims {
		p.Log(pairs...)
		p.refused(p.own(p.proof(tokenPath, pairs...)), http.StatusBadRequest, badProof)
	}
}

// boundToken is an access token of the public client that is bound to the key.
func (p *prover) boundToken() *reply {
	p.Helper()
	code := p.code(p.signedIn(), ask(page, "scope", "openid offline_access"))
	return p.ok(p.form(tokenPath, append(codeForm(code), "client_id", page.ID), proving(p.proof(tokenPath))), http.StatusOK)
}

// possess asks userinfo.
func (t *trial) possess(scheme, token string, proofs ...string) *reply {
	t.Helper()
	return t.send(t.T, http.MethodGet, userinfoPath, "", "", proving(proofs...), func(r *http.Request) {
		if scheme != "" {
			r.Header.Set("Authorization", scheme+" "+token)
		}
	})
}

// challenged checks that a protected resource refuses, by the scheme that was used first,
// and offers DPoP with its algorithms.
func (t *trial) challenged(got *reply, scheme, code string) {
	t.Helper()
	t.nothingIssued()
	challenges := got.header.Values("WWW-Authenticate")
	if got.status != http.StatusUnauthorized || len(challenges) == 0 || got.json["sub"] != nil || got.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("answered %d %s %v", got.status, got.body, got.header)
	}
	if !strings.HasPrefix(challenges[0], scheme+" ") || !strings.Contains(challenges[0], `error="`+code+`"`) {
		t.Errorf("challenges %q, want %s of %s", challenges, code, scheme)
	}
	last := challenges[len(challenges)-1]
	if _, algs, has := strings.Cut(last, `algs="`); !has || !strings.HasPrefix(last, "DPoP ") || !strings.HasPrefix(algs, "RS256 PS256 ES256") || strings.Contains(algs, "HS") || strings.Contains(algs, "none") {
		t.Errorf("DPoP is not offered: %q", challenges)
	}
}

// payloadOf reads a JWT without checking it.
func payloadOf(t *trial, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	var claims map[string]any
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

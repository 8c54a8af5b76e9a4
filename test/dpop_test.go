package test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// proof makes a DPoP proof for a request (RFC 9449 section 4.2), and for an access
// token where there is one.
func proof(t *testing.T, key *ecdsa.PrivateKey, method, address, accessToken string) string {
	t.Helper()
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": address, "iat": time.Now().Unix()}
	if accessToken != "" {
		sum := sha256.Sum256([]byte(accessToken))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	header := map[string]any{"typ": "dpop+jwt", "jwk": jose.JSONWebKey{Key: key.Public()}}
	return testenv.SignJWT(t, jose.ES256, key, header, claims)
}

// However many times and at whichever node one DPoP proof comes, it is taken once.
func TestPR1_OfManyUsesOfOneProofOneSucceeds(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		wiki, b := in.client("wiki"), in.signedIn(t)
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(i int, form url.Values, made string) answer {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, wiki.issuer+"/token", strings.NewReader(form.Encode()))
			if err != nil {
				return answer{Lost: err}
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.SetBasicAuth(url.QueryEscape(wiki.id), url.QueryEscape(secrets[wiki.id]))
			r.Header.Set("DPoP", made)
			return do(in.http(i), r)
		}
		tokens := must(t, ask(0, url.Values{
			"grant_type": {"authorization_code"}, "code": {wiki.code(t, b)}, "redirect_uri": {redirect}, "code_verifier": {verifier},
		}, proof(t, key, http.MethodPost, wiki.issuer+"/token", "")))

		// Within the grace each of these would get the same successor: only the proof differs.
		refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken}}
		once := proof(t, key, http.MethodPost, wiki.issuer+"/token", "")
		wantOne(t, atOnce(many, func(i int) answer { return ask(i, refresh, once) }), http.StatusBadRequest)

		at := wiki.issuer + "/userinfo"
		once = proof(t, key, http.MethodGet, at, tokens.AccessToken)
		wantOne(t, atOnce(many, func(i int) answer {
			r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, at, http.NoBody)
			if err != nil {
				return answer{Lost: err}
			}
			r.Header.Set("Authorization", "DPoP "+tokens.AccessToken)
			r.Header.Set("DPoP", once)
			return do(in.http(i), r)
		}), http.StatusUnauthorized)
		for i := range in.nodes {
			expect(t, "as a bearer token", wiki.userinfo(in.http(i), tokens.AccessToken), http.StatusUnauthorized, "invalid_token")
		}
	})
}

// wantOne checks that one request succeeded and all others were refused for their proof.
func wantOne(t *testing.T, answers []answer, refused int) {
	t.Helper()
	succeeded := 0
	for _, a := range answers {
		if a.Status == http.StatusOK {
			succeeded++
			continue
		}
		expect(t, "a proof that is spent", a, refused, "invalid_dpop_proof")
	}
	if succeeded != 1 {
		t.Errorf("one proof was taken %d times", succeeded)
	}
}

package test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// builds is an issuer that vouches for its jobs.
const builds = "https://builds.example.com"

// asserter signs assertions: those of a client that proves itself by them, and those of an
// issuer that a client trusts.
type asserter struct {
	key    *ecdsa.PrivateKey
	config string
}

func newAsserter(t *testing.T) *asserter {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(keys)
	}))
	t.Cleanup(site.Close)
	config, err := json.Marshal(map[string]any{
		"registration":    map[string]any{"mode": "token", "per_hour": 10000},
		"trusted_issuers": []map[string]any{{"issuer": builds, "jwks_uri": site.URL + "/jwks"}},
		"resources":       []map[string]any{{"identifier": "https://files.example.com"}},
		"clients": []map[string]any{{
			"id": "robot", "type": "service", "auth_method": "private_key_jwt", "jwks": string(keys),
			"grant_types":      []string{"client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
			"trusted_subjects": []map[string]any{{"issuer": builds, "subject": "repo:acme/shop", "resources": []string{"https://files.example.com"}}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &asserter{key: key, config: string(config)}
}

// jwt is an assertion that an issuer makes about a subject.
func (a *asserter) jwt(t *testing.T, issuer, subject, audience string) string {
	t.Helper()
	now := time.Now().Unix()
	return testenv.SignJWT(t, jose.ES256, jose.JSONWebKey{Key: a.key, KeyID: "k1"}, nil,
		map[string]any{"iss": issuer, "sub": subject, "aud": audience, "jti": rand.Text(), "iat": now, "exp": now + 240})
}

// proven is a form with a client assertion of robot.
func proven(assertion string, form url.Values) url.Values {
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	return form
}

// postTo sends a body to an address by way of a node.
func postTo(via *http.Client, address, contentType, token, body string) answer {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return answer{Lost: err}
	}
	r.Header.Set("Content-Type", contentType)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return do(via, r)
}

// wantOnce checks that one of many requests got a status and the others a refusal.
func wantOnce(t *testing.T, what string, answers []answer, won int, refused func(answer) bool) {
	t.Helper()
	succeeded := 0
	for _, a := range answers {
		switch {
		case a.Status == won:
			succeeded++
		case !refused(a):
			t.Errorf("%s: answered %s", what, a)
		}
	}
	if succeeded != 1 {
		t.Errorf("%s: %d of %d succeeded", what, succeeded, len(answers))
	}
}

// However many times and at whichever node one assertion or initial access token comes, it
// is taken once: a client's own (RFC 7523 section 2.2), one of an issuer that is trusted
// (section 2.1), and a token of one use (RFC 7591 section 3).
func TestPR1_DR1_OfManyUsesOfOneAssertionOrInitialTokenOneSucceeds(t *testing.T) {
	by := newAsserter(t)
	everyInstallationOf(t, by.config, func(t *testing.T, in *installation) {
		const form = "application/x-www-form-urlencoded"
		issuer := in.nodes[0].Issuer
		grant := by.jwt(t, builds, "repo:acme/shop", issuer)
		forms := make([]string, many) // each proves its client anew: nothing but the grant is the same
		for i := range forms {
			forms[i] = proven(by.jwt(t, "robot", "robot", issuer), url.Values{
				"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {grant},
			}).Encode()
		}
		wantOnce(t, "an assertion as a grant", atOnce(many, func(i int) answer { return postTo(in.http(i), issuer+"/token", form, "", forms[i]) }), http.StatusOK,
			func(a answer) bool { return a.Status == http.StatusBadRequest && a.Error == "invalid_grant" })

		token := strings.TrimSpace(in.nodes[0].Command("", "client", "registration-token", "create", "--uses", "1"))
		metadata := `{"redirect_uris":["https://app.example.com/callback"]}`
		wantOnce(t, "an initial access token", atOnce(many, func(i int) answer { return postTo(in.http(i), issuer+"/register", "application/json", token, metadata) }), http.StatusCreated,
			func(a answer) bool { return a.Status == http.StatusUnauthorized && a.Error == "invalid_token" })
		list, err := in.store(t).Clients().List(t.Context(), "", 100)
		if err != nil || len(list) != 1 {
			t.Errorf("%d clients, %v", len(list), err)
		}

		once := proven(by.jwt(t, "robot", "robot", issuer), url.Values{"grant_type": {"client_credentials"}}).Encode()
		wantOnce(t, "a client's assertion", atOnce(many, func(i int) answer { return postTo(in.http(i), issuer+"/token", form, "", once) }), http.StatusOK,
			// Somebody who fails so often is not heard any more.
			func(a answer) bool {
				return a.Error == "invalid_client" && (a.Status == http.StatusUnauthorized || a.Status == http.StatusTooManyRequests)
			})
	})
}

package op

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

const buildIssuer = "https://builds.example.com"

// workloadClients are jobs of a build service, and a pod under SPIFFE.
func workloadClients() []client.Client {
	job := robotClient()
	job.ID, job.AuthMethod, job.Secrets, job.JWKSURI = "deploy", client.AuthMethodPrivateKeyJWT, nil, keysURI
	job.Workload = &client.Workload{
		Issuer: buildIssuer, Subject: "repo:acme/shop:ref:refs/heads/*", Claims: map[string][]string{"owner_id": {"4711", "4712"}},
	}
	pod := job
	pod.ID, pod.Workload = "pod", &client.Workload{Subject: "spiffe://example.org/ns/shop/sa/orders"}
	return []client.Client{job, pod}
}

// platform signs as a platform does.
func platform(t testing.TB, key jose.JSONWebKey, claims map[string]any) string {
	t.Helper()
	return sign(t, key, jose.ES256, claims)
}

func withJWT(id, assertion string) as {
	return func(_ *http.Request, f url.Values) {
		if id != "" {
			f.Set("client_id", id)
		}
		f.Set("client_assertion_type", assertionType)
		f.Set("client_assertion", assertion)
	}
}

// RFC 7523 section 3, sentence by sentence: what of a platform's JWT is a client's.
func TestCL2_WorkloadIdentity(t *testing.T) {
	t.Parallel()
	key, other := signingKey(t, "platform"), signingKey(t, "platform")
	now := storagetest.NewClock().Now()
	job := map[string]any{
		"iss": buildIssuer, "sub": "repo:acme/shop:ref:refs/heads/main", "aud": testIssuer, "owner_id": "4711",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}
	pod := map[string]any{"sub": "spiffe://example.org/ns/shop/sa/orders", "aud": []string{testIssuer}, "exp": now.Add(time.Hour).Unix()}
	without := func(from map[string]any, name string) map[string]any {
		changed := maps.Clone(from)
		delete(changed, name)
		return changed
	}
	with := func(from map[string]any, name string, value any) map[string]any {
		changed := maps.Clone(from)
		changed[name] = value
		return changed
	}
	for name, tc := range map[string]struct {
		id     string
		claims map[string]any
		key    jose.JSONWebKey
		ok     bool
	}{
		"a job":                              {"deploy", job, key, true},
		"of another branch":                  {"deploy", with(job, "sub", "repo:acme/shop:ref:refs/heads/next"), key, true},
		"of another owner it may":            {"deploy", with(job, "owner_id", "4712"), key, true},
		"for the token endpoint":             {"deploy", with(job, "aud", testIssuer+tokenPath), key, true},
		"a pod, whose JWT has no iss":        {"pod", pod, key, true},
		"the subject of another":             {"deploy", with(job, "sub", "repo:evil/shop:ref:refs/heads/main"), key, false},
		"a longer subject where it is exact": {"pod", with(pod, "sub", "spiffe://example.org/ns/shop/sa/orders-2"), key, false},
		"no subject":                         {"deploy", without(job, "sub"), key, false},
		"another issuer":                     {"deploy", with(job, "iss", "https://evil.example.com"), key, false},
		"no issuer":                          {"deploy", without(job, "iss"), key, false},
		"another owner":                      {"deploy", with(job, "owner_id", "666"), key, false},
		"no owner":                           {"deploy", without(job, "owner_id"), key, false},
		"an owner that is a number":          {"deploy", with(job, "owner_id", 4711), key, false},
		"another audience":                   {"deploy", with(job, "aud", "https://elsewhere.example.com"), key, false},
		"two audiences":                      {"deploy", with(job, "aud", []string{testIssuer, "https://elsewhere.example.com"}), key, false},
		"no audience":                        {"deploy", without(job, "aud"), key, false},
		"expired":                            {"deploy", with(job, "exp", now.Add(-time.Minute).Unix()), key, false},
		"no end":                             {"deploy", without(job, "exp"), key, false},
		"good for a day":                     {"deploy", with(job, "exp", now.Add(24*time.Hour).Unix()), key, false},
		"of the future":                      {"deploy", with(job, "nbf", now.Add(time.Minute).Unix()), key, false},
		"issued in the future":               {"deploy", with(job, "iat", now.Add(time.Minute).Unix()), key, false},
		"signed by another key":              {"deploy", job, other, false},
		"that names no client":               {"", job, key, false},
		"for another client":                 {"pod", job, key, false},
		"for a client that has none":         {"robot", job, key, false},
		"made by the client itself": {"deploy", map[string]any{
			"iss": "deploy", "sub": "deploy", "aud": testIssuer, "jti": "1", "exp": now.Add(time.Minute).Unix()}, key, false},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, workloadClients()...) // failures are counted
			n.keys.set(key)
			a := n.post(tokenPath, withJWT(tc.id, platform(t, tc.key, tc.claims)), "grant_type", "client_credentials")
			if tc.ok {
				a.want(t, http.StatusOK, "")
				if got := claimsOf(t, a.AccessToken)["client_id"]; got != tc.id {
					t.Errorf("client_id %v", got)
				}
				return
			}
			a.want(t, http.StatusUnauthorized, "invalid_client")
		})
	}
}

// A platform gives one JWT for many requests; and keys that cannot be fetched are no verdict.
func TestCL2_APlatformsJWTServesUntilItEnds(t *testing.T) {
	t.Parallel()
	n := newNode(t, workloadClients()...)
	key := signingKey(t, "platform")
	n.keys.set(key)
	now := n.clock.Now()
	jwt := platform(t, key, map[string]any{"sub": "spiffe://example.org/ns/shop/sa/orders", "aud": testIssuer, "exp": now.Add(time.Hour).Unix()})
	for range 3 {
		n.post(tokenPath, withJWT("pod", jwt), "grant_type", "client_credentials").want(t, http.StatusOK, "")
	}
	n.keys.mu.Lock()
	n.keys.err = errors.New("down")
	n.keys.mu.Unlock()
	n.post(tokenPath, withJWT("pod", jwt), "grant_type", "client_credentials").want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	n.keys.mu.Lock()
	n.keys.err = nil
	n.keys.mu.Unlock()
	n.clock.Advance(time.Hour + time.Minute)
	n.post(tokenPath, withJWT("pod", jwt), "grant_type", "client_credentials").want(t, http.StatusUnauthorized, "invalid_client")
}

package op

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

func basicAuth(id, secret string) as {
	return func(r *http.Request, _ url.Values) { r.SetBasicAuth(id, secret) }
}

func bodyAuth(id, secret string) as {
	return func(_ *http.Request, f url.Values) {
		f.Set("client_id", id)
		f.Set("client_secret", secret)
	}
}

// oddClients are registered in ways that wiki, app and robot are not.
func oddClients() []client.Client {
	weak := robotClient()
	weak.ID, weak.Secrets = "weak", []client.Secret{{Verifier: "secret:hunter2"}}
	odd := robotClient()
	odd.ID, odd.AuthMethod = "odd:id/ü", client.AuthMethodBasic
	odd.Secrets = []client.Secret{{Verifier: "secret:s p+c&i=%ä"}}
	rotating := robotClient()
	rotating.ID = "rotating"
	rotating.Secrets = []client.Secret{
		{Verifier: "secret:old-one", ExpiresAt: storagetest.NewClock().Now().Add(time.Hour)}, {Verifier: "secret:new-one"},
	}
	either := robotClient()
	either.ID, either.AuthMethod = "either", ""
	either.Secrets = []client.Secret{{Verifier: "secret:" + testSecret}}
	bare := robotClient()
	bare.ID, bare.Secrets = "bare", []client.Secret{{Verifier: ""}}
	empty := robotClient()
	empty.ID, empty.Secrets = "empty", []client.Secret{{Verifier: "secret:"}}
	return []client.Client{weak, odd, rotating, either, bare, empty}
}

func TestCL1_ClientAuthentication(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		who  as
		wait time.Duration
		ok   bool
	}{
		{name: "post", who: bodyAuth("robot", testSecret), ok: true},
		{name: "wrong secret", who: bodyAuth("robot", testSecret+"x")},
		{name: "shortened secret", who: bodyAuth("robot", testSecret[:42])},
		{name: "basic where post is registered", who: basicAuth("robot", testSecret)},
		{name: "post where basic is registered", who: bodyAuth("odd:id/ü", "s p+c&i=%ä")},
		{name: "basic where no method is registered", who: basicAuth("either", testSecret), ok: true},
		{name: "post where no method is registered", who: bodyAuth("either", testSecret), ok: true},
		{name: "no secret where no method is registered", who: bodyAuth("either", "")},
		{name: "a wrong secret where no method is registered", who: basicAuth("either", testSecret+"x")},
		{name: "form-encoded basic", who: basicAuth(url.QueryEscape("odd:id/ü"), url.QueryEscape("s p+c&i=%ä")), ok: true},
		{name: "nothing where a secret is registered", who: bodyAuth("robot", "")},
		{name: "a public client with a secret", who: bodyAuth("app", testSecret)},
		{name: "a weak secret", who: bodyAuth("weak", "hunter2"), ok: true},
		{name: "a wrong weak secret", who: bodyAuth("weak", "hunter3")},
		{name: "the new secret", who: bodyAuth("rotating", "new-one"), ok: true},
		{name: "the old secret while it lasts", who: bodyAuth("rotating", "old-one"), wait: time.Hour - time.Second, ok: true},
		{name: "the old secret afterwards", who: bodyAuth("rotating", "old-one"), wait: time.Hour},
		{name: "empty against no verifier", who: bodyAuth("bare", "")},
		{name: "empty against the hash of nothing", who: bodyAuth("empty", "")},
		{name: "empty basic", who: basicAuth("wiki", "")},
		{name: "a verifier as secret", who: bodyAuth("weak", testHasher(t).Sum(client.SecretPurpose, "weak", "hunter2"))},
		{name: "another client's secret", who: bodyAuth("rotating", testSecret)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t, oddClients()...)
			n.clock.Advance(tc.wait)
			a := n.post(tokenPath, tc.who, "grant_type", "client_credentials")
			if tc.ok {
				a.want(t, http.StatusOK, "")
				return
			}
			a.want(t, http.StatusUnauthorized, "invalid_client")
			if n.store.calls.Load() != 0 {
				t.Error("a store was asked")
			}
		})
	}
}

func TestL11_OnlyTheRegisteredMethod(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.post(tokenPath, bodyAuth("wiki", testSecret), "grant_type", "refresh_token", "refresh_token", "x").
		want(t, http.StatusUnauthorized, "invalid_client")
	n.post(tokenPath, basicAuth("wiki", testSecret), "grant_type", "refresh_token", "refresh_token", "x").
		want(t, http.StatusBadRequest, "invalid_grant")
}

func TestCL2_AssertionsAreRefused(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for _, who := range []as{nil, asRobot, asWiki} {
		n.post(tokenPath, who, "grant_type", "client_credentials", "client_assertion", "a.b.c",
			"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer").
			want(t, http.StatusUnauthorized, "invalid_client")
	}
}

func TestL6_AssertionIsNoGrant(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.post(tokenPath, asRobot, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion", "a.b.c").
		want(t, http.StatusBadRequest, "unsupported_grant_type")
}

func TestCL3_UnknownClientIsLikeAWrongSecret(t *testing.T) {
	t.Parallel()
	n := newNode(t, oddClients()...)
	unknown := n.post(tokenPath, bodyAuth("nobody", testSecret), "grant_type", "client_credentials")
	for _, who := range []as{bodyAuth("robot", "wrong"), bodyAuth("weak", "wrong"), basicAuth("robot", testSecret)} {
		wrong := n.post(tokenPath, who, "grant_type", "client_credentials")
		if wrong.Code != unknown.Code || wrong.Body.String() != unknown.Body.String() {
			t.Errorf("a wrong secret answers %d %s, an unknown client %d %s", wrong.Code, wrong.Body, unknown.Code, unknown.Body)
		}
		if strings.Contains(wrong.Header().Get("WWW-Authenticate"), "robot") {
			t.Error("the challenge names the client")
		}
	}
}

// TestLK2_ARefusedClientCostsNoSlowHash compares with a password hash made on
// the same machine, so that it holds on a slow one too.
func TestLK2_ARefusedClientCostsNoSlowHash(t *testing.T) {
	t.Parallel()
	n := newNode(t, oddClients()...)
	passwords, err := password.New(password.Config{
		Params: password.Params{MemoryKiB: 47104, Time: 2, Parallelism: 1}, MaxConcurrent: 1, QueueTimeout: time.Minute, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if _, err := passwords.Hash(t.Context(), "a password like any other"); err != nil {
		t.Fatal(err)
	}
	slow := time.Since(begun)
	for name, who := range map[string]as{
		"an unknown client": bodyAuth("nobody", testSecret), "a wrong secret": bodyAuth("robot", "wrong"), "a weak secret's": bodyAuth("weak", "wrong"),
	} {
		quickest := time.Hour
		for range 20 {
			begun := time.Now()
			n.post(tokenPath, who, "grant_type", "client_credentials").want(t, http.StatusUnauthorized, "invalid_client")
			quickest = min(quickest, time.Since(begun))
		}
		if quickest > slow/10 {
			t.Errorf("refusing %s takes %v, a slow hash %v", name, quickest, slow)
		}
	}
}

// TestOperatorsSeeWhyAClientWasRefused: nobody else does (see CL3).
func TestOperatorsSeeWhyAClientWasRefused(t *testing.T) {
	t.Parallel()
	for why, who := range map[string]as{
		"no client has this id": bodyAuth("nobody", testSecret),
		"the client is registered for client_secret_post, and client_secret_basic was used": basicAuth("robot", testSecret),
		"the client is registered for client_secret_post, and none was used":                bodyAuth("robot", ""),
		"the secret is not one of the client's, or has expired":                             bodyAuth("robot", "not its secret"),
	} {
		n := newNode(t)
		a := n.post(tokenPath, who, "grant_type", "client_credentials").want(t, http.StatusUnauthorized, "invalid_client")
		if log := n.log.String(); !strings.Contains(log, why) || strings.Contains(log, "not its secret") || strings.Contains(log, testSecret) {
			t.Errorf("%s: the log says %s", why, log)
		}
		if strings.Contains(a.Body.String(), why) {
			t.Errorf("the client is told %s", a.Body)
		}
	}
}

// brokenRegistry is a registry whose database does not answer.
type brokenRegistry struct{ clients }

func (brokenRegistry) Client(context.Context, string) (*client.Client, error) {
	return nil, errors.New("the database is away")
}

func TestClientAuthentication_ARegistryThatDoesNotAnswerIsNotARefusal(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.provider.cfg.Clients = brokenRegistry{n.provider.cfg.Clients}
	for _, id := range []string{"robot", "nobody"} {
		n.post(tokenPath, bodyAuth(id, testSecret), "grant_type", "client_credentials").
			want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	}
}

func TestGrantTypesAreThoseRegistered(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.post(tokenPath, asWiki, "grant_type", "client_credentials").want(t, http.StatusBadRequest, "unauthorized_client")
	n.post(tokenPath, asRobot, "grant_type", "refresh_token", "refresh_token", "x").want(t, http.StatusBadRequest, "unauthorized_client")
	n.post(tokenPath, asRobot, "grant_type", "authorization_code", "code", "x", "redirect_uri", "x").want(t, http.StatusBadRequest, "unauthorized_client")
}

// Half of all secrets of openssl rand -base64 hold a "+", and many clients do not
// form-encode what they put into a Basic header (RFC 6749 section 2.3.1).
func TestCL1_ASecretThatFitsOnlyUndecoded(t *testing.T) {
	t.Parallel()
	const secret = "PMCiRzvQvdTdGRm2BwdVr+csmyLQjlfxH/piEX8/pe%Y="
	raw := robotClient()
	raw.ID, raw.AuthMethod, raw.Secrets = "generic+%", "", []client.Secret{{Verifier: "secret:" + secret}}
	n := newNode(t, raw)
	for range 3 {
		n.post(tokenPath, basicAuth(raw.ID, secret), "grant_type", "client_credentials").want(t, http.StatusOK, "")
	}
	if got := strings.Count(n.log.String(), "fits only undecoded"); got != 1 {
		t.Errorf("logged %d times, want once: %s", got, n.log)
	}
	n.post(tokenPath, basicAuth(url.QueryEscape(raw.ID), url.QueryEscape(secret)), "grant_type", "client_credentials").want(t, http.StatusOK, "")
	n.post(tokenPath, bodyAuth(raw.ID, secret), "grant_type", "client_credentials").want(t, http.StatusOK, "")
	for _, wrong := range []string{strings.ReplaceAll(secret, "+", " "), secret + "=", url.QueryEscape(url.QueryEscape(secret))} {
		n.post(tokenPath, basicAuth(raw.ID, wrong), "grant_type", "client_credentials").want(t, http.StatusUnauthorized, "invalid_client")
		n.post(tokenPath, bodyAuth(raw.ID, wrong), "grant_type", "client_credentials").want(t, http.StatusUnauthorized, "invalid_client")
	}
	if strings.Contains(n.log.String(), "PMCi") {
		t.Error("the secret is in the log")
	}
}

func TestCL1_WithoutAMethodBothWaysOfASecretAreTaken(t *testing.T) {
	t.Parallel()
	either := robotClient()
	either.ID, either.AuthMethod = "either", ""
	n := newNode(t, either)
	for _, who := range []as{basicAuth("either", testSecret), bodyAuth("either", testSecret)} {
		n.post(tokenPath, who, "grant_type", "client_credentials").want(t, http.StatusOK, "")
	}
	for _, who := range []as{bodyAuth("either", ""), basicAuth("either", "wrong"), bodyAuth("either", "wrong")} {
		n.post(tokenPath, who, "grant_type", "client_credentials").want(t, http.StatusUnauthorized, "invalid_client")
	}
}

// A parameter without a value counts as omitted (RFC 6749 section 3.2).
func TestCL1_AnEmptySecretInTheBodyIsNone(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	asBoth := func(r *http.Request, f url.Values) {
		r.SetBasicAuth("wiki", testSecret)
		f.Set("client_secret", "")
	}
	n.exchange(asBoth, n.code("wiki")).want(t, http.StatusOK, "")
	n.exchange(bodyAuth("app", ""), n.code("app")).want(t, http.StatusOK, "")
}

// What is taken is what clients may be registered for, and what is advertised.
func TestAZ4_OneListOfGrantsAndMethods(t *testing.T) {
	t.Parallel()
	var grants []string
	for _, g := range grantTypes {
		grants = append(grants, g.name)
	}
	possible := slices.DeleteFunc(client.GrantTypes(), func(g string) bool { return g == client.GrantImplicit }) // of no token request
	if !slices.Equal(grants, possible) {
		t.Errorf("grants are %v, clients may have %v", grants, client.GrantTypes())
	}
	if got := methodNames(authMethods); !slices.Equal(got, client.AuthMethods()) {
		t.Errorf("methods are %v, clients may have %v", got, client.AuthMethods())
	}
}

// Guessing a secret online is slowed down, for the client and the address that do
// it: the same client elsewhere, and other clients there, notice nothing.
func TestTH1_FailedClientAuthenticationIsLimited(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	from := func(address string, who as) *answer {
		form := url.Values{"grant_type": {"client_credentials"}}
		r := httptest.NewRequest(http.MethodPost, testIssuer+tokenPath, nil)
		who(r, form)
		r.Header.Set("Content-Type", formType)
		r = withBody(r, form.Encode())
		r.RemoteAddr = address
		a := &answer{ResponseRecorder: httptest.NewRecorder()}
		web.Wrap(web.Config{Hosts: []string{"id.example.com"}, Errors: n.provider.cfg.Errors, Log: n.provider.cfg.Log}, n.handler).ServeHTTP(a, r)
		n.store.must(json.Unmarshal(a.Body.Bytes(), a))
		return a
	}
	const here, there = "192.0.2.7:1000", "198.51.100.7:1000"
	for range authFailuresFree {
		from(here, bodyAuth("robot", "guess")).want(t, http.StatusUnauthorized, "invalid_client")
	}
	refused := from(here, bodyAuth("robot", testSecret)).want(t, http.StatusTooManyRequests, "invalid_client")
	if refused.Header().Get("Retry-After") != "2" {
		t.Errorf("Retry-After is %q", refused.Header().Get("Retry-After"))
	}
	from(there, bodyAuth("robot", testSecret)).want(t, http.StatusOK, "")
	from(here, basicAuth("wiki", testSecret)).want(t, http.StatusBadRequest, "unauthorized_client")
	n.clock.Advance(authFailureRefill)
	from(here, bodyAuth("robot", testSecret)).want(t, http.StatusOK, "")
	from(here, bodyAuth("robot", "guess")).want(t, http.StatusUnauthorized, "invalid_client")
	from(here, bodyAuth("robot", "guess")).want(t, http.StatusTooManyRequests, "invalid_client")
}

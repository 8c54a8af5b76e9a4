package op

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// trustedNode is a resourceNode whose reports server gets tokens about jobs of a build
// service, by both grants.
func trustedNode(t testing.TB, change ...func(*client.Client)) (*node, jose.JSONWebKey) {
	t.Helper()
	n := resourceNode(t)
	key := signingKey(t, "builds")
	n.keys.set(key)
	reports := reportsServer()
	reports.GrantTypes = append(reports.GrantTypes, client.GrantJWTBearer)
	reports.TrustedSubjects = []client.TrustedSubject{{
		Issuer: buildIssuer, Subject: "repo:acme/*", Claims: map[string][]string{"owner_id": {"4711"}}, Resources: []string{filesAPI}, Scopes: []string{"files.write"},
	}}
	for _, c := range change {
		c(&reports)
	}
	n.reload(wikiClient(), reports, filesServer())
	n.provider.cfg.TrustedIssuers = map[string]string{buildIssuer: keysURI}
	return n, key
}

// job are the claims of a JWT of the build service.
func (n *node) job() map[string]any {
	now := n.clock.Now()
	return map[string]any{
		"iss": buildIssuer, "sub": "repo:acme/shop", "aud": testIssuer, "jti": newJTI(), "owner_id": "4711",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}
}

var jtis atomic.Int64

func newJTI() string { return fmt.Sprint("jti-", jtis.Add(1)) }

func (n *node) bear(assertion string, more ...string) *answer {
	n.t.Helper()
	return n.post(tokenPath, asReports, append([]string{"grant_type", client.GrantJWTBearer, "assertion", assertion}, more...)...)
}

func (n *node) exchangeJWT(token string, more ...string) *answer {
	n.t.Helper()
	return n.post(tokenPath, asReports, append([]string{
		"grant_type", client.GrantTokenExchange, "subject_token", token, "subject_token_type", jwtURN,
	}, more...)...)
}

// RFC 7523 section 3 and RFC 8693 section 2.2.2, sentence by sentence: which JWTs of
// another issuer get a token, by either grant; of what is refused nothing is issued, and
// nothing on record.
func TestTX1_JWTsOfTrustedIssuers(t *testing.T) {
	t.Parallel()
	n, key := trustedNode(t)
	other := signingKey(t, "builds")
	with := func(name string, value any) map[string]any {
		claims := n.job()
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
		return claims
	}
	now := n.clock.Now()
	for name, tc := range map[string]struct {
		claims map[string]any
		key    jose.JSONWebKey
		ok     bool
	}{
		"in order":                {n.job(), key, true},
		"for the token endpoint":  {with("aud", testIssuer+tokenPath), key, true},
		"no iss":                  {with("iss", nil), key, false},
		"an issuer of no trust":   {with("iss", "https://evil.example.com"), key, false},
		"our own name":            {with("iss", testIssuer), key, false},
		"no sub":                  {with("sub", nil), key, false},
		"another sub":             {with("sub", "repo:evil/shop"), key, false},
		"a sub without end":       {with("sub", "repo:acme/"+strings.Repeat("a", maxTrustedSubject)), key, false},
		"another owner":           {with("owner_id", "666"), key, false},
		"no owner":                {with("owner_id", nil), key, false},
		"no aud":                  {with("aud", nil), key, false},
		"another aud":             {with("aud", "https://elsewhere.example.com"), key, false},
		"several aud":             {with("aud", []string{testIssuer, "https://elsewhere.example.com"}), key, false},
		"no exp":                  {with("exp", nil), key, false},
		"expired":                 {with("exp", now.Add(-time.Minute).Unix()), key, false},
		"at its very end":         {with("exp", now.Unix()), key, false},
		"good for a day":          {with("exp", now.Add(24*time.Hour).Unix()), key, false},
		"not yet good":            {with("nbf", now.Add(time.Minute).Unix()), key, false},
		"issued in the future":    {with("iat", now.Add(time.Minute).Unix()), key, false},
		"signed by somebody else": {n.job(), other, false},
	} {
		jwt := platform(t, tc.key, tc.claims)
		issued := len(n.events())
		bearer, exchanged := n.bear(jwt), n.exchangeJWT(jwt)
		if tc.ok {
			bearer.want(t, http.StatusOK, "")
			exchanged.want(t, http.StatusOK, "")
			continue
		}
		bearer.want(t, http.StatusBadRequest, "invalid_grant")
		exchanged.want(t, http.StatusBadRequest, "invalid_request")
		if bearer.AccessToken != "" || exchanged.AccessToken != "" || len(n.events()) != issued {
			t.Errorf("%s: something was issued, or recorded", name)
		}
		if strings.Contains(bearer.Body.String()+exchanged.Body.String(), "evil") {
			t.Errorf("%s: the answer tells what is wrong: %s", name, bearer.Body)
		}
	}
	n.bear("no JWT").want(t, http.StatusBadRequest, "invalid_grant")
	n.post(tokenPath, asReports, "grant_type", client.GrantJWTBearer).want(t, http.StatusBadRequest, "invalid_request")
	n.post(tokenPath, asRobot, "grant_type", client.GrantJWTBearer, "assertion", platform(t, key, n.job())).want(t, http.StatusBadRequest, "unauthorized_client")
	if grants := n.store.grants(); len(grants) > 0 {
		t.Errorf("%d grants were made", len(grants))
	}
}

// What a token says that a trusted issuer vouched for: of nobody here, no longer than the
// JWT, for one resource, and on record.
func TestTX1_WhatATrustedIssuerVouchesFor(t *testing.T) {
	t.Parallel()
	n, key := trustedNode(t)
	claims := n.job()
	claims["exp"] = n.clock.Now().Add(time.Minute).Unix()
	jwt := platform(t, key, claims)
	a := n.bear(jwt, "scope", "files.write").want(t, http.StatusOK, "")
	said := n.seen(asFiles, a.AccessToken)
	if said["active"] != true || said["sub"] != buildIssuer+"#repo:acme/shop" || said["scope"] != "files.write" || said["act"] != nil || said["client_id"] != "reports-server" {
		t.Errorf("the token says %v", said)
	}
	if a.ExpiresIn > 60 || a.RefreshToken != "" || a.IDToken != "" || a.IssuedType != "" {
		t.Errorf("answered with %s", a.Body)
	}
	exchanged := n.exchangeJWT(jwt).want(t, http.StatusOK, "") // which spends nothing
	act, _ := n.seen(asFiles, exchanged.AccessToken)["act"].(map[string]any)
	if act["sub"] != "reports-server" || exchanged.IssuedType != accessTokenURN {
		t.Errorf("exchanged for %s, act %v", exchanged.Body, act)
	}
	if events := n.events(); !slices.Contains(events, storage.EventTokenByAssertion) || !slices.Contains(events, storage.EventTokenExchanged) {
		t.Errorf("on record are %v", events)
	}
	n.bear(platform(t, key, n.job()), "scope", "reports.read").want(t, http.StatusBadRequest, "invalid_scope")
	n.bear(platform(t, key, n.job()), "resource", reportsAPI).want(t, http.StatusBadRequest, "invalid_target")
	may := n.job()
	may["may_act"] = map[string]any{"sub": "another"}
	n.exchangeJWT(platform(t, key, may)).want(t, http.StatusBadRequest, "invalid_request")
	without := n.job()
	delete(without, "jti")
	n.bear(platform(t, key, without)).want(t, http.StatusBadRequest, "invalid_grant")
	n.exchangeJWT(platform(t, key, without)).want(t, http.StatusOK, "")
}

// Keys that cannot be fetched, and a record that cannot be written, are no verdict, and
// nothing is issued without a record.
func TestTX1_NothingIsIssuedOffTheRecord(t *testing.T) {
	t.Parallel()
	n, key := trustedNode(t)
	n.keys.mu.Lock()
	n.keys.err = errors.New("down")
	n.keys.mu.Unlock()
	n.bear(platform(t, key, n.job())).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	n.keys.mu.Lock()
	n.keys.err = nil
	n.keys.mu.Unlock()
	n.provider.cfg.Events = fullRecord{}
	for _, a := range []*answer{n.bear(platform(t, key, n.job())), n.exchangeJWT(platform(t, key, n.job()))} {
		if a.want(t, http.StatusServiceUnavailable, "temporarily_unavailable"); a.AccessToken != "" {
			t.Error("a token was issued that is not on record")
		}
	}
}

// An assertion is used once, by however many at once (RFC 7523 section 3: jti).
func TestPR1_OfManyUsesOfOneTrustedAssertionOneSucceeds(t *testing.T) {
	t.Parallel()
	n, key := trustedNode(t)
	jwt := platform(t, key, maps.Clone(n.job()))
	var all sync.WaitGroup
	var succeeded atomic.Int64
	for range 200 {
		all.Go(func() {
			switch a := n.bear(jwt); {
			case a.Code == http.StatusOK:
				succeeded.Add(1)
			case a.Error != "invalid_grant":
				t.Errorf("refused as %d %s", a.Code, a.Body)
			}
		})
	}
	all.Wait()
	if succeeded.Load() != 1 {
		t.Errorf("%d of 200 succeeded", succeeded.Load())
	}
	n.clock.Advance(4 * time.Minute)
	n.bear(jwt).want(t, http.StatusBadRequest, "invalid_grant")
}

// The grant is advertised and taken where there is an issuer to trust, and nowhere else.
func TestAZ4_TheBearerGrantWhereItIsOffered(t *testing.T) {
	t.Parallel()
	for issuers, offered := range map[int]bool{0: false, 1: true} {
		n := newNode(t)
		cfg := n.provider.cfg
		cfg.TrustedIssuers = map[string]string{}
		if issuers > 0 {
			cfg.TrustedIssuers[buildIssuer] = keysURI
		}
		n.start(cfg)
		w := httptest.NewRecorder()
		n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, testIssuer+openIDConfigurationPath, nil))
		if got := strings.Contains(w.Body.String(), client.GrantJWTBearer); got != offered {
			t.Errorf("with %d issuers it is advertised: %v", issuers, got)
		}
		want := map[bool]string{true: "unauthorized_client", false: "unsupported_grant_type"}[offered]
		n.post(tokenPath, asRobot, "grant_type", client.GrantJWTBearer, "assertion", "x").want(t, http.StatusBadRequest, want)
	}
}

// Each exchange is on record, with the grant that the old token came from.
func TestLG1_ExchangesAreOnRecord(t *testing.T) {
	t.Parallel()
	n := exchangeNode(t)
	sent := n.sent()
	n.exchangeToken(asReports, sent.AccessToken, "resource", filesAPI).want(t, http.StatusOK, "")
	n.exchangeToken(asReports, sent.AccessToken, "resource", "https://elsewhere.example.com").want(t, http.StatusBadRequest, "invalid_target")
	found, err := n.store.Events().List(t.Context(), storage.EventFilter{Type: storage.EventTokenExchanged, Limit: 10})
	if err != nil || len(found) != 1 {
		t.Fatalf("%d events, %v", len(found), err)
	}
	if e := found[0]; e.ClientID != "reports-server" || e.GrantID != n.grant().ID || e.UserID != "" || !strings.Contains(e.Detail, filesAPI) || !strings.Contains(e.Detail, "wiki") {
		t.Errorf("on record is %+v", e)
	}
}

// fullRecord is a record that takes no more.
type fullRecord struct{}

func (fullRecord) Append(context.Context, storage.Event) error { return errors.New("disk full") }

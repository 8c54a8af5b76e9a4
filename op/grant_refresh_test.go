package op

import (
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

func TestRefresh(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	first := n.signedIn()
	n.clock.Advance(time.Hour)
	calls := n.store.calls.Load()
	second := n.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
	if got := n.store.calls.Load() - calls; got != 1 {
		t.Errorf("%d round trips for a refresh, want 1", got)
	}
	if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken || second.Scope != first.Scope {
		t.Errorf("not refreshed: %s", second.Body)
	}
	before, after := claimsOf(t, first.IDToken), claimsOf(t, second.IDToken)
	for _, same := range []string{"iss", "sub", "aud", "auth_time", "acr", "sid"} {
		if before[same] != after[same] {
			t.Errorf("%s changed from %v to %v", same, before[same], after[same])
		}
	}
	if before["nonce"] != "n-1" || after["nonce"] != nil {
		t.Errorf("nonce is %v, then %v; want it once (Core 12.2)", before["nonce"], after["nonce"])
	}
	if before["iat"] == after["iat"] || before["at_hash"] == after["at_hash"] {
		t.Error("the ID token is the old one")
	}
}

func TestRF1_RowIsNoToken(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.signedIn()
	g, calls := n.grant(), n.store.calls.Load()
	for _, guess := range []string{string(g.ID), g.CodeHash, encode(g.Salt), refreshTokenPrefix + string(g.ID)} {
		n.refresh(asWiki, guess).want(t, http.StatusBadRequest, "invalid_grant")
	}
	forger := testCodec(t, "p2")
	forged, err := forger.encode(refreshToken{GrantID: g.ID, Generation: 1, Salt: [saltSize]byte(g.Salt)}, "wiki")
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	n.refresh(asWiki, forged).want(t, http.StatusBadRequest, "invalid_grant")
	if n.store.calls.Load() != calls {
		t.Error("a forgery reached the store")
	}
	if g := n.grant(); g.Generation != 1 || !g.RevokedAt.IsZero() {
		t.Errorf("a forgery changed the grant: %+v", g)
	}
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func TestRF2_ReuseRevokesTheGrant(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	r1 := n.signedIn()
	r2 := n.refresh(asWiki, r1.RefreshToken).want(t, http.StatusOK, "")
	r3 := n.refresh(asWiki, r2.RefreshToken).want(t, http.StatusOK, "")
	if _, err := n.provider.checkAccessToken(t.Context(), r1.AccessToken); err != nil {
		t.Errorf("a rotation killed an access token: %v", err)
	}
	n.refresh(asWiki, r1.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	n.refresh(asWiki, r3.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	for i, a := range []*answer{r1, r2, r3} {
		if _, err := n.provider.checkAccessToken(t.Context(), a.AccessToken); !errors.Is(err, errInvalidToken) {
			t.Errorf("access token %d still works: %v", i+1, err)
		}
	}
	if got := n.grant().RevokedReason; got != storage.RevokedReuse {
		t.Errorf("revoked because of %q", got)
	}
	if got := n.events(); !slices.Equal(got, []storage.EventType{storage.EventGrantIssued, storage.EventRefreshReuse}) {
		t.Errorf("events %v", got)
	}
	if !strings.Contains(n.log.String(), `"level":"WARN"`) || !slices.Equal(n.revoked.Reasons, []string{storage.RevokedReuse}) {
		t.Errorf("no alert in the log, or not counted once: %v", n.revoked.Reasons)
	}
}

func TestRF2_ReuseThatCannotBeRecordedIsNoAnswer(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	r1 := n.signedIn()
	n.refresh(asWiki, r1.RefreshToken).want(t, http.StatusOK, "")
	n.clock.Advance(time.Minute)
	n.store.RevokeErr.Set(errors.New("disk full"))
	n.refresh(asWiki, r1.RefreshToken).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
}

func TestRF3_RetryGetsTheSameSuccessor(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	first := n.signedIn()
	n.clock.Advance(time.Minute)
	successors := map[string]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			a := n.refresh(asWiki, first.RefreshToken)
			mu.Lock()
			defer mu.Unlock()
			if a.Code != http.StatusOK {
				t.Errorf("status %d: %s", a.Code, a.Body)
			}
			successors[a.RefreshToken] = true
		})
	}
	wg.Wait()
	if len(successors) != 1 || n.grant().Generation != 2 {
		t.Errorf("%d successors, generation %d; want one of generation 2", len(successors), n.grant().Generation)
	}
	n.clock.Advance(30*time.Second - 1)
	if a := n.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, ""); !successors[a.RefreshToken] {
		t.Error("a late retry got another successor")
	}
	n.clock.Advance(1)
	n.refresh(asWiki, first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	if n.grant().RevokedReason != storage.RevokedReuse {
		t.Error("a retry after the grace is not reuse")
	}
}

func TestRF3_NoGraceWhereItIsOff(t *testing.T) {
	t.Parallel()
	strict := wikiClient()
	strict.ID, strict.Lifetimes.RefreshGrace = "strict", 0
	n := newNode(t, strict)
	asStrict := basicAuth("strict", testSecret)
	first := n.exchange(asStrict, n.code("strict")).want(t, http.StatusOK, "")
	n.refresh(asStrict, first.RefreshToken).want(t, http.StatusOK, "")
	n.refresh(asStrict, first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	if n.grant().RevokedReason != storage.RevokedReuse {
		t.Error("the grant lives on")
	}
}

func TestRF4_IdleAndAbsoluteExpiry(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	token := n.signedIn().RefreshToken
	n.clock.Advance(24*time.Hour - time.Second)
	token = n.refresh(asWiki, token).want(t, http.StatusOK, "").RefreshToken
	n.clock.Advance(24 * time.Hour)
	n.refresh(asWiki, token).want(t, http.StatusBadRequest, "invalid_grant")

	n = newNode(t)
	token = n.signedIn().RefreshToken
	for day := time.Duration(0); day < 30*24*time.Hour-23*time.Hour; day += 23 * time.Hour {
		n.clock.Advance(23 * time.Hour)
		a := n.refresh(asWiki, token)
		if n.clock.Now().After(n.grant().ExpiresAt) {
			t.Fatal("refreshed beyond the absolute lifetime")
		}
		token = a.want(t, http.StatusOK, "").RefreshToken
	}
	n.clock.Advance(23 * time.Hour)
	n.refresh(asWiki, token).want(t, http.StatusBadRequest, "invalid_grant")
	if !n.grant().RevokedAt.IsZero() {
		t.Error("expiry revoked the grant")
	}
}

func TestRF4_AccessTokenEndsWithItsGrant(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	token := n.signedIn().RefreshToken
	n.store.exec(`UPDATE grants SET expires_at = ?`, n.clock.Now().Add(time.Minute).UnixMicro())
	if a := n.refresh(asWiki, token).want(t, http.StatusOK, ""); a.ExpiresIn != 60 {
		t.Errorf("expires_in is %d, the grant has 60 s left", a.ExpiresIn)
	}
}

func TestRF5_EachRefreshChecksAgain(t *testing.T) {
	t.Parallel()
	replace := func(n *node, change func(*client.Client)) {
		c := wikiClient()
		c.Secrets = slices.Clone(n.registry.Snapshot().All()[0].Secrets)
		change(&c)
		n.registry.Replace(client.NewSnapshot([]client.Client{c, appClient()}))
	}
	for name, tc := range map[string]struct {
		who    as
		change func(*node)
		status int
		code   string
	}{
		"account disabled":    {change: func(n *node) { n.store.disable(n.clock.Now()) }},
		"account locked down": {change: func(n *node) { n.store.lockDown(n.clock.Now()) }},
		"grant revoked":       {change: (*node).endGrant},
		"grant deleted":       {change: func(n *node) { n.store.exec(`DELETE FROM grants`) }},
		"another client":      {who: asApp, change: func(*node) {}},
		"openid taken away": {change: func(n *node) {
			replace(n, func(c *client.Client) { c.Scopes = []string{"profile", "offline_access"} })
		}},
		"offline_access taken away": {change: func(n *node) {
			replace(n, func(c *client.Client) { c.Scopes = []string{"openid", "profile"} })
		}},
		"grant type taken away": {code: "unauthorized_client", change: func(n *node) {
			replace(n, func(c *client.Client) { c.GrantTypes = []string{client.GrantAuthorizationCode} })
		}},
		"client removed": {status: http.StatusUnauthorized, code: "invalid_client", change: func(n *node) {
			n.registry.Replace(client.NewSnapshot([]client.Client{appClient()}))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			token := n.signedIn().RefreshToken
			tc.change(n)
			if tc.who == nil {
				tc.who = asWiki
			}
			if tc.code == "" {
				tc.code = "invalid_grant"
			}
			if tc.status == 0 {
				tc.status = http.StatusBadRequest
			}
			n.refresh(tc.who, token).want(t, tc.status, tc.code)
			if got := n.events(); slices.Contains(got, storage.EventRefreshReuse) {
				t.Errorf("events %v, want no reuse", got)
			}
		})
	}
}

func TestRefreshScopes(t *testing.T) {
	t.Parallel()
	registered := &client.Client{Metadata: client.Metadata{Scopes: []string{"openid", "offline_access", "read", "write"}}}
	granted := []string{"openid", "offline_access", "read", "gone"}
	for _, tc := range []struct {
		name               string
		granted, requested []string
		want               string
		code               string
	}{
		{name: "what is left", granted: granted, want: "openid offline_access read"},
		{name: "fewer", granted: granted, requested: []string{"read"}, want: "read"},
		{name: "in the order granted, once", granted: granted, requested: []string{"read", "openid", "read"}, want: "openid read"},
		{name: "never granted", granted: granted, requested: []string{"write"}, code: "invalid_scope"},
		{name: "no longer registered", granted: granted, requested: []string{"gone"}, code: "invalid_scope"},
		{name: "nothing is left", granted: []string{"gone"}, code: "invalid_grant"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := refreshScopes(registered, tc.granted, tc.requested)
			if code := errorCode(err); code != tc.code || strings.Join(got, " ") != tc.want {
				t.Errorf("got %v and %q, want %q and %q", got, code, tc.want, tc.code)
			}
		})
	}
}

func errorCode(err error) string {
	if err == nil {
		return ""
	}
	return errorOf(err).Code
}

func TestRefresh_Downscoping(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	token := n.signedIn().RefreshToken
	n.refresh(asWiki, token, "scope", "openid admin").want(t, http.StatusBadRequest, "invalid_scope")
	if n.grant().Generation != 1 {
		t.Fatal("a request for too much cost the refresh token")
	}
	narrow := n.refresh(asWiki, token, "scope", "email").want(t, http.StatusOK, "")
	if narrow.Scope != "email" || narrow.IDToken != "" {
		t.Errorf("scope %q, ID token %q", narrow.Scope, narrow.IDToken)
	}
	if claimsOf(t, narrow.AccessToken)["scope"] != "email" {
		t.Error("the access token may do more")
	}
	if wide := n.refresh(asWiki, narrow.RefreshToken).want(t, http.StatusOK, ""); wide.Scope != "openid profile email offline_access" {
		t.Errorf("the grant itself was narrowed to %q", wide.Scope)
	}
}

func TestRefresh_StoreFailure(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	token := n.signedIn().RefreshToken
	n.store.Err.Set(errors.New("connection refused by 10.0.0.7"))
	a := n.refresh(asWiki, token).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	if strings.Contains(a.Body.String(), "10.0.0.7") {
		t.Error("the cause is told to the client")
	}
	n.store.Err.Set(nil)
	n.refresh(asWiki, token).want(t, http.StatusOK, "")
}

// A refresh token without offline_access ends with the session that it came from.
func TestRF5_WithoutOfflineAccessItEndsWithItsSession(t *testing.T) {
	t.Parallel()
	online := func(c *issuedCode) {
		c.Request.Scopes, c.SessionExpiresAt = []string{"openid", "email"}, c.ExpiresAt.Add(time.Hour)
	}
	for name, end := range map[string]func(*node){
		"signed out": func(n *node) {
			now := n.clock.Now()
			n.store.must(n.store.Sessions().End(n.t.Context(), testSID, now, n.store.event(storage.EventSignOut, now)))
		},
		"not used for too long": func(n *node) {
			n.store.exec(`UPDATE sessions SET idle_expires_at = ?`, n.clock.Now().Add(time.Minute).UnixMicro())
			n.clock.Advance(time.Minute)
		},
		"over": func(n *node) { n.clock.Advance(time.Hour + time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			first := n.exchange(asWiki, n.code("wiki", online)).want(t, http.StatusOK, "")
			second := n.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
			offline := n.exchange(asWiki, n.code("wiki")).want(t, http.StatusOK, "")
			end(n)
			n.refresh(asWiki, second.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
			n.refresh(asWiki, offline.RefreshToken).want(t, http.StatusOK, "")
			if slices.Contains(n.events(), storage.EventRefreshReuse) {
				t.Error("taken for reuse")
			}
		})
	}
}

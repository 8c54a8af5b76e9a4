package op

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

func TestCodeExchange(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.signedIn()
	if a.AccessToken == "" || a.IDToken == "" || a.RefreshToken == "" || a.TokenType != "Bearer" || a.ExpiresIn != 600 {
		t.Errorf("tokens are missing: %s", a.Body)
	}
	if a.Scope != "openid profile email offline_access" {
		t.Errorf("scope is %q", a.Scope)
	}
	g := n.grant()
	if !g.Offline || !g.Refreshable || g.Generation != 1 || len(g.Salt) != saltSize || g.UserID != testUserID {
		t.Errorf("grant is %+v", g)
	}
	if want := []storage.EventType{storage.EventGrantIssued}; !slices.Equal(n.events(), want) {
		t.Errorf("events %v, want %v", n.events(), want)
	}
}

func TestCodeExchange_PublicClient(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	if a := n.exchange(asApp, n.code("app")).want(t, http.StatusOK, ""); a.RefreshToken == "" {
		t.Error("no refresh token")
	}
}

func TestCodeExchange_WithoutOfflineAccess(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	sessionEnd := n.clock.Now().Add(2 * time.Hour)
	a := n.exchange(asWiki, n.code("wiki", func(c *issuedCode) {
		c.Request.Scopes, c.SessionExpiresAt = []string{"openid", "email"}, sessionEnd
	})).want(t, http.StatusOK, "")
	if a.RefreshToken == "" || a.Scope != "openid email" {
		t.Errorf("no refresh token bound to the session: %s", a.Body)
	}
	if g := n.grant(); !g.Refreshable || g.Offline || !g.ExpiresAt.Equal(sessionEnd) {
		t.Errorf("grant is %+v, want one that ends with its session at %s", g, sessionEnd)
	}
}

func TestCodeExchange_WithoutTheRefreshGrant(t *testing.T) {
	t.Parallel()
	once := wikiClient()
	once.ID, once.GrantTypes = "once", []string{client.GrantAuthorizationCode}
	n := newNode(t, once)
	a := n.exchange(basicAuth("once", testSecret), n.code("once")).want(t, http.StatusOK, "")
	if a.RefreshToken != "" || a.Scope != "openid profile email" {
		t.Errorf("a refresh token without the grant: %s", a.Body)
	}
	g := n.grant()
	if g.Refreshable || g.Offline || !g.ExpiresAt.Equal(n.clock.Now().Add(10*time.Minute)) {
		t.Errorf("grant is %+v", g)
	}
}

// exchangeAtOnce sends n equal requests and counts the successes.
func exchangeAtOnce(n *node, code string, times int) int64 {
	var successes atomic.Int64
	var wg sync.WaitGroup
	for range times {
		wg.Go(func() {
			if n.exchange(asWiki, code).Code == http.StatusOK {
				successes.Add(1)
			}
		})
	}
	wg.Wait()
	return successes.Load()
}

func TestTK1_OneCodeOneSuccess(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	if got := exchangeAtOnce(n, n.code("wiki"), 200); got != 1 {
		t.Errorf("%d successes for one code, want one", got)
	}
	n.grant()
}

func TestL3_CodeIsConsumedFirst(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki")
	n.post(tokenPath, asWiki, "grant_type", "authorization_code", "code", code, "redirect_uri", "https://evil.example/").
		want(t, http.StatusBadRequest, "invalid_grant")
	n.exchange(asWiki, code).want(t, http.StatusBadRequest, "invalid_grant")
	if len(n.store.grants()) != 0 {
		t.Error("a code that failed once was exchanged later")
	}
}

func TestTK1_CodeThatACacheBringsBack(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	var kept issuedCode
	secret := n.code("wiki", func(c *issuedCode) { kept = *c })
	n.exchange(asWiki, secret).want(t, http.StatusOK, "")
	n.keep(secret, kept)
	n.exchange(asWiki, secret).want(t, http.StatusBadRequest, "invalid_grant")
	if n.grant().RevokedReason != storage.RevokedCodeReplay {
		t.Error("the replay did not revoke the grant")
	}
}

func TestTK2_ValidReplayRevokes(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki")
	first := n.exchange(asWiki, code).want(t, http.StatusOK, "")
	n.exchange(asWiki, code).want(t, http.StatusBadRequest, "invalid_grant")
	if n.grant().RevokedReason != storage.RevokedCodeReplay {
		t.Fatal("the grant lives on")
	}
	if want := []storage.EventType{storage.EventCodeReplay, storage.EventGrantIssued}; !slices.Equal(n.events(), want) {
		t.Errorf("events %v, want %v", n.events(), want)
	}
	if !slices.Equal(n.revoked.Reasons, []string{storage.RevokedCodeReplay}) {
		t.Errorf("counted %v", n.revoked.Reasons)
	}
	if _, err := n.provider.checkAccessToken(t.Context(), first.AccessToken); !errors.Is(err, errInvalidToken) {
		t.Errorf("the access token still works: %v", err)
	}
	n.refresh(asWiki, first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
}

func TestTK2_InvalidReplayChangesNothing(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki")
	n.exchange(asWiki, code).want(t, http.StatusOK, "")
	form := []string{"grant_type", "authorization_code", "code", code}
	n.post(tokenPath, asWiki, append(form, "redirect_uri", testRedirect, "code_verifier", challengeOf("another"))...).
		want(t, http.StatusBadRequest, "invalid_grant")
	n.post(tokenPath, asWiki, append(form, "redirect_uri", testRedirect)...).want(t, http.StatusBadRequest, "invalid_grant")
	n.post(tokenPath, asWiki, append(form, "redirect_uri", testRedirect+"/", "code_verifier", testVerifier)...).
		want(t, http.StatusBadRequest, "invalid_grant")
	n.exchange(asApp, code).want(t, http.StatusBadRequest, "invalid_grant")
	n.exchange(nil, code).want(t, http.StatusUnauthorized, "invalid_client")
	if g := n.grant(); !g.RevokedAt.IsZero() {
		t.Errorf("an invalid replay revoked the grant: %s", g.RevokedReason)
	}
}

// A code rests on the session that it came from: it is worth nothing when that
// has ended, or the password was changed in it, although nobody used it before.
func TestSE5_CodeEndsWithItsSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*node){
		"session over": func(n *node) {
			now := n.clock.Now()
			n.store.must(n.store.Sessions().End(n.t.Context(), testSID, now, n.store.event(storage.EventSignOut, now)))
		},
		"password changed": func(n *node) { n.store.exec(`UPDATE users SET password_epoch = password_epoch + 1`) },
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			code := n.code("wiki")
			end(n)
			n.exchange(asWiki, code).want(t, http.StatusBadRequest, "invalid_grant")
			if len(n.store.grants()) != 0 || slices.Contains(n.events(), storage.EventGrantIssued) {
				t.Errorf("grants %v, events %v", n.store.grants(), n.events())
			}
		})
	}
}

func TestTK3_CodeIsBound(t *testing.T) {
	t.Parallel()
	good := []string{"redirect_uri", testRedirect, "code_verifier", testVerifier}
	noChallenge := func(c *issuedCode) { c.Request.CodeChallenge = "" }
	for _, tc := range []struct {
		name   string
		who    as
		change func(*issuedCode)
		wait   time.Duration
		form   []string
		ok     bool
	}{
		{name: "as issued", form: good, ok: true},
		{name: "to its client", who: asApp, form: good},
		{name: "to its redirect URI", form: []string{"redirect_uri", testRedirect + "?", "code_verifier", testVerifier}},
		{name: "to its verifier", form: []string{"redirect_uri", testRedirect, "code_verifier", testVerifier + "x"}},
		{name: "verifier may not be left out", form: good[:2]},
		{name: "verifier without a challenge", change: noChallenge, form: good},
		{name: "neither verifier nor challenge", change: noChallenge, form: good[:2], ok: true},
		{name: "just before it expires", wait: time.Minute - time.Second, form: good, ok: true},
		{name: "when it expires", wait: time.Minute, form: good},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNode(t)
			who := tc.who
			if who == nil {
				who = asWiki
			}
			change := tc.change
			if change == nil {
				change = func(*issuedCode) {}
			}
			code := n.code("wiki", change)
			n.clock.Advance(tc.wait)
			a := n.post(tokenPath, who, append([]string{"grant_type", "authorization_code", "code", code}, tc.form...)...)
			if tc.ok {
				a.want(t, http.StatusOK, "")
				return
			}
			a.want(t, http.StatusBadRequest, "invalid_grant")
			if len(n.store.grants()) != 0 {
				t.Error("a grant was made all the same")
			}
		})
	}
}

func TestL4_PublicClientCannotSkipPKCE(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("app", func(c *issuedCode) { c.Request.CodeChallenge = "" })
	n.post(tokenPath, asApp, "grant_type", "authorization_code", "code", code, "redirect_uri", testRedirect).
		want(t, http.StatusBadRequest, "invalid_grant")
}

func TestL5_VerifierForm(t *testing.T) {
	t.Parallel()
	for verifier, want := range map[string]bool{
		testVerifier:             true,
		"x":                      false,
		testVerifier[:42]:        false,
		string(make([]byte, 43)): false,
		testVerifier[:42] + "+":  false,
		testVerifier[:42] + "~":  true,
		testVerifier + testVerifier + testVerifier[:42]: true,
		testVerifier + testVerifier + testVerifier:      false,
	} {
		if got := verifierMatches(challengeOf(verifier), verifier); got != want {
			t.Errorf("verifier %q of %d characters: %t, want %t", verifier, len(verifier), got, want)
		}
	}
	if verifierMatches(testVerifier, testVerifier) {
		t.Error("a plain challenge was accepted")
	}
}

func TestRF5_DisabledBetweenSignInAndExchange(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki")
	n.store.disable(n.clock.Now())
	n.exchange(asWiki, code).want(t, http.StatusBadRequest, "invalid_grant")
}

func TestL10_StoreErrorsStayHere(t *testing.T) {
	t.Parallel()
	secretText := errors.New("dial tcp 10.0.0.7:5432: password authentication failed for user latchkey")
	for name, fail := range map[string]func(*node){
		"ephemeral": func(n *node) { n.ephemeral.Err.Set(secretText) },
		"grants":    func(n *node) { n.store.Err.Set(secretText) },
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			code := n.code("wiki")
			fail(n)
			a := n.exchange(asWiki, code).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
			if a.Description != "temporarily unavailable, try again" {
				t.Errorf("the client is told %q", a.Description)
			}
			for _, part := range []string{"10.0.0.7", `"level":"ERROR"`} {
				if !strings.Contains(n.log.String(), part) {
					t.Errorf("the log has no %s: %s", part, n.log)
				}
			}
		})
	}
}

// A code whose exchange was answered 503 is good for another try, as the answer says.
func TestDL1_ACodeOutlivesAFailureOfTheStore(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki")
	n.store.Err.Set(errors.New("connection refused"))
	for range 3 {
		a := n.exchange(asWiki, code).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
		if a.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
	n.store.Err.Set(nil)
	if got := exchangeAtOnce(n, code, 20); got != 1 {
		t.Errorf("%d successes after the failure, want one", got)
	}
	if len(n.store.grants()) != 1 {
		t.Errorf("%d grants", len(n.store.grants()))
	}
}

// A disk that is full holds up both stores at once: nothing can be put back. The code
// is there all the same when there is room again.
func TestDL1_ACodeOutlivesADiskThatIsFull(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki")
	full := errors.New("database or disk is full")
	n.store.Err.Set(full)
	n.ephemeral.WriteErr.Set(full)
	n.exchange(asWiki, code).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	n.store.Err.Set(nil)
	// The first to find room is the database: the code cannot be taken away, and is
	// spent by its row.
	first := n.exchange(asWiki, code).want(t, http.StatusOK, "")
	n.ephemeral.WriteErr.Set(nil)
	n.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
	n.exchange(asWiki, code).want(t, http.StatusBadRequest, "invalid_grant")
	if n.grant().RevokedReason != storage.RevokedCodeReplay {
		t.Error("the replay did not revoke the grant")
	}
}

// The database may have done what it did not answer: the next try is that exchange,
// not a replay.
func TestDL1_AnExchangeThatWasWrittenButNotAnswered(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki")
	n.store.AfterCreate.Set(errors.New("connection reset"))
	n.exchange(asWiki, code).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	n.store.AfterCreate.Set(nil)
	wrong := n.post(tokenPath, asWiki, "grant_type", "authorization_code", "code", code, "redirect_uri", testRedirect, "code_verifier", testVerifier+"x")
	wrong.want(t, http.StatusBadRequest, "invalid_grant") // and it is consumed: see TestL3
	if !n.grant().RevokedAt.IsZero() {
		t.Fatal("an invalid try revoked the grant")
	}

	code = n.code("app")
	n.store.AfterCreate.Set(errors.New("connection reset"))
	n.exchange(asApp, code).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	n.store.AfterCreate.Set(nil)
	a := n.exchange(asApp, code).want(t, http.StatusOK, "")
	n.refresh(asApp, a.RefreshToken).want(t, http.StatusOK, "")
	if slices.Contains(n.events(), storage.EventCodeReplay) {
		t.Error("taken for a replay")
	}
	n.exchange(asApp, code).want(t, http.StatusBadRequest, "invalid_grant")
	if !slices.Contains(n.events(), storage.EventCodeReplay) {
		t.Error("a replay after it was not seen")
	}
}

// A failure does not make a code live longer.
func TestTK1_ACodeOfAFailedExchangeExpires(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki")
	n.clock.Advance(50 * time.Second)
	n.store.Err.Set(errors.New("down"))
	n.exchange(asWiki, code).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	n.store.Err.Set(nil)
	n.clock.Advance(10 * time.Second)
	n.exchange(asWiki, code).want(t, http.StatusBadRequest, "invalid_grant")
}

// A client that hangs up in the middle is no error of ours, and can try again.
func TestDL1_AnAbortedExchangeIsNoError(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	code := n.code("wiki")
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	n.store.BeforeCreate = hangUp
	r := formRequest(http.MethodPost, tokenPath, "grant_type=authorization_code&redirect_uri="+testRedirect+
		"&code_verifier="+testVerifier+"&code="+code).WithContext(ctx)
	r.SetBasicAuth("wiki", testSecret)
	if a := n.do(r); a.Code != web.StatusClientGone {
		t.Errorf("status %d: %s", a.Code, a.Body)
	}
	if strings.Contains(n.log.String(), `"level":"ERROR"`) {
		t.Errorf("the log cries: %s", n.log)
	}
	n.store.BeforeCreate = nil
	n.exchange(asWiki, code).want(t, http.StatusOK, "")
}

package op

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// twoNodes are nodes on one store in the middle of a rotation: the one makes with
// a hash key that the other does not know.
func twoNodes(t *testing.T) (ahead, behind *node) {
	t.Helper()
	ahead = newNode(t, opaqueClient(), resourceServer("gateway", true))
	old := hasherOf(t, "p1")
	cfg := ahead.provider.cfg
	clients := []client.Client{opaqueClient(), resourceServer("gateway", true), wikiClient(), appClient(), robotClient()}
	verifiers(old, clients)
	cfg.Hasher, cfg.Sealer, cfg.Clients = old, sealerOf(t, "k1"), client.NewRegistry(client.NewSnapshot(clients))
	second := *ahead
	second.start(cfg)
	return ahead, &second
}

func hasherOf(t testing.TB, ids ...string) *keys.Hasher {
	t.Helper()
	var list []keys.SecretKey
	for _, id := range ids {
		list = append(list, keys.SecretKey{ID: id, Key: bytes.Repeat([]byte{id[1] - '0'}, 32)})
	}
	hasher, err := keys.NewHasher(list)
	if err != nil {
		t.Fatalf("make hasher: %v", err)
	}
	return hasher
}

// wantUndecided checks that a node says that it cannot judge.
func wantUndecided(t *testing.T, a *answer) {
	t.Helper()
	a.want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	if a.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestKY5_WhatANodeCannotJudgeIsNoVerdict(t *testing.T) {
	t.Parallel()
	ahead, behind := twoNodes(t)
	asOpaque, asGateway := basicAuth("opaque", testSecret), basicAuth("gateway", testSecret)
	first := ahead.signedIn()
	sealed := ahead.exchange(asOpaque, ahead.code("opaque")).want(t, http.StatusOK, "")
	code := ahead.code("wiki")

	wantUndecided(t, behind.refresh(asWiki, first.RefreshToken))
	wantUndecided(t, behind.exchange(asWiki, code))
	for _, token := range []string{first.RefreshToken, sealed.RefreshToken, sealed.AccessToken} {
		wantUndecided(t, behind.introspect(asGateway, token))
	}
	wantUndecided(t, behind.revoke(asWiki, first.RefreshToken))
	wantUndecided(t, behind.revoke(asOpaque, sealed.AccessToken))
	w := (&site{node: behind}).send(userinfoRequest("GET", "", "", "Bearer "+sealed.AccessToken))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("userinfo: %d %v", w.Code, w.Header())
	}
	if log := behind.log.String(); strings.Contains(log, `"level":"ERROR"`) || !strings.Contains(log, `"level":"WARN"`) {
		t.Errorf("a rotation is a warning, and no error: %s", log)
	}

	// Nothing came of it: the node that has the key goes on as if nobody had asked.
	ahead.exchange(asWiki, code).want(t, http.StatusOK, "")
	second := ahead.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
	if !ahead.introspect(asGateway, sealed.AccessToken).Active {
		t.Error("the access token was revoked")
	}
	if got := ahead.events(); slices.ContainsFunc(got, func(e storage.EventType) bool { return e != storage.EventGrantIssued }) {
		t.Errorf("events %v", got)
	}
	// A token is good wherever its key is known, and so is a signed one everywhere.
	if !behind.introspect(asGateway, second.AccessToken).Active {
		t.Error("a signed access token is inactive")
	}
}

// TestKY5_AnsweredMeansDone: a revocation that is answered 200 holds on every node.
func TestKY5_AnsweredMeansDone(t *testing.T) {
	t.Parallel()
	ahead, behind := twoNodes(t)
	a := behind.signedIn() // made with the old key, which both know
	ahead.revoke(asWiki, a.RefreshToken).want(t, http.StatusOK, "")
	for name, n := range map[string]*node{"ahead": ahead, "behind": behind} {
		n.refresh(asWiki, a.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
		if n.introspect(asWiki, a.AccessToken).Active {
			t.Errorf("%s: the access token is active", name)
		}
	}
}

// A token of a key that is gone for good does not keep its client waiting for ever:
// when its grant has ended, or was another client's, that is known without the key.
func TestKY5_AnEndedGrantNeedsNoKey(t *testing.T) {
	t.Parallel()
	ahead, behind := twoNodes(t)
	a := ahead.signedIn()
	behind.refresh(asApp, a.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	ahead.endGrant()
	behind.refresh(asWiki, a.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	behind.revoke(asWiki, a.RefreshToken).want(t, http.StatusOK, "")
	if behind.introspect(asWiki, a.RefreshToken).want(t, http.StatusOK, "").Active {
		t.Error("active")
	}
	ahead.store.exec(`DELETE FROM grants`)
	behind.refresh(asWiki, a.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
}

// What a revoked key made is refused by a node that says so.
func TestKY6_ARevokedHashKeyIsAVerdict(t *testing.T) {
	t.Parallel()
	ahead := newNode(t, opaqueClient())
	asOpaque := basicAuth("opaque", testSecret)
	a := ahead.exchange(asOpaque, ahead.code("opaque")).want(t, http.StatusOK, "")
	hasher, err := keys.NewHasher([]keys.SecretKey{{ID: "p3", Key: bytes.Repeat([]byte{3}, 32)}, {ID: "p2", Revoked: true}})
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := keys.NewSealer([]keys.SecretKey{{ID: "k3", Key: bytes.Repeat([]byte{3}, 32)}, {ID: "k2", Revoked: true}})
	if err != nil {
		t.Fatal(err)
	}
	cfg := ahead.provider.cfg
	clients := []client.Client{opaqueClient(), wikiClient()}
	verifiers(hasher, clients)
	cfg.Hasher, cfg.Sealer, cfg.Clients = hasher, sealer, client.NewRegistry(client.NewSnapshot(clients))
	after := *ahead
	after.start(cfg)
	after.refresh(asOpaque, a.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	for _, token := range []string{a.AccessToken, a.RefreshToken} {
		if after.introspect(asOpaque, token).want(t, http.StatusOK, "").Active {
			t.Error("active")
		}
	}
	wantBearer(t, (&site{node: &after}).send(userinfoRequest("GET", "", "", "Bearer "+a.AccessToken)), http.StatusUnauthorized, "invalid_token")
	after.exchange(asWiki, ahead.code("wiki")).want(t, http.StatusBadRequest, "invalid_grant")
}

// A signing key that was revoked signs nothing that our endpoints take.
func TestKY6_TokensOfARevokedSigningKey(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	hint := s.hint()
	a := s.exchange(asWiki, s.code("wiki")).want(t, http.StatusOK, "")
	for _, k := range s.provider.cfg.Keys.Keys() {
		if err := s.provider.cfg.Keys.Revoke(t.Context(), k.ID, storage.Event{}); err != nil {
			t.Fatal(err)
		}
	}
	wantBearer(t, s.send(userinfoRequest("GET", "", "", "Bearer "+a.AccessToken)), http.StatusUnauthorized, "invalid_token")
	if s.introspect(asWiki, a.AccessToken).want(t, http.StatusOK, "").Active {
		t.Error("active")
	}
	if w := s.get(endSessionPath, url.Values{"id_token_hint": {hint}}); w.Body.String() != "confirm" || s.signIn.SignOuts != 0 {
		t.Errorf("a hint of it signs out: %s", w.Body)
	}
	fresh := s.refresh(asWiki, a.RefreshToken).want(t, http.StatusOK, "") // its successor signs
	if !s.introspect(asWiki, fresh.AccessToken).want(t, http.StatusOK, "").Active {
		t.Error("the successor's token is inactive")
	}
}

// TestKY5_AConfirmationOfAnUnknownKeySignsNobodyOut: the form by which a person confirms
// that they want to sign out came from another node. It is neither done nor asked anew.
func TestKY5_AConfirmationOfAnUnknownKeySignsNobodyOut(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	s.signIn.FormUnjudged = true
	w := s.postForm(endSessionPath, signOutForm("csrf", siteFormToken))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || s.signIn.SignOuts != 0 {
		t.Errorf("%d %v, %d signed out", w.Code, w.Header(), s.signIn.SignOuts)
	}
	s.signIn.FormUnjudged = false
	if w := s.postForm(endSessionPath, signOutForm("csrf", siteFormToken)); s.signIn.SignOuts != 1 {
		t.Errorf("where the key is known: %d %s", w.Code, w.Body)
	}
}

// TestKY5_ASecretOfAnUnknownKeyIsNotWrong: a client's secret that is kept under a hash
// key that this node does not know is no reason to refuse the client.
func TestKY5_ASecretOfAnUnknownKeyIsNotWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, secret string
		under        []string
		status       int
		code         string
	}{
		{"the only one", testSecret, []string{"p9"}, http.StatusServiceUnavailable, "temporarily_unavailable"},
		{"beside one that it is not", testSecret, []string{"p9", "p1"}, http.StatusServiceUnavailable, "temporarily_unavailable"},
		{"beside the one that it is", "another", []string{"p9", "p1"}, http.StatusBadRequest, "invalid_grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			cfg, wiki := n.provider.cfg, wikiClient()
			wiki.Secrets = nil
			for _, id := range c.under {
				wiki.Secrets = append(wiki.Secrets, client.Secret{Verifier: hasherOf(t, id).Sum(client.SecretPurpose, wiki.ID, "another")})
			}
			cfg.Hasher, cfg.Clients = hasherOf(t, "p1"), client.NewRegistry(client.NewSnapshot([]client.Client{wiki}))
			n.start(cfg)
			n.refresh(basicAuth("wiki", c.secret), "none").want(t, c.status, c.code)
		})
	}
}

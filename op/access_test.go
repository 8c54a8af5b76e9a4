package op

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// hrOnly is the wiki for people of the group hr.
func hrOnly() client.Client {
	c := wikiClient()
	c.Access = []access.Rule{{Groups: []string{"hr"}, At: "clients.yaml line 7"}}
	return c
}

// reload has the node, and others over its registry, run with the clients in the place
// of those of their ids.
func (n *node) reload(clients ...client.Client) {
	n.t.Helper()
	for _, c := range []client.Client{wikiClient(), appClient(), robotClient()} {
		if !slices.ContainsFunc(clients, func(other client.Client) bool { return other.ID == c.ID }) {
			clients = append(clients, c)
		}
	}
	verifiers(testHasher(n.t), clients)
	n.registry.Replace(client.NewSnapshot(clients))
}

// group makes a group, with testUser as a member where it says so.
func (s *testStore) group(name string, member bool) storage.ID {
	s.t.Helper()
	now := time.Now()
	id, err := storage.NewID(now, rand.Reader)
	s.must(err)
	s.must(s.Groups().Create(s.t.Context(), &storage.Group{ID: id, Name: name, CreatedAt: now, UpdatedAt: now}, s.event(storage.EventGroupCreated, now)))
	if member {
		s.join(id)
	}
	return id
}

func (s *testStore) join(group storage.ID) {
	s.t.Helper()
	now := time.Now()
	s.must(s.Memberships().Add(s.t.Context(), storage.Membership{GroupID: group, UserID: testUserID, AddedAt: now}, s.event(storage.EventGroupJoined, now)))
}

func (s *testStore) leave(group storage.ID) {
	s.t.Helper()
	now := time.Now()
	s.must(s.Memberships().Remove(s.t.Context(), storage.Membership{GroupID: group, UserID: testUserID}, s.event(storage.EventGroupLeft, now)))
}

// accessEvents are what events of refused access say.
func (s *testStore) accessEvents() []string {
	s.t.Helper()
	return s.column(s.durable, `SELECT outcome || ': ' || detail FROM audit_events WHERE type = 'access_refused'`)
}

// userinfoStatus asks userinfo with a token.
func (n *node) userinfoStatus(token string) int {
	n.t.Helper()
	w := httptest.NewRecorder()
	n.handler.ServeHTTP(w, userinfoRequest("GET", "", "", "Bearer "+token))
	return w.Code
}

func TestAC1_WhoLeavesTheGroupGetsNothingAtTheNextRefresh(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.reload(hrOnly())
	group := n.store.group("hr", true)
	first := n.signedIn()
	if status := n.userinfoStatus(first.AccessToken); status != http.StatusOK {
		t.Fatalf("userinfo of a member: %d", status)
	}
	other := n.skewed(0) // another node over the same store
	other.reload(hrOnly())
	n.store.leave(group)
	for _, at := range []*node{n, other} {
		if status := at.userinfoStatus(first.AccessToken); status != http.StatusUnauthorized {
			t.Errorf("userinfo of the old token: %d, want 401", status)
		}
		if got := at.post(introspectionPath, asWiki, "token", first.AccessToken); got.Active {
			t.Error("introspection calls the old token active")
		}
		if got := at.post(introspectionPath, asWiki, "token", first.RefreshToken); got.Active {
			t.Error("introspection calls the refresh token active")
		}
	}
	got := other.refresh(asWiki, first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	if got.AccessToken != "" || got.IDToken != "" || got.RefreshToken != "" {
		t.Errorf("a refusal with tokens: %+v", got.tokenResponse)
	}
	if got := n.store.accessEvents(); len(got) != 1 || got[0] != "failure: no access rule matches" {
		t.Errorf("events: %q", got)
	}
	// Trying again is no attack, and coming back to the group takes a new sign-in.
	n.store.join(group)
	n.refresh(asWiki, first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	if g := n.grant(); g.RevokedReason != storage.RevokedAccess || len(n.revoked.Reasons) > 0 {
		t.Errorf("the grant ended by %q", g.RevokedReason)
	}
	n.signedIn()
}

func TestAC1_WhoLeavesTheGroupGetsNothingForACode(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.reload(hrOnly())
	group := n.store.group("hr", true)
	code := n.code("wiki")
	n.store.leave(group)
	n.exchange(asWiki, code).want(t, http.StatusBadRequest, "invalid_grant")
	if g := n.grant(); g.RevokedReason != storage.RevokedAccess {
		t.Errorf("the grant ended by %q", g.RevokedReason)
	}
}

func TestAC1_AReloadedRuleHoldsAtTheNextUse(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	first := n.signedIn()
	denied := wikiClient()
	denied.Access = []access.Rule{{Users: []string{"ADA"}, Effect: access.Deny, At: "latchkey.yaml line 30"}}
	n.reload(denied)
	if status := n.userinfoStatus(first.AccessToken); status != http.StatusUnauthorized {
		t.Errorf("userinfo: %d, want 401", status)
	}
	n.refresh(asWiki, first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	if got := n.store.accessEvents(); len(got) != 1 || !strings.Contains(got[0], "access[0] (latchkey.yaml line 30)") {
		t.Errorf("the event does not name the rule: %q", got)
	}
}

func TestAC1_AStrongerSignInIsAskedForByTheRefreshThatLacksIt(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	first := n.signedIn() // aal1
	strict := wikiClient()
	strict.Access = []access.Rule{{Users: []string{"ada"}, ACR: "aal2"}}
	n.reload(strict)
	got := n.refresh(asWiki, first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	if !strings.Contains(got.Description, "authorization endpoint") {
		t.Errorf("the client is told %q", got.Description)
	}
	n.exchange(asWiki, n.code("wiki", func(c *issuedCode) { c.Authentication.ACR = "phr" })).want(t, http.StatusOK, "")
}

func TestAC1_NetworksAreThoseOfTheBrowserThatAllowed(t *testing.T) {
	t.Parallel()
	c := wikiClient()
	c.Access = []access.Rule{{Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	n := newNode(t)
	n.reload(c)
	from := func(address string) func(*issuedCode) { return func(c *issuedCode) { c.Address = address } }
	n.exchange(asWiki, n.code("wiki", from("203.0.113.7"))).want(t, http.StatusBadRequest, "invalid_grant")
	n.exchange(asWiki, n.code("wiki", from(""))).want(t, http.StatusBadRequest, "invalid_grant")
	inside := n.exchange(asWiki, n.code("wiki", from("10.1.2.3"))).want(t, http.StatusOK, "")
	// The back end that refreshes, and asks userinfo and introspection, is elsewhere.
	refreshed := n.refresh(asWiki, inside.RefreshToken).want(t, http.StatusOK, "")
	works := func(want bool) {
		t.Helper()
		if status := n.userinfoStatus(refreshed.AccessToken); (status == http.StatusOK) != want {
			t.Errorf("userinfo: %d", status)
		}
		for _, token := range []string{refreshed.AccessToken, refreshed.RefreshToken} {
			if got := n.post(introspectionPath, asWiki, "token", token); got.Active != want {
				t.Errorf("introspection says that it is active: %v", got.Active)
			}
		}
	}
	works(true)
	c.Access = []access.Rule{{Networks: c.Access[0].Networks, Effect: access.Deny}, {}}
	n.reload(c)
	works(false) // a rule that keeps a network out holds there as well
	n.refresh(asWiki, refreshed.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
}

func TestAC1_NobodyByDefault(t *testing.T) {
	t.Parallel()
	open := wikiClient()
	open.ID, open.Access = "open", []access.Rule{{}}
	n := newNode(t, open)
	cfg := n.provider.cfg
	cfg.Access, _ = access.New(access.Config{Default: access.Deny})
	n.start(cfg)
	n.exchange(asWiki, n.code("wiki")).want(t, http.StatusBadRequest, "invalid_grant")
	asOpen := func(r *http.Request, _ url.Values) { r.SetBasicAuth("open", testSecret) }
	n.exchange(asOpen, n.code("open")).want(t, http.StatusOK, "")
	n.post(tokenPath, asRobot, "grant_type", "client_credentials").want(t, http.StatusOK, "") // acts for no person
}

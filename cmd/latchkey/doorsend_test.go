package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// another is a way to a second node over the same stores, which serves at the same address.
func (d *doors) another() *http.Client {
	d.t.Helper()
	node := newIdleServerOf(d.t, d.cfg, d.clock)
	must(d.t, node.load(d.t.Context()))
	server := httptest.NewServer(node.process)
	d.t.Cleanup(server.Close)
	var dialer net.Dialer
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, server.Listener.Addr().String())
	}}
	d.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestAD1_AConsoleAndATokenEndWithWhatTheyRestOn: what an administrator loses, by a
// command, the pages of the console and a token that was issued before know at the next
// request, on each node.
func TestAD1_AConsoleAndATokenEndWithWhatTheyRestOn(t *testing.T) {
	t.Setenv("LATCHKEY_DATABASE_URL", testenv.Postgres(t))
	d := newDoors(t)
	nodes := []*http.Client{http.DefaultClient, d.another()}
	for command, want := range map[string]struct {
		page, call int
		shows      string
	}{
		"user set-roles {person} staff":            {http.StatusForbidden, http.StatusForbidden, "error-title"},
		"user end-sessions {person} --yes":         {http.StatusOK, http.StatusUnauthorized, "login-submit"},
		"user disable {person} --reason left":      {http.StatusOK, http.StatusUnauthorized, "login-submit"},
		"lockdown {person} --reason stolen --yes":  {http.StatusOK, http.StatusUnauthorized, "login-submit"},
		"user delete {person} --yes":               {http.StatusOK, http.StatusUnauthorized, "login-submit"},
		"user reset-mfa {person} --reason x --yes": {http.StatusOK, http.StatusUnauthorized, "login-submit"},
	} {
		b, _, who := d.browser(admin.Owner)
		token := d.tokenOf(b)
		from := []*testbrowser.Browser{b, testbrowser.New(t, d.url, &http.Client{Transport: nodes[1].Transport})}
		at, err := url.Parse(d.url)
		must(t, err)
		from[1].Jar().SetCookies(at, b.Cookies())
		call := func(node *http.Client) int {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/admin/api/v1/people?limit=1", http.NoBody)
			must(t, err)
			r.Header.Set("Authorization", "Bearer "+token)
			response, err := node.Do(r)
			must(t, err)
			must(t, response.Body.Close())
			return response.StatusCode
		}
		for i, node := range nodes {
			if page, status := from[i].Get("/admin/people"), call(node); page.Status != http.StatusOK || !page.Has("list-search") || status != http.StatusOK {
				t.Fatalf("before %q: %d %s, %d by the API", command, page.Status, page.URL, status)
			}
		}
		args := append(strings.Fields(strings.ReplaceAll(command, "{person}", string(who))), "--data", d.data)
		if status, out, errs := latchkeyRun(t, args...); status != 0 {
			t.Fatalf("%q: %d: %s%s", command, status, out, errs)
		}
		for i, node := range nodes {
			if page, status := from[i].Get("/admin/people"), call(node); page.Status != want.page || !page.Has(want.shows) || status != want.call {
				t.Errorf("after %q on node %d: %d %s, %d by the API", command, i, page.Status, page.URL, status)
			}
		}
	}
}

// TestFE1_ATokenOfANodeAges: what is grave takes a sign-in that is fresh of a token as of
// a page; what is not goes on.
func TestFE1_ATokenOfANodeAges(t *testing.T) {
	t.Setenv("LATCHKEY_ACCOUNT_FRESH_FOR", "2m")
	d := newDoors(t)
	token := d.personal(admin.Owner)
	for _, wanted := range []struct {
		later       time.Duration
		grave, read int
	}{{0, http.StatusNoContent, http.StatusOK}, {3 * time.Minute, http.StatusUnauthorized, http.StatusOK}} {
		*d.clock = d.clock.Add(wanted.later)
		x := d.subject(&doorRow{}, false)
		person := "/admin/api/v1/people/" + string(x.ID)
		if status, text := d.send(http.MethodGet, person, token, ""); status != wanted.read {
			t.Errorf("after %s, to read: %d %s", wanted.later, status, text)
		}
		status, text := d.send(http.MethodPost, person+"/disable", token, `{"reason":"left"}`)
		if status != wanted.grave || d.state(x)["disabled"] == (status == http.StatusUnauthorized) {
			t.Errorf("after %s: %d %s", wanted.later, status, text)
		}
	}
}

package testenv

import (
	"net/http"
	"strings"
	"testing"
)

const wiki = `
clients:
  - id: wiki
    secret: a-secret-that-is-long-enough-for-a-test-0123456789
    redirect_uris: [https://wiki.example.com/callback]
    require_pkce: false
`

const authorize = "/authorize?response_type=code&client_id=wiki&scope=openid&state=s1&redirect_uri=https%3A%2F%2Fwiki.example.com%2Fcallback"

// TestPeopleSignInThroughEitherNode signs in a browser whose every other
// request reaches the other node.
func TestPeopleSignInThroughEitherNode(t *testing.T) {
	first := StartLatchkey(t, Latchkey{Database: Postgres(t), Redis: Redis(t), Config: wiki})
	first.CreateUser("ada@example.com", "correct horse battery", "--username", "ada")
	second := first.Peer(t)
	if second.Issuer != first.Issuer || second.Address == first.Address {
		t.Fatalf("nodes %s at %s and %s at %s", first.Issuer, first.Address, second.Issuer, second.Address)
	}

	here := first.Browser(t)
	there := second.Browser(t)
	there.Client.Jar = here.Jar()
	page := here.Get(authorize)
	wrong := there.SubmitOn(page, "login-submit", "username=ada", "password=wrong")
	if wrong.Location != nil || wrong.Text("password-error") == "" {
		t.Fatalf("a wrong password led to %v: %s", wrong.Location, wrong.Body)
	}
	page = here.SubmitOn(wrong, "login-submit", "username=ada", "password=correct horse battery", "remember=1")
	if page.Status != http.StatusSeeOther && page.Status != http.StatusFound || page.Location == nil {
		t.Fatalf("status %d, location %v: %s", page.Status, page.Location, page.Body)
	}
	if got := page.Location.Query(); got.Get("code") == "" || got.Get("state") != "s1" || got.Get("iss") != first.Issuer {
		t.Errorf("sent to %s", page.Location)
	}

	first.Kill()
	first.Start()
	if page := here.Get(authorize); page.Location == nil || page.Location.Query().Get("code") == "" {
		t.Errorf("signed out by a restart: %s", page.Body)
	}
	if strings.Count(first.Log(), `"msg":"ready"`) != 2 {
		t.Errorf("the log is not that of two starts:\n%s", first.Log())
	}
}

package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// monitorPage is an application with oidc-client-ts that watches the session (OpenID
// Connect Session Management 1.0).
const monitorPage = `<!doctype html>
<title>Watch</title>
<p id="said">nobody is signed in</p>
<button id="sign-in">Sign in</button>
<script src="/oidc-client-ts.min.js"></script>
<script>
const say = (state, text) => { const said = document.getElementById("said"); said.dataset.state = state; said.textContent = text; };
const users = new oidc.UserManager({
  authority: %q,
  client_id: "watch",
  redirect_uri: location.origin + "/signed-in",
  silent_redirect_uri: location.origin + "/silent",
  scope: "openid",
  monitorSession: true,
  checkSessionIntervalInSeconds: 1,
  userStore: new oidc.WebStorageStateStore({ store: new oidc.InMemoryWebStorage() }),
});
users.events.addUserSignedOut(() => say("left", "signed out elsewhere"));
document.getElementById("sign-in").addEventListener("click", () => users.signinRedirect());
if (location.pathname === "/signed-in") users.signinRedirectCallback().then((user) => say(user.session_state ? "signed-in" : "unwatched", user.profile.sub), (e) => say("failed", String(e)));
</script>`

// An application notices within a moment that its person signed out in another tab. It
// is of the provider's own site: frames of other sites are kept from their cookies.
func TestAnApplicationInTheBrowserNoticesASignOut(t *testing.T) {
	t.Parallel()
	testenv.NodeModules(t, "node")
	var issuer string
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, monitorPage, issuer) }
	mux.HandleFunc("GET /{$}", page)
	mux.HandleFunc("GET /signed-in", page)
	mux.HandleFunc("GET /silent", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, spaSilentPage) })
	mux.HandleFunc("GET /oidc-client-ts.min.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "node/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	address := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	s := start(t, settings{
		"sessions": settings{"check_iframe": true},
		"clients": []settings{{
			"id": "watch", "name": "Watch", "type": "public", "redirect_uris": []string{address + "/signed-in", address + "/silent"}, "scopes": []string{"openid"},
		}},
	})
	issuer = s.Issuer
	s.each(t, []look{desktop}, func(t *testing.T, b *tab) {
		b.get(address + "/")
		b.press("sign-in")
		b.signIn(&person{email: "demo", password: s.demo})
		b.comes("signed-in")
		other := b.second()
		other.get(s.Issuer + "/logout")
		other.press("logout-confirm")
		b.comes("left")
	})
}

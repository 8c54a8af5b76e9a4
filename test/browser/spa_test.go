package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// spa is docs/recipes/spa.md with oidc-client-ts: the page, and the one that the
// hidden frame of its renewal loads.
const (
	spaPage = `<!doctype html>
<title>Board</title>
<p id="said">nobody is signed in</p>
<button id="sign-in">Sign in</button> <button id="renew">Renew</button> <button id="sign-out">Sign out</button>
<script src="/oidc-client-ts.min.js"></script>
<script>
const say = (state, text) => { const said = document.getElementById("said"); said.dataset.state = state; said.textContent = text; };
const users = new oidc.UserManager({
  authority: %q,
  client_id: "board",
  redirect_uri: location.origin + "/signed-in",
  silent_redirect_uri: location.origin + "/silent",
  post_logout_redirect_uri: location.origin + "/",
  scope: "openid profile email",
  loadUserInfo: true,
  userStore: new oidc.WebStorageStateStore({ store: new oidc.InMemoryWebStorage() }),
});
const show = (state, user) => say(state, user.profile.name + " <" + user.profile.email + ">");
const failed = (e) => say("failed", String(e));
const on = (id, act) => document.getElementById(id).addEventListener("click", () => act().catch(failed));
on("sign-in", () => users.signinRedirect());
on("sign-out", () => users.signoutRedirect());
on("renew", async () => {
  const before = (await users.getUser()).access_token;
  const user = await users.signinSilent();
  show(user.access_token === before ? "unchanged" : "renewed", user);
});
if (location.pathname === "/signed-in") users.signinRedirectCallback().then((user) => show("signed-in", user), failed);
</script>`

	spaSilentPage = `<!doctype html>
<script src="/oidc-client-ts.min.js"></script>
<script>new oidc.UserManager({}).signinSilentCallback();</script>`
)

// board serves the application in the browser. It is of the provider's own site:
// both are at localhost, as board.example.com and id.example.com are both at
// example.com.
func board(t *testing.T, issuer *string) string {
	t.Helper()
	testenv.NodeModules(t, "node")
	mux := http.NewServeMux()
	page := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, spaPage, *issuer) }
	mux.HandleFunc("GET /{$}", page)
	mux.HandleFunc("GET /signed-in", page)
	mux.HandleFunc("GET /silent", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, spaSilentPage) })
	mux.HandleFunc("GET /oidc-client-ts.min.js", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "node/node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js")
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

// comes waits until the application has come to a state.
func (b *tab) comes(state string) {
	b.t.Helper()
	b.do("wait until "+state, chromedp.WaitVisible(chromedp.CSS(`#said[data-state="`+state+`"]`)))
}

func TestAnApplicationInTheBrowserSignsInRenewsAndSignsOut(t *testing.T) {
	t.Parallel()
	var issuer string
	address := board(t, &issuer)
	s := start(t, settings{"clients": []settings{{
		"id": "board", "name": "Board", "type": "public",
		"redirect_uris":             []string{address + "/signed-in", address + "/silent"},
		"post_logout_redirect_uris": []string{address + "/"},
		"scopes":                    []string{"openid", "profile", "email"},
	}}})
	issuer = s.Issuer
	s.each(t, []look{desktop}, func(t *testing.T, b *tab) {
		b.get(address + "/")
		b.press("sign-in")
		b.signIn(&person{email: "demo", password: s.demo})
		b.comes("signed-in")
		b.says("said", "Robin Demo <demo@example.com>")
		b.tick("renew")
		b.comes("renewed")
		b.says("said", "Robin Demo <demo@example.com>")
		b.press("sign-out")
		b.says("said", "nobody is signed in")
		b.press("sign-in")
		b.want("#login-submit")
	})
}

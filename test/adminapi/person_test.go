package adminapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/pquerna/otp/totp"
	"golang.org/x/oauth2"
)

const (
	consoleCallback = "https://console.example.com/callback"
	owner           = "ada@example.com"
	ownersPassword  = "six old maps in a tin"
)

const withConsole = `
admin: {api: true}
clients:
  - id: console
    type: public
    redirect_uris: [` + consoleCallback + `]
    scopes: [openid, "admin:people.read"]
`

// console is an application that administers on behalf of who is signed in.
type console struct {
	t        *testing.T
	node     *testenv.Node
	oauth    oauth2.Config
	verifier string
}

func newConsole(t *testing.T, node *testenv.Node) *console {
	t.Helper()
	return &console{t: t, node: node, verifier: oauth2.GenerateVerifier(), oauth: oauth2.Config{
		ClientID: "console", RedirectURL: consoleCallback, Scopes: []string{"openid", "admin:people.read"},
		Endpoint: oauth2.Endpoint{AuthURL: node.Issuer + "/authorize", TokenURL: node.Issuer + "/token", AuthStyle: oauth2.AuthStyleInParams},
	}}
}

// authorize is where it sends the browser.
func (c *console) authorize(acr string) string {
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(c.verifier)}
	if acr != "" {
		options = append(options, oauth2.SetAuthURLParam("acr_values", acr))
	}
	u, err := url.Parse(c.oauth.AuthCodeURL("state", options...))
	if err != nil {
		c.t.Fatal(err)
	}
	return u.RequestURI()
}

// token trades the code that the browser came back with.
func (c *console) token(page *testbrowser.Page) string {
	c.t.Helper()
	if page.Location == nil || page.Location.Query().Get("code") == "" {
		c.t.Fatalf("no code but %v on %s:\n%s", page.Location, page.URL, page.Body)
	}
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, c.node.HTTP())
	token, err := c.oauth.Exchange(ctx, page.Location.Query().Get("code"), oauth2.VerifierOption(c.verifier))
	if err != nil {
		c.t.Fatal(err)
	}
	return token.AccessToken
}

// TestAD1_APersonNeedsRoleScopeAndClass: of a real token, at each step of what is missing.
func TestAD1_APersonNeedsRoleScopeAndClass(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: withConsole})
	node.CreateUser(owner, ownersPassword)
	c, browser := newConsole(t, node), node.Browser(t)
	page := browser.SubmitOn(browser.Get(c.authorize("")), "login-submit", "username="+owner, "password="+ownersPassword)
	status, header, text := send(t, node, c.token(page), http.MethodGet, "/admin/api/v1/people", "")
	if status != http.StatusUnauthorized || !strings.Contains(header.Get("WWW-Authenticate"), `error="insufficient_user_authentication", acr_values="aal2"`) {
		t.Errorf("with a password: status %d, %v: %s", status, header, text)
	}

	page = browser.Get(c.authorize("aal2"))
	if choice := page.Link("data-factor", "totp"); choice != "" {
		page = browser.Get(choice)
	}
	code, err := totp.GenerateCode(strings.ReplaceAll(page.Text("totp-secret"), " ", ""), time.Now())
	if err != nil {
		t.Fatalf("no secret on %s: %v\n%s", page.URL, err, page.Body)
	}
	browser.SubmitOn(page, "enroll-submit", "code="+code)
	token := c.token(browser.Submit("recovery-continue"))
	if status, _, text := send(t, node, token, http.MethodGet, "/admin/api/v1/people", ""); status != http.StatusForbidden {
		t.Errorf("without a role: status %d: %s", status, text)
	}
	node.Command("", "user", "set-roles", owner, "latchkey-owner")
	if status, _, text := send(t, node, token, http.MethodGet, "/admin/api/v1/people", ""); status != http.StatusOK || !strings.Contains(text, owner) {
		t.Errorf("as an owner: status %d: %s", status, text)
	}
	if status, _, text := send(t, node, token, http.MethodGet, "/admin/api/v1/events", ""); status != http.StatusForbidden {
		t.Errorf("without the scope: status %d: %s", status, text)
	}
	node.Command("", "user", "end-sessions", owner, "--yes")
	if status, _, text := send(t, node, token, http.MethodGet, "/admin/api/v1/people", ""); status != http.StatusUnauthorized {
		t.Errorf("after their sessions ended: status %d: %s", status, text)
	}
}

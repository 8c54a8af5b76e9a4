package relyingparties

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// secretOf is in the form that the quickstart has people make: openssl rand -hex 32.
func secretOf(client string) string {
	sum := sha256.Sum256([]byte("a secret of " + client))
	return hex.EncodeToString(sum[:])
}

// api is the resource server that the access tokens of spring-boot are for.
const api = "https://api.example.com"

// provider is a running latchkey that knows every site, each at a port of its own.
type provider struct {
	*testenv.Node
	ports map[string]string
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{ports: map[string]string{}}
	var clients []map[string]any
	for _, s := range slices.Concat(sites, groupSites) {
		p.ports[s.name] = strconv.Itoa(testenv.FreePort(t))
		address := p.address(s)
		client := map[string]any{
			"id": s.name, "name": s.name, "type": "confidential", "secret": secretOf(s.name),
			"redirect_uris": []string{address + s.callback}, "post_logout_redirect_uris": []string{address + "/"},
			"scopes": []string{"openid", "profile", "email", "offline_access"},
		}
		maps.Copy(client, s.client)
		clients = append(clients, client)
	}
	config, err := json.Marshal(map[string]any{"clients": clients}) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	p.Node = testenv.StartLatchkey(t, testenv.Latchkey{Config: string(config)})
	return p
}

func (p *provider) address(s site) string { return "http://localhost:" + p.ports[s.name] }

// leave is where signing out of a site begins. Where the address ends in "=" it
// wants to be told where to go afterwards.
func (p *provider) leave(s site, address string) string {
	switch {
	case s.name == "oauth2-proxy":
		after := p.Issuer + "/logout?" + url.Values{"client_id": {s.name}, "post_logout_redirect_uri": {address + "/"}}.Encode()
		return address + s.leave + url.QueryEscape(after)
	case strings.HasSuffix(s.leave, "="):
		return address + s.leave + url.QueryEscape(address+"/")
	}
	return address + s.leave
}

func indexOf(name string) int {
	return slices.IndexFunc(sites, func(s site) bool { return s.name == name })
}

// startSite starts the process of a site and returns its address when it serves.
func (p *provider) startSite(t *testing.T, s site) string {
	t.Helper()
	e := environment{Issuer: p.Issuer, Site: p.address(s), ClientID: s.name, Port: p.ports[s.name]}
	public := e.Port
	if s.front != nil {
		e.Port = strconv.Itoa(testenv.FreePort(t))
	}
	command := s.launch(t, e)
	log := new(testenv.Log)
	if command.Env == nil {
		command.Env = e.variables(t)
	}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatalf("start %s: %v", s.name, err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%s says:\n%s", s.name, log)
		}
	})
	testenv.WaitForPort(t, "127.0.0.1:"+e.Port, log)
	if s.front != nil {
		s.front(t, public, e.Port)
	}
	return e.Site
}

// person is somebody with an account.
type person struct{ id, name, email, password string }

// person makes an account with a confirmed address.
func (p *provider) person(t *testing.T, name string) *person {
	t.Helper()
	who := &person{name: "Ada " + name, email: name + "@example.com", password: "harbor-umbrella-violet-92"}
	who.id = p.CreateUser(who.email, who.password, "--verified", "--name", who.name)
	return who
}

// browser returns one that follows redirects from site to site.
func (p *provider) browser(t *testing.T) *testbrowser.Browser {
	t.Helper()
	b := testbrowser.New(t, p.Issuer, nil)
	b.Client.CheckRedirect = nil
	return b
}

// csrfToken is the hidden field of Auth.js's own page, whose button has no id.
var csrfToken = regexp.MustCompile(`name="csrfToken" value="([0-9a-f]+)"`)

// signIn opens an address of a site and signs in where the provider asks.
func (who *person) signIn(t *testing.T, b *testbrowser.Browser, s site, address string) {
	t.Helper()
	page := b.Get(address)
	if token := csrfToken.FindStringSubmatch(page.Body); token != nil {
		u := *page.URL
		page = b.Post(u.Scheme+"://"+u.Host+"/auth/signin/latchkey", url.Values{"csrfToken": {token[1]}, "callbackUrl": {address}})
	}
	if page.Has("sign-in") { // the site's own
		page = b.Submit("sign-in")
	}
	if !page.Has("login-submit") {
		t.Fatalf("%s does not ask to sign in but shows %s: %s", address, page.URL, page.Body)
	}
	page = b.Submit("login-submit", "username="+who.email, "password="+who.password)
	want := fmt.Sprintf("signed in: %s <%s>", who.name, who.email)
	if s.addressOnly {
		want = "<" + who.email + ">"
	}
	if page.Status != http.StatusOK || !strings.Contains(page.Body, want) {
		t.Fatalf("the site shows %s (%d), want %q: %s", page.URL, page.Status, want, page.Body)
	}
}

// bearer calls an API with a token.
func bearer(t *testing.T, address, token string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

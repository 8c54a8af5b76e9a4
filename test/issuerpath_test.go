package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// pathOfTest is the issuer's path in these tests.
const pathOfTest = "/auth"

// behindNginx is a provider that shares a host with another application, which has
// everything but the provider's path.
func behindNginx(t *testing.T, address, node string) {
	testenv.StartNginx(t, address, fmt.Sprintf(`
        location %[1]s { proxy_pass http://%[2]s; proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; }
        location ~ ^/\.well-known/[^/]+%[1]s { proxy_pass http://%[2]s; proxy_set_header Host $http_host; }
        location = /.well-known/change-password { proxy_pass http://%[2]s; proxy_set_header Host $http_host; }
        location / { return 200 "the neighbor"; }
`, pathOfTest, node))
}

// behindHAProxy is one that a load balancer passes everything to.
func behindHAProxy(t *testing.T, address, node string) {
	testenv.StartHAProxy(t, address, node).Await(1)
}

// A provider below a path of its host does everything there, behind each proxy.
func TestIssuerWithAPath(t *testing.T) {
	t.Parallel()
	for name, front := range map[string]func(t *testing.T, address, node string){"nginx": behindNginx, "HAProxy": behindHAProxy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := testenv.FreeAddress(t)
			node := testenv.StartLatchkey(t, testenv.Latchkey{
				Issuer: "http://" + address + pathOfTest,
				Config: clients + "trusted_proxies: [127.0.0.1/32]\nadmin: {api: true}\nsign_up: {mode: open}\n",
			})
			front(t, address, node.Address)
			walkBelowAPath(t, node, "http://"+address)
		})
	}
}

// pathWalk follows a person, and looks at every answer on the way.
type pathWalk struct {
	t      *testing.T
	origin string
	links  map[string]bool
}

var linkOfPage = regexp.MustCompile(`\s(href|src|action|formaction|data-url)="([^"]*)"`)

// see holds a page to the path: it is below it, and leads nowhere else on this host.
func (w *pathWalk) see(p *testbrowser.Page) {
	w.t.Helper()
	if p.URL.Host != strings.TrimPrefix(w.origin, "http://") {
		return
	}
	if !strings.HasPrefix(p.URL.Path, pathOfTest) {
		w.t.Errorf("the browser is at %s", p.URL)
	}
	for _, found := range linkOfPage.FindAllStringSubmatch(p.Body, -1) {
		to := found[2]
		switch {
		case strings.HasPrefix(to, "/") && !strings.HasPrefix(to, pathOfTest+"/"):
			w.t.Errorf("%s leads to %s=%q", p.URL, found[1], to)
		case strings.HasPrefix(to, pathOfTest) && found[1] != "data-url": // which scripts post to
			w.links[to] = true
		}
	}
	for _, c := range p.Header.Values("Set-Cookie") {
		if !strings.Contains(c, "latchkey.auth-") || !strings.Contains(c, "Path=/;") {
			w.t.Errorf("%s sets the cookie %s", p.URL, c)
		}
	}
}

func walkBelowAPath(t *testing.T, node *testenv.Node, origin string) {
	w := &pathWalk{t: t, origin: origin, links: map[string]bool{}}
	b := testbrowser.New(t, node.Issuer, nil)
	b.Seen = w.see
	password, err := os.ReadFile(filepath.Join(node.Data, "demo-password"))
	if err != nil {
		t.Fatal(err)
	}
	metadata := w.documents(node.Issuer)

	// A whole sign-in of an application, and everything that the account pages lead to.
	b.Get("/").Want(t, http.StatusOK, "demo-link")
	b.Get("/demo")
	b.Submit("demo-sign-in").Want(t, http.StatusOK, "login-submit")
	b.Submit("login-submit", "username=demo", "password=not this one").Want(t, http.StatusOK, "login-submit")
	b.Submit("login-submit", "username=demo", "password="+strings.TrimSpace(string(password))).Want(t, http.StatusOK, "signed-in")
	b.Submit("demo-refresh").Want(t, http.StatusOK, "refreshed")
	b.Get("/account").Want(t, http.StatusOK, "main")
	seen := map[string]bool{}
	for more := true; more; {
		more = false
		for link := range w.links {
			u, err := url.Parse(link)
			if err != nil || seen[u.Path] {
				continue
			}
			seen[u.Path], more = true, true
			if strings.HasSuffix(u.Path, "/logout") || strings.HasPrefix(u.Path, pathOfTest+"/demo/") {
				continue
			}
			if p := b.Get(origin + link); p.Status >= http.StatusInternalServerError || p.Status == http.StatusNotFound {
				t.Errorf("%s is answered %d", link, p.Status)
			}
		}
	}
	for _, page := range []string{"/account/security", "/account/sessions", "/account/data"} {
		if !seen[pathOfTest+page] {
			t.Errorf("no page leads to %s", page)
		}
	}
	b.Get("/device").Want(t, http.StatusOK, "device-submit")
	if p := b.Get("/no-such-page"); p.Status != http.StatusNotFound || !strings.HasPrefix(p.Attribute("continue", "href"), pathOfTest+"/") {
		t.Errorf("what is not there is answered %d, and leads on to %q", p.Status, p.Attribute("continue", "href"))
	}

	// Links in messages.
	other := testbrowser.New(t, node.Issuer, nil)
	other.Seen = w.see
	other.Get("/forgot-password")
	other.Submit("forgot-submit", "email=demo@example.com")
	var sent []struct{ Links []string }
	if err := json.Unmarshal([]byte(other.Get("/dev/inbox.json?to=demo@example.com").Body), &sent); err != nil || len(sent) == 0 || len(sent[0].Links) == 0 {
		t.Fatalf("no message: %v", err)
	}
	for _, link := range sent[0].Links {
		if !strings.HasPrefix(link, node.Issuer+"/") {
			t.Errorf("a message leads to %s", link)
		}
	}
	other.Get(sent[0].Links[0]).Want(t, http.StatusOK, "reset-submit")

	// A device, a client by itself, the admin API, and what is left behind a sign-out.
	tool := &relyingParty{issuer: node.Issuer, id: "tool"}
	if _, code := tool.askDevice(t, http.DefaultClient); code == "" {
		t.Error("a device is given no code")
	}
	if status, body := w.get(node.Issuer + "/admin/api/openapi.json"); status != http.StatusOK || !strings.Contains(body, `"url":"`+node.Issuer+`"`) {
		t.Errorf("the document of the admin API is answered %d", status)
	}
	b.Get("/demo")
	p := b.Submit("demo-sign-out")
	if p.Has("logout-confirm") {
		p = b.Submit("logout-confirm")
	}
	if end := metadata["end_session_endpoint"]; end != node.Issuer+"/logout" || p.Status != http.StatusOK {
		t.Errorf("sign-out is at %v and ends with %d at %s", end, p.Status, p.URL)
	}
	if p := b.Get("/account"); !p.Has("login-submit") {
		t.Errorf("after sign-out the account page is at %s with %d", p.URL, p.Status)
	}
}

// documents reads the metadata in each spelling, and what is the host's own.
func (w *pathWalk) documents(issuer string) map[string]any {
	w.t.Helper()
	var first string
	for _, address := range []string{
		issuer + "/.well-known/openid-configuration",
		w.origin + "/.well-known/openid-configuration" + pathOfTest,
		w.origin + "/.well-known/oauth-authorization-server" + pathOfTest,
	} {
		status, body := w.get(address)
		if first == "" {
			first = body
		}
		if status != http.StatusOK || body != first {
			w.t.Errorf("%s is answered %d %s", address, status, body)
		}
	}
	metadata := map[string]any{}
	if err := json.Unmarshal([]byte(first), &metadata); err != nil || metadata["issuer"] != issuer {
		w.t.Fatalf("the metadata is of %v, %v", metadata["issuer"], err)
	}
	for name, value := range metadata {
		if text, ok := value.(string); ok && strings.HasPrefix(text, "http") && text != issuer && !strings.HasPrefix(text, issuer+"/") {
			w.t.Errorf("%s is %s", name, text)
		}
	}
	if status, body := w.get(metadata["jwks_uri"].(string)); status != http.StatusOK || !strings.Contains(body, "kty") {
		w.t.Errorf("the keys are answered %d %s", status, body)
	}
	if status, body := w.get(w.origin + "/.well-known/openid-configuration"); strings.Contains(body, "authorization_endpoint") {
		w.t.Errorf("the host says that it is a provider: %d %s", status, body)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.origin+"/.well-known/change-password", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	if response.Body.Close(); response.Header.Get("Location") != pathOfTest+"/account/password" {
		w.t.Errorf("passwords are changed at %q", response.Header.Get("Location"))
	}
	return metadata
}

func (w *pathWalk) get(address string) (status int, body string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

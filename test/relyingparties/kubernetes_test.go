package relyingparties

import (
	"bufio"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// recipe is a file of docs/recipes.
func recipe(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/recipes/" + name + ".md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// flagOf is the value of a flag in a recipe.
func flagOf(t *testing.T, text, name string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^\s*--` + name + `=(\S+)$`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("the recipe has no --%s", name)
	}
	return found[1]
}

// clientsOf is the first indented block of a recipe: what the provider is told.
func clientsOf(text string) string {
	start := strings.Index(text, "    clients:\n")
	var block []string
	for line := range strings.Lines(text[start:]) {
		if !strings.HasPrefix(line, "    ") {
			break
		}
		block = append(block, strings.TrimPrefix(line, "    "))
	}
	return strings.Join(block, "")
}

// throughTLS is a front of the provider, since Kubernetes takes no issuer without TLS.
func throughTLS(t *testing.T, target string) *httptest.Server {
	t.Helper()
	to := &url.URL{Scheme: "http", Host: target}
	front := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.SetXForwarded()
		r.Out.Host = r.In.Host
	}})
	front.StartTLS()
	t.Cleanup(front.Close)
	return front
}

// Kubernetes' own authenticator takes the ID token of somebody in a group of the recipe
// for that person, with the groups that Kubernetes is told of and no others. It takes no
// access token, and no ID token of another client.
func TestKubernetesTakesTheIDToken(t *testing.T) {
	t.Parallel()
	text := recipe(t, "kubernetes")
	listen := net.JoinHostPort("127.0.0.1", strconv.Itoa(testenv.FreePort(t)))
	front := throughTLS(t, listen)
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}))
	node := testenv.StartLatchkey(t, testenv.Latchkey{
		Listen: listen, Issuer: front.URL,
		Config: "trusted_proxies: [127.0.0.1]\n" + clientsOf(text) + "  - {id: other, type: native, redirect_uris: [\"http://127.0.0.1:8000\"], scopes: [openid, email, groups]}\n",
	})
	p := &provider{Node: node}
	ada := p.person(t, "ada")
	for _, group := range []string{"k8s-admins", "staff"} {
		p.Command("", "group", "create", group)
		p.Command("", "group", "add", group, ada.email)
	}

	authenticator := exec.CommandContext(t.Context(), testenv.GoModule(t, "kubernetes"))
	authenticator.Env = append(os.Environ(), "ISSUER="+front.URL, "CA="+authority, "CLIENT_ID="+flagOf(t, text, "oidc-client-id"),
		"USERNAME_CLAIM="+flagOf(t, text, "oidc-username-claim"), "GROUPS_CLAIM="+flagOf(t, text, "oidc-groups-claim"), "GROUPS_PREFIX="+flagOf(t, text, "oidc-groups-prefix"))
	log := new(testenv.Log)
	authenticator.Stderr = log
	in, err := authenticator.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := authenticator.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := authenticator.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = authenticator.Wait()
	})
	answers := bufio.NewScanner(out)
	ask := func(token string) (answer struct {
		Name, Error string
		Groups      []string
	}) {
		t.Helper()
		if _, err := io.WriteString(in, token+"\n"); err != nil || !answers.Scan() {
			t.Fatalf("the authenticator says nothing: %v %v\n%s", err, answers.Err(), log)
		}
		if err := json.Unmarshal(answers.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}

	tokens := ada.tokensOf(t, front, "kubernetes")
	if got := ask(tokens.ID); got.Name != ada.email || !slices.Equal(got.Groups, []string{"oidc:k8s-admins"}) {
		t.Errorf("Kubernetes takes the ID token for %q in %q: %s", got.Name, got.Groups, got.Error)
	}
	if got := ask(tokens.Access); got.Error == "" {
		t.Errorf("Kubernetes takes an access token for %q", got.Name)
	}
	if got := ask(ada.tokensOf(t, front, "other").ID); !strings.Contains(got.Error, "aud") {
		t.Errorf("Kubernetes takes the ID token of another client for %q: %s", got.Name, got.Error)
	}
}

// tokens are what a client gets.
type tokens struct {
	ID     string `json:"id_token"`
	Access string `json:"access_token"`
}

// tokensOf has the person sign in to a native client as kubelogin does: the answer comes
// to a port of this machine, and the code is exchanged with PKCE.
func (who *person) tokensOf(t *testing.T, front *httptest.Server, client string) (got tokens) {
	t.Helper()
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 appendix B
	answered := make(chan string, 1)
	here := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { answered <- r.URL.Query().Get("code") }))
	defer here.Close()
	b := testbrowser.New(t, front.URL, front.Client())
	b.Client.CheckRedirect = nil
	b.Get("/authorize?" + url.Values{
		"client_id": {client}, "redirect_uri": {here.URL}, "response_type": {"code"}, "scope": {"openid email groups"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}.Encode())
	page := b.Submit("login-submit", "username="+who.email, "password="+who.password)
	if page.Has("consent-allow") {
		b.Submit("consent-allow")
	}
	var code string
	select {
	case code = <-answered:
	default:
		t.Fatalf("no code came to the client: the browser is at %s: %s", page.URL, page.Body)
	}
	response, err := front.Client().PostForm(front.URL+"/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client}, "code": {code}, "redirect_uri": {here.URL}, "code_verifier": {verifier},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil || got.ID == "" {
		t.Fatalf("%s: tokens %+v, %v", response.Status, got, err)
	}
	return got
}

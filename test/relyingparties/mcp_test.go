package relyingparties

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// toolServer is an MCP server as docs/mcp.md has it: it takes tokens that are for it.
type toolServer struct {
	*httptest.Server
	issuer, secret string
}

func startTools(t *testing.T) *toolServer {
	t.Helper()
	s := &toolServer{secret: secretOf("tools" + rand.Text())}
	mux := http.NewServeMux()
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	mux.HandleFunc("GET /.well-known/oauth-protected-resource/mcp", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"resource": s.resource(), "authorization_servers": []string{s.issuer}, "scopes_supported": []string{"tools.use", "offline_access"}, "bearer_methods_supported": []string{"header"},
		})
	})
	mux.HandleFunc("POST /mcp", func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !s.takes(token) {
			w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="`+s.URL+`/.well-known/oauth-protected-resource/mcp"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{}}`)
	})
	return s
}

func (s *toolServer) resource() string { return s.URL + "/mcp" }

// takes asks the provider about a token.
func (s *toolServer) takes(token string) bool {
	if token == "" {
		return false
	}
	r, err := http.NewRequest(http.MethodPost, s.issuer+"/introspect", strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("tools", s.secret)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	var said struct {
		Active   bool   `json:"active"`
		Audience any    `json:"aud"`
		Scope    string `json:"scope"`
	}
	return json.NewDecoder(answer.Body).Decode(&said) == nil && said.Active && strings.Contains(fmt.Sprint(said.Audience), s.resource()) && slices.Contains(strings.Fields(said.Scope), "tools.use")
}

// TestMCPClientsAuthorizeThemselves: the SDKs of PyPI and npm, known by a document and
// registered by themselves, against the server and the configuration of docs/mcp.md.
func TestMCPClientsAuthorizeThemselves(t *testing.T) {
	t.Parallel()
	tools := startTools(t)
	documents := httptest.NewUnstartedServer(nil)
	document := "/oauth/client.json"
	const redirect = "http://localhost:47231/callback"
	documents.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != document {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"client_id": "https://" + r.Host + document, "client_name": "Agent", "redirect_uris": []string{"http://localhost/callback"},
			"grant_types": []string{"authorization_code", "refresh_token"}, "token_endpoint_auth_method": "none",
		})
	})
	documents.StartTLS()
	t.Cleanup(documents.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	write(t, authority, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: documents.Certificate().Raw})))

	text, err := os.ReadFile("../../docs/mcp.md")
	if err != nil {
		t.Fatal(err)
	}
	_, config, _ := strings.Cut(string(text), "```yaml\n")
	config, _, _ = strings.Cut(config, "```")
	config = strings.ReplaceAll(config, "https://tools.example.com/mcp", tools.resource()) + "client_documents: {hosts: [127.0.0.1]}\n"
	n := testenv.StartLatchkey(t, testenv.Latchkey{Config: config, Env: []string{"TOOLS_SECRET=" + tools.secret, "SSL_CERT_FILE=" + authority}})
	tools.issuer = n.Issuer
	p := &provider{Node: n}
	ada := p.person(t, "mcp")

	if said, err := exec.CommandContext(t.Context(), testenv.Binary(t), "doctor", "mcp", tools.resource()).CombinedOutput(); err != nil || strings.Count(string(said), "ok     ") != 8 {
		t.Errorf("doctor says %v: %s", err, said)
	}
	for name, run := range map[string]func(t *testing.T) *exec.Cmd{
		"pypi": func(t *testing.T) *exec.Cmd {
			return exec.CommandContext(t.Context(), testenv.Python(t, "mcp"), "client.py")
		},
		"npm": func(t *testing.T) *exec.Cmd {
			testenv.NodeModules(t, "mcp")
			return exec.CommandContext(t.Context(), "node", "client.mjs")
		},
	} {
		for kind, id := range map[string]string{"by document": documents.URL + document, "registered": ""} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				command := run(t)
				command.Dir = "mcp"
				command.Env = append(os.Environ(), "MCP_SERVER="+tools.resource(), "MCP_REDIRECT="+redirect, "MCP_CLIENT="+id, "PYTHONDONTWRITEBYTECODE=1")
				said := authorizeItself(t, command, ada, n.Issuer, id)
				if fields := strings.Fields(said); len(fields) < 4 || fields[0] != "200" || fields[1] != "200" || id != "" && fields[2] != id || !slices.Contains(fields[3:], "tools.use") {
					t.Errorf("it says %q", said)
				}
				if id != "" {
					p.knowsDocument(t, ada, id, tools.resource())
				}
			})
		}
	}
}

// knowsDocument looks at a client that is known by its document with the commands: they
// take the address that it is named by.
func (p *provider) knowsDocument(t *testing.T, ada *person, id, resource string) {
	t.Helper()
	explained := p.Command("", "explain", ada.email, id, "--resource", resource)
	if !strings.Contains(explained, ada.email+" may use "+id) || !strings.Contains(explained, `"client_id": "`+id+`"`) {
		t.Errorf("explain says %s", explained)
	}
	if shown := p.Command("", "client", "show", id, "--json"); !strings.Contains(shown, `"Agent"`) || !strings.Contains(shown, `"document"`) {
		t.Errorf("client show says %s", shown)
	}
	if listed := p.Command("", "client", "list"); !strings.Contains(listed, id) {
		t.Errorf("client list says %s", listed)
	}
}

// authorizeItself has a person allow what a client asks for that opens its address, and
// returns what the client says in the end.
func authorizeItself(t *testing.T, command *exec.Cmd, who *person, issuer, id string) string {
	t.Helper()
	log := new(testenv.Log)
	command.Stderr = log
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		_ = command.Wait()
		t.Fatalf("it asks nobody: %s", log)
	}
	b := testbrowser.New(t, issuer, nil)
	page := b.Get(strings.TrimPrefix(lines.Text(), issuer))
	if warned := page.Text("unvouched"); warned == "" || id != "" && !strings.Contains(warned, "127.0.0.1:") {
		t.Errorf("the page says %q: %s", warned, page.Body)
	}
	page = b.Submit("login-submit", "username="+who.email, "password="+who.password)
	if page.Has("consent-allow") {
		page = b.Submit("consent-allow")
	}
	if page.Location == nil || page.Location.Host != "localhost:47231" {
		t.Fatalf("the browser is at %s: %s", page.URL, page.Body)
	}
	if _, err := io.WriteString(in, page.Location.String()+"\n"); err != nil {
		t.Fatal(err)
	}
	var last string
	for lines.Scan() {
		last = lines.Text()
	}
	if err := command.Wait(); err != nil {
		t.Fatalf("%v: %s\n%s", err, last, log)
	}
	return last
}

package relyingparties

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// apis are the parts of docs/recipes/resource-servers.md. Each serves one program of the
// recipe at a port.
var apis = []struct {
	name  string
	serve func(t *testing.T, p *testenv.Node, port string)
	// asks says that it asks the provider about each token, so that nobody who was
	// disabled gets in.
	asks bool
}{
	{name: "PyJWT", serve: flask("pyjwt_api.py")},
	{name: "Authlib", serve: flask("authlib_api.py")},
	{name: "jose", serve: func(t *testing.T, p *testenv.Node, port string) {
		testenv.NodeModules(t, "node")
		file := program(t, p, "api.mjs")
		modules, err := filepath.Abs("node/node_modules")
		if err != nil {
			t.Fatal(err)
		}
		if output, err := exec.CommandContext(t.Context(), "ln", "-s", modules, filepath.Dir(file)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
		command := exec.CommandContext(t.Context(), "node", file)
		command.Env = append(command.Environ(), "PORT="+port)
		start(t, command, port)
	}},
	{name: "nginx", asks: true, serve: func(t *testing.T, p *testenv.Node, port string) {
		behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.Header.Get("X-Subject")+r.Header.Get("Authorization"))
		}))
		t.Cleanup(behind.Close)
		block := codeOf(t, "nginx", "location / {")
		for _, change := range [][2]string{
			{"http://127.0.0.1:3000", behind.URL}, {"https://id.example.com", p.Issuer},
			{"BASE64", base64.StdEncoding.EncodeToString([]byte("reports:" + secretOf("reports")))},
		} {
			block = strings.ReplaceAll(block, change[0], change[1])
		}
		testenv.StartNginxWith(t, "127.0.0.1:"+port, testenv.NginxParts{
			Main:   "load_module /usr/lib/nginx/modules/ngx_http_js_module.so;",
			HTTP:   fmt.Sprintf("js_path %s; js_import tokens from introspect.js;", filepath.Dir(program(t, p, "introspect.js"))),
			Server: block,
		})
	}},
}

// codeOf is the block of code of the recipe, in a language, that begins with a text.
func codeOf(t *testing.T, language, beginning string) string {
	t.Helper()
	_, after, found := strings.Cut(recipe(t, "resource-servers"), "```"+language+"\n"+beginning)
	code, _, _ := strings.Cut(after, "```")
	if !found {
		t.Fatalf("the recipe has no %s", beginning)
	}
	return beginning + code
}

// program writes a program of the recipe to a file, with the provider's address.
func program(t *testing.T, p *testenv.Node, name string) string {
	t.Helper()
	language, beginning := "js", "// "+name
	if strings.HasSuffix(name, ".py") {
		language, beginning = "python", "# "+name
	}
	file := filepath.Join(t.TempDir(), name)
	write(t, file, strings.ReplaceAll(codeOf(t, language, beginning), "https://id.example.com", p.Issuer))
	return file
}

func flask(name string) func(t *testing.T, p *testenv.Node, port string) {
	return func(t *testing.T, p *testenv.Node, port string) {
		t.Helper()
		start(t, exec.CommandContext(t.Context(), testenv.Python(t, "python"), "-m", "flask", "--app", program(t, p, name), "run", "--port", port), port)
	}
}

// start runs a server until the test ends.
func start(t *testing.T, command *exec.Cmd, port string) {
	t.Helper()
	log := new(testenv.Log)
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%v says:\n%s", command.Args, log)
		}
	})
	testenv.WaitForPort(t, "127.0.0.1:"+port, log)
}

// issued are what a client of the recipe gets for a person.
type issued struct {
	Access string `json:"access_token"`
	ID     string `json:"id_token"`
}

// tokensFor signs a person in to a client, as its back end does.
func tokensFor(t *testing.T, p *provider, who *person, client string) (got issued) {
	t.Helper()
	const verifier = "a-verifier-of-forty-three-characters-or-more-than-that"
	sum := sha256.Sum256([]byte(verifier))
	callback := "https://" + client + ".example.com/callback"
	b := p.browser(t)
	b.Client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == client+".example.com" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	b.Get("/authorize?" + url.Values{
		"client_id": {client}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	page := b.Submit("login-submit", "username="+who.email, "password="+who.password)
	if page.Location == nil || page.Location.Query().Get("code") == "" {
		t.Fatalf("no code but %s: %s", page.URL, page.Body)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {page.Location.Query().Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier}}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.Issuer+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(client, secretOf(client))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, err := io.ReadAll(answer.Body)
		t.Fatalf("no tokens: %s %v", text, err)
	}
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || got.Access == "" || got.ID == "" {
		t.Fatalf("no tokens (%d): %v", answer.StatusCode, err)
	}
	return got
}

// TestTK5_ResourceServersTakeTheirAccessTokensAlone: each program of the recipe takes the
// access token that is for it, and no ID token, no token for another API, none that was
// changed and none at all. Where it asks the provider, a disabled person is out at once.
func TestTK5_ResourceServersTakeTheirAccessTokensAlone(t *testing.T) {
	t.Parallel()
	text := recipe(t, "resource-servers")
	configured := text[strings.Index(text, "    resources:\n"):]
	configured = regexp.MustCompile(`(?m)^    `).ReplaceAllString(configured[:strings.Index(configured, "\n\n")+1], "")
	for _, client := range []string{"shop", "reports"} {
		configured = strings.Replace(configured, "file:/run/secrets/"+client, secretOf(client), 1)
	}
	configured += "  - {id: diary, name: Diary, type: confidential, secret: " + secretOf("diary") +
		", redirect_uris: [\"https://diary.example.com/callback\"], scopes: [openid], audience: [\"https://diary.example.com/api\"]}\n"
	p := &provider{Node: testenv.StartLatchkey(t, testenv.Latchkey{Config: configured})}
	for _, api := range apis {
		t.Run(api.name, func(t *testing.T) {
			port := strconv.Itoa(testenv.FreePort(t))
			api.serve(t, p.Node, port)
			address := "http://localhost:" + port + "/me"
			ada := p.person(t, api.name)
			got := tokensFor(t, p, ada, "shop")
			if status, body := bearer(t, address, got.Access); status != http.StatusOK || body != ada.id {
				t.Errorf("the API answers %d %q to the access token, want the person %s", status, body, ada.id)
			}
			for what, token := range map[string]string{
				"an ID token": got.ID, "a token for another API": tokensFor(t, p, ada, "diary").Access,
				"a changed token": got.Access[:len(got.Access)-6] + "AAAAAA", "nothing": "",
			} {
				if status, body := bearer(t, address, token); status != http.StatusUnauthorized {
					t.Errorf("the API answers %d %q to %s, want 401", status, body, what)
				}
			}
			p.Command("", "user", "disable", ada.email, "--reason", "left the company")
			want := http.StatusOK // until it expires
			if api.asks {
				want = http.StatusUnauthorized
			}
			if status, _ := bearer(t, address, got.Access); status != want {
				t.Errorf("the API answers %d to the token of who was disabled, want %d", status, want)
			}
		})
	}
}

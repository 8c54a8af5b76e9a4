package adminapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// serviceSecret is that of the service of the documentation.
const serviceSecret = "a-secret-of-the-service-that-is-long-enough"

// withAPI has time for each request: a busy machine makes it slow, and not a server error.
const withAPI = `
admin: {api: true, requests_per_minute: 60000}
timeouts: {request: 1m, read: 2m, write: 4m}
clients:
  - id: hr
    type: service
    secret: ` + serviceSecret + `
    grant_types: [client_credentials]
    scopes: ["admin:people.read", "admin:people.write", "admin:helpdesk", "admin:groups.read", "admin:groups.write", "admin:clients.read", "admin:clients.write",
      "admin:audit.read", "admin:system.read", "admin:system.write", "admin:owner"]
`

// scopes are all of the service.
var scopes = []string{
	"admin:people.read", "admin:people.write", "admin:helpdesk", "admin:groups.read", "admin:groups.write", "admin:clients.read", "admin:clients.write",
	"admin:audit.read", "admin:system.read", "admin:system.write", "admin:owner",
}

// send sends a request, with a token where there is one.
func send(t *testing.T, node *testenv.Node, token, method, path, body string) (status int, header http.Header, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, node.Issuer+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	} else if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := node.HTTP().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(read)
}

// serviceToken is a token of the service for the scopes.
func serviceToken(t *testing.T, node *testenv.Node, scopes ...string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"hr"}, "client_secret": {serviceSecret}, "scope": {strings.Join(scopes, " ")}}
	_, _, text := send(t, node, "", http.MethodPost, "/token", form.Encode())
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("no token: %v: %s", err, text)
	}
	return answer.AccessToken
}

// TestAD1_AServiceHasTheScopesOfItsToken: of a real token, and nothing more.
func TestAD1_AServiceHasTheScopesOfItsToken(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: withAPI})
	token := serviceToken(t, node, "admin:people.read")
	if status, _, text := send(t, node, token, http.MethodGet, "/admin/api/v1/people", ""); status != http.StatusOK || !strings.Contains(text, "demo@example.com") {
		t.Errorf("status %d: %s", status, text)
	}
	status, header, text := send(t, node, token, http.MethodPost, "/admin/api/v1/people", `{"email":"x@example.com"}`)
	if status != http.StatusForbidden || !strings.Contains(header.Get("WWW-Authenticate"), `scope="admin:people.write"`) {
		t.Errorf("status %d, %v: %s", status, header, text)
	}
	for name, token := range map[string]string{"none": "", "garbage": "a.b.c"} {
		if status, header, text := send(t, node, token, http.MethodGet, "/admin/api/v1/people", ""); status != http.StatusUnauthorized || header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: status %d, %v: %s", name, status, header, text)
		}
	}
}

// TestTheAPIIsOffUnlessConfigured: nothing of it is served or advertised.
func TestTheAPIIsOffUnlessConfigured(t *testing.T) {
	t.Parallel()
	for config, status := range map[string]int{"": http.StatusNotFound, "admin: {api: true}": http.StatusOK} {
		node := testenv.StartLatchkey(t, testenv.Latchkey{Config: config})
		got, _, text := send(t, node, "", http.MethodGet, "/admin/api/openapi.json", "")
		if got != status || strings.Contains(text, `"openapi":"3.1.0"`) != (status == http.StatusOK) {
			t.Errorf("%q: status %d", config, got)
		}
		_, _, discovery := send(t, node, "", http.MethodGet, "/.well-known/openid-configuration", "")
		if strings.Contains(discovery, "admin:people.read") != (status == http.StatusOK) {
			t.Errorf("%q: discovery says %s", config, discovery)
		}
	}
}

// shell are the commands of the documentation.
var shell = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestTheCommandsOfTheDocumentationWork runs them as they are written.
func TestTheCommandsOfTheDocumentationWork(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/admin-api.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := shell.FindAllStringSubmatch(string(text), -1)
	if len(commands) != 3 {
		t.Fatalf("%d commands", len(commands))
	}
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: withAPI})
	node.CreateUser("ada@example.com", "six old maps in a tin")
	script := "set -eu\n"
	for _, command := range append(commands, commands[2]) { // the last one twice
		script += command[1] + "\necho\n"
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Env = append(os.Environ(), "ISSUER="+node.Issuer, "SECRET="+serviceSecret)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	lines := strings.Fields(strings.ReplaceAll(string(output), " ", "_"))
	if len(lines) != 3 || !strings.Contains(lines[0], "ada@example.com") || !strings.Contains(lines[1], "Grace_Hopper") || lines[2] != lines[1] {
		t.Errorf("they print\n%s", output)
	}
}

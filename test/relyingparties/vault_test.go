package relyingparties

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// vault is the plugin of Vault that signs people in, as a process.
type vault struct {
	t       *testing.T
	in      io.Writer
	answers *bufio.Scanner
}

// vaultAnswer is what the plugin answers to one write or read.
type vaultAnswer struct {
	Data     map[string]any
	Name     string
	Groups   []string
	Policies []string
	Error    string
}

func startVault(t *testing.T) *vault {
	t.Helper()
	command := exec.CommandContext(t.Context(), testenv.GoModule(t, "vault"))
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
	t.Cleanup(func() {
		_ = in.Close()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("Vault says:\n%s", log)
		}
	})
	return &vault{t: t, in: in, answers: bufio.NewScanner(out)}
}

func (v *vault) ask(read bool, path string, data map[string]any) (answer vaultAnswer) {
	v.t.Helper()
	asked, err := json.Marshal(map[string]any{"Path": path, "Read": read, "Data": data})
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := v.in.Write(append(asked, '\n')); err != nil || !v.answers.Scan() {
		v.t.Fatalf("Vault answers nothing: %v %v", err, v.answers.Err())
	}
	if err := json.Unmarshal(v.answers.Bytes(), &answer); err != nil {
		v.t.Fatal(err)
	}
	return answer
}

// signIn has a person sign in at Vault's web interface, by a role of it.
func (v *vault) signIn(p *provider, who *person, role, redirect string) vaultAnswer {
	v.t.Helper()
	begun := v.ask(false, "oidc/auth_url", map[string]any{"role": role, "redirect_uri": redirect})
	address, _ := begun.Data["auth_url"].(string)
	if address == "" {
		v.t.Fatalf("Vault sends nobody on: %+v", begun)
	}
	b := p.browser(v.t)
	b.Client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Host == "vault.example.com" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	b.Get(address)
	page := b.Submit("login-submit", "username="+who.email, "password="+who.password)
	if page.Location == nil {
		v.t.Fatalf("no code but %s: %s", page.URL, page.Body)
	}
	query := page.Location.Query()
	return v.ask(true, "oidc/callback", map[string]any{"state": query.Get("state"), "code": query.Get("code")})
}

// vaultWrites are the writes of a recipe below auth/oidc: for each path, what is written.
func vaultWrites(text string) map[string]map[string]any {
	writes := map[string]map[string]any{}
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		words := strings.Fields(line)
		if len(words) < 3 || words[0] != "vault" || words[1] != "write" {
			continue
		}
		path, below := strings.CutPrefix(words[2], "auth/oidc/")
		if !below {
			continue
		}
		data := map[string]any{}
		for _, word := range words[3:] {
			name, value, _ := strings.Cut(word, "=")
			data[name] = value
		}
		writes[path] = data
	}
	return writes
}

// Vault's own plugin, set up by the writes of the recipe, takes people for whom the
// provider says they are, with the groups that Vault is told of and no others.
func TestVaultTakesPeopleAndTheirGroups(t *testing.T) {
	t.Parallel()
	text := recipe(t, "vault")
	clients := strings.Replace(clientsOf(text), "file:/run/secrets/vault", secretOf("vault"), 1)
	// How a second factor is asked for is told by other tests.
	clients = strings.Replace(clients, ", acr: aal2", "", 1)
	p := &provider{Node: testenv.StartLatchkey(t, testenv.Latchkey{Config: clients})}
	ada, bob := p.person(t, "ada"), p.person(t, "bob")
	for _, group := range []string{"vault-admins", "vault-users", "staff"} {
		p.Command("", "group", "create", group)
	}
	for group, who := range map[string]*person{"vault-admins": ada, "staff": ada, "vault-users": bob} {
		p.Command("", "group", "add", group, who.email)
	}

	v := startVault(t)
	writes := vaultWrites(text)
	config, role := writes["config"], writes["role/person"]
	if config == nil || role == nil {
		t.Fatalf("the recipe writes %v", writes)
	}
	if config["oidc_discovery_url"] != "https://id.example.com" || config["oidc_client_secret"] != `"$(</run/secrets/vault)"` {
		t.Fatalf("the recipe writes %v", config)
	}
	config["oidc_discovery_url"], config["oidc_client_secret"] = p.Issuer, secretOf("vault")
	for path, data := range map[string]map[string]any{"config": config, "role/person": role} {
		if answer := v.ask(false, path, data); answer.Error != "" {
			t.Fatalf("Vault does not take %s: %s", path, answer.Error)
		}
	}

	name, _ := config["default_role"].(string)
	redirect, _ := role["allowed_redirect_uris"].(string)
	if got := v.signIn(p, ada, name, redirect); got.Name != ada.id || !slices.Equal(got.Groups, []string{"vault-admins"}) || !slices.Equal(got.Policies, []string{"default"}) {
		t.Errorf("Vault takes ada for %q in %q with %q: %s", got.Name, got.Groups, got.Policies, got.Error)
	}
	if got := v.signIn(p, bob, name, redirect); got.Name != bob.id || !slices.Equal(got.Groups, []string{"vault-users"}) {
		t.Errorf("Vault takes bob for %q in %q: %s", got.Name, got.Groups, got.Error)
	}
}

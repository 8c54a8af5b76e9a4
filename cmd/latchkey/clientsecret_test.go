package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// registersClient registers a client in the database, and returns its id and secret.
func (i *installation) registersClient(t *testing.T, metadata string) (id, secret string) {
	t.Helper()
	return i.registersClientAs(t, "app", metadata)
}

func (i *installation) registersClientAs(t *testing.T, name, metadata string) (id, secret string) {
	t.Helper()
	current := i.current.Load()
	e, err := current.accounts.BeginClient(t.Context(), operator(), storage.EventClientRegistered)
	if err != nil {
		t.Fatal(err)
	}
	made, err := current.registrar.Create(t.Context(), name, []byte(metadata), e)
	if err != nil {
		t.Fatal(err)
	}
	return made.Client.ID, made.Secret
}

// authenticates reports whether the node gives a client tokens for a secret.
func (i *installation) authenticates(t *testing.T, id, secret string) bool {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, i.cfg().Issuer+"/token", strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, secret)
	w := httptest.NewRecorder()
	i.ServeHTTP(w, r)
	if w.Code != http.StatusOK && w.Code != http.StatusUnauthorized {
		t.Errorf("the token endpoint answers %d %s", w.Code, w.Body)
	}
	return w.Code == http.StatusOK
}

// A client of the database gets secrets by command, which the node takes; the others end
// when they are said to.
func TestCL1_ClientsGetSecretsByCommand(t *testing.T) {
	i := newInstallation(t, "")
	if err := i.ring.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	id, first := i.registersClient(t, `{"client_name":"App","grant_types":["client_credentials"],"scope":"read"}`)
	works := func(when string, want bool, secret string) {
		t.Helper()
		if got := i.authenticates(t, id, secret); got != want {
			t.Errorf("%s a secret works: %v", when, got)
		}
	}
	status, out, errs := i.run(t, "client", "add-secret", id)
	second := strings.TrimSpace(out)
	if status != 0 || len(second) < 40 || strings.ContainsAny(second, " \n") || !strings.Contains(errs, "shown this once") {
		t.Fatalf("add-secret = %d %s%s", status, out, errs)
	}
	works("the first, beside another,", true, first)
	works("the added one", true, second)

	file := t.TempDir() + "/secret"
	status, out, errs = i.run(t, "client", "rotate-secret", id, "--keep-old", "1h", "--out", file, "--json")
	var told newClientSecret
	if err := json.Unmarshal([]byte(out), &told); err != nil || status != 0 || told.Secret != "" || told.ClientID != id || told.Secrets != 3 || told.OthersEndAt == nil {
		t.Fatalf("rotate-secret --json = %d %s%s (%v)", status, out, errs, err)
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of the secret: %v, %v", info.Mode(), err)
	}
	third := strings.TrimSpace(string(written))
	for when, secret := range map[string]string{"the first, for a while,": first, "the second, for a while,": second, "the third": third} {
		works(when, true, secret)
	}
	*i.clock = i.clock.Add(2 * time.Hour)
	works("the first, when its time is over,", false, first)
	works("the second, when its time is over,", false, second)
	works("the third, later,", true, third)

	status, out, _ = i.run(t, "client", "rotate-secret", id, "--keep-old", "0s", "--json")
	if err := json.Unmarshal([]byte(out), &told); err != nil || status != 0 || told.Secrets != 1 || told.Secret == "" {
		t.Fatalf("rotate-secret --keep-old 0s = %d %s (%v)", status, out, err)
	}
	works("a leaked one", false, third)
	works("its successor", true, told.Secret)

	if _, out, _ := i.run(t, "audit", "list", "--type", "client_changed", "--json"); strings.Count(out, "by command line: a secret was added") != 3 || strings.Contains(out, told.Secret) {
		t.Errorf("events:\n%s", out)
	}
	for _, line := range []string{"client list --json", "client show " + id} {
		if _, out, _ := i.run(t, strings.Fields(line)...); strings.Contains(out, told.Secret) || !strings.Contains(out, id) {
			t.Errorf("%s shows a secret, or not the client:\n%s", line, out)
		}
	}
}

// What cannot be: nothing is made then, and no file is left.
func TestSecretsAreRefusedWithAReason(t *testing.T) {
	i := newInstallation(t, "")
	if err := i.ring.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	id, secret := i.registersClient(t, `{"client_name":"App","grant_types":["client_credentials"],"scope":"read"}`)
	_, before, _ := i.run(t, "audit", "export")
	file := t.TempDir() + "/secret"
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]struct {
		status int
		says   string
	}{
		"client add-secret nobody":                       {exitRefused, `there is no client "nobody"`},
		"client add-secret wiki":                         {exitRefused, `"wiki" is a client of the configuration (` + i.file + `, line 8)`},
		"client rotate-secret wiki":                      {exitRefused, "value: file:/run/secrets/wiki.new"},
		"client rotate-secret " + id + " --keep-old -1h": {exitUsage, "--keep-old must not be negative"},
		"client add-secret " + id + " --out " + file:     {exitRefused, "file exists"},
	} {
		if status, out, errs := i.run(t, strings.Fields(line)...); status != want.status || !strings.Contains(errs, want.says) || out != "" {
			t.Errorf("%s = %d %s%s, want %q", line, status, out, errs, want.says)
		}
	}
	if _, after, _ := i.run(t, "audit", "export"); after != before || !i.authenticates(t, id, secret) {
		t.Error("something was changed")
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "mine" {
		t.Errorf("the file is %q, %v", text, err)
	}
	for n := 1; n < 5; n++ {
		if status, _, errs := i.run(t, "client", "add-secret", id); status != 0 {
			t.Fatal(errs)
		}
	}
	made := t.TempDir() + "/new"
	if status, _, errs := i.run(t, "client", "add-secret", id, "--out", made); status != exitRefused || !strings.Contains(errs, "as many as may be") {
		t.Errorf("a sixth secret = %d %s", status, errs)
	}
	if _, err := os.Stat(made); !os.IsNotExist(err) {
		t.Errorf("a file is left: %v", err)
	}
	quiet, _ := i.registersClientAs(t, "quiet", `{"client_name":"Quiet","token_endpoint_auth_method":"none","redirect_uris":["https://quiet.example.com/cb"]}`)
	if status, _, errs := i.run(t, "client", "rotate-secret", quiet); status != exitRefused || !strings.Contains(errs, "without a secret") {
		t.Errorf("a secret of who has none = %d %s", status, errs)
	}
}

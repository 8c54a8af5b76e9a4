package main

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/spf13/cobra"
)

// A reload that would let somebody in who is expected not to get in does not take place.
func TestAC1_AnExpectationThatIsNotMetKeepsTheConfiguration(t *testing.T) {
	r := newReloadable(t)
	guest := map[string]any{"groups": []any{"guests"}}
	payroll := func(onFailure string, rules ...config.AccessRule) func(*config.Config) {
		return func(c *config.Config) {
			c.Clients = append(c.Clients, config.Client{
				ID: "payroll", Type: client.TypePublic, RedirectURIs: []string{"https://payroll.example.com/cb"}, Access: rules,
				Expect: []config.Expectation{{User: guest, Allow: new(false), OnFailure: onFailure}},
			})
		}
	}
	r.file(payroll(""))
	r.reload(t.Context())
	if r.knows(t, "payroll") || !strings.Contains(r.logged(), "gets in, expected is that whoever it is is refused") {
		t.Error("everyone gets in, and the configuration serves")
	}
	r.file(payroll("warn"))
	r.reload(t.Context())
	if !r.knows(t, "payroll") || !strings.Contains(r.logged(), "an expectation failed") {
		t.Error("one that only warns kept the configuration back, or did not warn")
	}
	r.file(payroll("", config.AccessRule{Groups: []string{"hr"}}))
	r.reload(t.Context())
	if got := r.logged(); !strings.Contains(got, "reloaded") {
		t.Errorf("an expectation that is met kept the configuration back: %s", got)
	}
}

// Explanations know the clients of the database, and which of them no node serves.
func TestAC1_ExplainKnowsClientsOfTheDatabase(t *testing.T) {
	r := newReloadable(t)
	now := r.now()
	for id, row := range map[string]storage.Client{
		"here": {}, "off": {DisabledAt: now}, "over": {EndsAt: now.Add(-time.Hour)}, "in-wrong-hands": {},
	} {
		row.ID, row.Source, row.Version, row.CreatedAt, row.UpdatedAt = id, storage.ClientByAdministrator, 1, now, now
		row.Metadata = []byte(`{"client_name":"` + id + `","type":"public","redirect_uris":["https://app.example.com/cb"],"grant_types":["authorization_code"],"scopes":["openid"]}`)
		if err := r.store.Clients().Create(t.Context(), &row, storage.ClientAdmission{}, r.event(t, storage.EventClientRegistered)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.boot.accounts(r.store).LockClient(t.Context(), operator(), "in-wrong-hands", "stolen"); err != nil {
		t.Fatal(err)
	}
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	for id, want := range map[string]string{
		"here": "", "off": "the client is disabled", "over": "the client has ended: it was not used for long", "in-wrong-hands": "the client is locked down", "demo": "",
	} {
		c, unserved, err := r.current.Load().anyClient(cmd, r.store, id)
		if err != nil || c.ID != id || unserved != want {
			t.Errorf("%s: %q, %v; want %q", id, unserved, err, want)
		}
		_, err = r.current.Load().stored(r.store).Client(t.Context(), id)
		if served := id == "here" || id == "in-wrong-hands"; id != "demo" && served != (err == nil) { // locks are asked elsewhere
			t.Errorf("%s is served: %v", id, err)
		}
	}
	if _, _, err := r.current.Load().anyClient(cmd, r.store, "nobody"); err == nil {
		t.Error("a client that nobody registered is known")
	}
}

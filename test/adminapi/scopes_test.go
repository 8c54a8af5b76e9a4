package adminapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

var examples = flag.Int("examples", 2, "how many requests schemathesis makes of each operation with each scope")

// mayChange are the tables that each scope by itself lets somebody change.
var mayChange = map[string][]string{
	"admin:people.read": nil, "admin:groups.read": nil, "admin:clients.read": nil, "admin:audit.read": nil, "admin:system.read": nil,
	"admin:people.write":  {"users", "user_roles", "deliveries", "sessions", "grants", "consents", "former_addresses", "identities"},
	"admin:helpdesk":      {"users", "deliveries", "sessions", "grants", "credentials", "recovery_codes", "lockouts", "trusted_devices"},
	"admin:groups.write":  {"groups", "group_members", "group_roles"},
	"admin:clients.write": {"clients", "client_names"},
	"admin:system.write":  {"signing_keys", "deliveries", "event_feeds"},
	"admin:owner":         {"locked_clients", "signing_keys"},
}

// endsTokens are operations after which nobody's token is good.
var endsTokens = []string{"everybody.lock_down", "keys.revoke"}

// outcome is what came of the requests with one scope; of none where it is empty.
type outcome struct {
	Scope    string
	Problems []string
	// Statuses are how often each status was seen, by operations.
	Statuses map[string]map[string]int
	// Changed are tables.
	Changed []string
}

// TestAD1_EachScopeByItselfAllowsWhatItNames: schemathesis calls each operation, about
// people, groups and applications that are there, with a token of each scope alone and
// with none: no answer is undocumented or a fault of the node, each operation is refused
// without its scope and reached with it, and the database holds afterwards what it held
// before, but for what the scope is for. More requests are made with -examples.
func TestAD1_EachScopeByItselfAllowsWhatItNames(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: withAPI})
	everything := serviceToken(t, node, scopes...)
	runs := []map[string]any{{"scope": "", "real": victims(t, node, everything, 0)}}
	for i, s := range admin.Scopes() {
		if _, said := mayChange[s.Name]; !said {
			t.Fatalf("nobody says what %s may change", s.Name)
		}
		runs = append(runs, map[string]any{"scope": s.Name, "real": victims(t, node, everything, i+1)})
	}
	task, err := json.Marshal(map[string]any{
		"issuer": node.Issuer, "client": "hr", "secret": serviceSecret, "database": filepath.Join(node.Data, "latchkey.db"), "seed": 1, "examples": *examples, "runs": runs,
		// What requests and the node itself write at any time.
		"always":    []string{"audit_events", "audit_links", "audit_marks", "audit_queue", "daily_numbers", "daily_numbers_place", "ephemeral", "installation", "jobs", "nodes"},
		"worked_on": map[string]string{"deliveries": "id"},
		"without":   endsTokens,
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), testenv.Python(t, "python"), "python/scopes.py")
	cmd.Env = append(os.Environ(), "PYTHONHASHSEED=1", "PYTHONDONTWRITEBYTECODE=1")
	var out, problems bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(task), &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("schemathesis: %v\n%s", err, problems.String())
	}
	var outcomes []outcome
	if err := json.Unmarshal(out.Bytes(), &outcomes); err != nil || len(outcomes) != len(runs) {
		t.Fatalf("%d outcomes: %v\n%s", len(outcomes), err, out.String())
	}
	for _, o := range outcomes {
		o.judge(t)
	}
}

// victims are somebody and something of each kind for addresses to name.
func victims(t *testing.T, node *testenv.Node, token string, i int) map[string]string {
	t.Helper()
	create := func(path, body, id string) string {
		status, _, text := send(t, node, token, http.MethodPost, api.Prefix+path, body)
		var made map[string]any
		if err := json.Unmarshal([]byte(text), &made); err != nil || status != http.StatusCreated {
			t.Fatalf("%s: %d %s", path, status, text)
		}
		return made[id].(string)
	}
	return map[string]string{
		"person": create("/people", fmt.Sprintf(`{"email":"p%d@example.com"}`, i), "id"),
		"group":  create("/groups", fmt.Sprintf(`{"name":"group %d"}`, i), "id"),
		"client": create("/clients", `{"metadata":{"redirect_uris":["https://a.example/cb"],"client_name":"A"}}`, "client_id"),
	}
}

// judge holds what came of a scope to what it is for.
func (o *outcome) judge(t *testing.T) {
	t.Helper()
	for _, problem := range o.Problems {
		t.Errorf("with %q: %s", o.Scope, problem)
	}
	for _, table := range o.Changed {
		if !slices.Contains(mayChange[o.Scope], table) {
			t.Errorf("with %q table %s changed", o.Scope, table)
		}
	}
	if mayChange[o.Scope] != nil && len(o.Changed) == 0 {
		t.Errorf("with %q nothing changed", o.Scope)
	}
	refused := map[bool]string{true: "401", false: "403"}[o.Scope == ""]
	for _, operation := range api.Operations() {
		seen := o.Statuses[operation.ID]
		switch {
		case slices.Contains(endsTokens, operation.ID):
		case len(seen) == 0:
			t.Errorf("with %q %s was not called", o.Scope, operation.ID)
		case operation.Scope != o.Scope && (len(seen) != 1 || seen[refused] == 0):
			t.Errorf("with %q %s answers %v", o.Scope, operation.ID, seen)
		case operation.Scope == o.Scope && (seen["401"] > 0 || seen["403"] > 0):
			t.Errorf("with its scope %s answers %v", operation.ID, seen)
		}
	}
}

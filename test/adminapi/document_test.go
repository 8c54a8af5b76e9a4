package adminapi

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// lockdown ends the token of whoever may do it, which the rest needs.
const lockdown = "/admin/api/v1/lockdown"

// examine has schemathesis make requests of what the document says, right ones and wrong
// ones, and holds each answer to the document: its status, its type, its schema. The
// requests are the same at each run. It returns which statuses there were, by their
// methods and paths.
func examine(t *testing.T, node *testenv.Node, token string, args ...string) *witness {
	t.Helper()
	w := watch(t, node)
	schemathesis := filepath.Join(filepath.Dir(testenv.Python(t, "python")), "schemathesis")
	command := append([]string{
		"run", node.Issuer + "/admin/api/openapi.json", "--url", w.address, "--seed", "1", "--workers", "1", "--no-shrink", "--continue-on-failure", "--no-color",
		"--warnings", "off", "--suppress-health-check", "all", "--request-timeout", "120", "--wait-for-schema", "120", "--header", "Authorization: Bearer " + token,
		"--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method,allow_header_conformance",
	}, args...)
	cmd := exec.CommandContext(t.Context(), schemathesis, command...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PYTHONHASHSEED=1", "HYPOTHESIS_STORAGE_DIRECTORY="+filepath.Join(cmd.Dir, "hypothesis"))
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("schemathesis %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return w
}

// everybody is what commands say of people and groups.
func everybody(node *testenv.Node) string {
	return node.Command("", "user", "list", "--json") + node.Command("", "group", "list", "--json")
}

// TestTheAPIIsAsItsDocumentSays: with every scope, whatever comes; at last what ends the
// token. No operation goes without an answer that is a success or says what is wrong with
// the request; each of the statuses of its document is seen in package admin/api.
func TestTheAPIIsAsItsDocumentSays(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: withAPI})
	token := serviceToken(t, node, scopes...)
	w := examine(t, node, token, "--exclude-path", lockdown, "--phases", "examples,coverage,fuzzing", "--max-examples", "15")
	last := examine(t, node, token, "--include-path", lockdown, "--phases", "fuzzing", "--max-examples", "6")
	for _, o := range operationsOf(t, node) {
		from := w
		if o.path == lockdown {
			from = last
		}
		if !from.saw(o, 200, 201, 202, 204) && !from.saw(o, 404) || !from.saw(o, 422) {
			t.Errorf("%s %s answered %v alone", o.method, o.path, from.of(o))
		}
	}
	if status, _, text := send(t, node, token, http.MethodGet, "/admin/api/v1/people", ""); status != http.StatusUnauthorized {
		t.Errorf("after everybody was locked down: %d %s", status, text)
	}
}

// TestAD1_NothingChangesWithoutTheScope: with no token, and with one of every scope but
// those that let people, groups and everybody be changed. What one of these scopes alone
// allowed, all of them together would allow as well.
func TestAD1_NothingChangesWithoutTheScope(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: withAPI})
	before := everybody(node)
	missing := []string{"admin:people.write", "admin:groups.write", "admin:owner"} // they are let change what they name
	others := slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return slices.Contains(missing, scope) })
	for token, status := range map[string]int{"none": http.StatusUnauthorized, serviceToken(t, node, others...): http.StatusForbidden} {
		w := examine(t, node, token, "--phases", "fuzzing", "--max-examples", "6", "--mode", "positive")
		for _, o := range operationsOf(t, node) {
			if without := token == "none" || slices.Contains(missing, o.scope); without && !slices.Equal(w.of(o), []int{status}) {
				t.Errorf("%s %s answered %v to whoever lacks %s", o.method, o.path, w.of(o), o.scope)
			}
		}
	}
	if after := everybody(node); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

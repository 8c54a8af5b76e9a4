package adminapi

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// lockdown and ofClient end the token of whoever does it to everybody, or to their own
// client, which the rest needs.
const (
	lockdown = "/admin/api/v1/lockdown"
	ofClient = "/admin/api/v1/clients/{client}/lockdown"
)

// examine has schemathesis make requests of what the document says, right ones and wrong
// ones, and holds each answer to the document: its status, its type, its schema. The
// requests are the same at each run.
func examine(t *testing.T, node *testenv.Node, token string, args ...string) {
	t.Helper()
	schemathesis := filepath.Join(filepath.Dir(testenv.Python(t, "python")), "schemathesis")
	command := append([]string{
		"run", node.Issuer + "/admin/api/openapi.json", "--seed", "1", "--workers", "1", "--no-shrink", "--continue-on-failure", "--no-color",
		"--warnings", "off", "--suppress-health-check", "all", "--request-timeout", "120", "--wait-for-schema", "120", "--header", "Authorization: Bearer " + token,
		"--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,unsupported_method,allow_header_conformance",
	}, args...)
	cmd := exec.CommandContext(t.Context(), schemathesis, command...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PYTHONHASHSEED=1", "HYPOTHESIS_STORAGE_DIRECTORY="+filepath.Join(cmd.Dir, "hypothesis"))
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("schemathesis %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}

// TestTheAPIIsAsItsDocumentSays: with every scope, whatever comes; at last what ends the
// token. Each of the statuses of the document is seen in package admin/api.
func TestTheAPIIsAsItsDocumentSays(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: withAPI})
	token := serviceToken(t, node, scopes...)
	examine(t, node, token, "--exclude-path", lockdown, "--exclude-path", ofClient, "--phases", "examples,coverage,fuzzing", "--max-examples", "15")
	if status, _, text := send(t, node, token, http.MethodGet, "/admin/api/v1/people", ""); status != http.StatusOK {
		t.Errorf("the token does not live to the end: %d %s", status, text)
	}
	examine(t, node, token, "--include-path", lockdown, "--phases", "fuzzing", "--max-examples", "3", "--mode", "positive")
	if status, _, text := send(t, node, token, http.MethodGet, "/admin/api/v1/people", ""); status != http.StatusUnauthorized {
		t.Errorf("after everybody was locked down: %d %s", status, text)
	}
}

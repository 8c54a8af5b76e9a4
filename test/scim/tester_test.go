package scim

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

const withSource = `
attributes:
  - name: office
  - name: contractor
    type: boolean
scim:
  requests_per_minute: 60000
  sources:
    - name: tester
      token: 9nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e
`

// TestTheServerIsAsTheSpecificationSays has scim2-tester go over everything that the server
// says of itself: schemas, resource types, and the life of resources of each type with
// each of their attributes, custom ones too (not numbers, which it makes no values of, and
// no lists, which it adds to and takes the sum for a fault).
func TestTheServerIsAsTheSpecificationSays(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: withSource})
	scim2 := filepath.Join(filepath.Dir(testenv.Python(t, "python")), "scim2")
	command := exec.CommandContext(t.Context(), scim2, "--url", node.Issuer+"/scim/v2", "--header", "Authorization: Bearer 9nV3xQ7wLr2kTz8mYp4sBf6hJd1cGa5e", "test", "--verbose")
	output, err := command.CombinedOutput()
	text := string(output)
	if err != nil || strings.Count(text, "SUCCESS ") < 100 || !strings.Contains(text, "extension:latchkey:2.0:User") || strings.Contains(text, "ERROR ") || strings.Contains(text, "CRITICAL") {
		t.Errorf("scim2 test: %v\n%s", err, text)
	}
}

// TestNothingIsServedWithoutASource: neither the address nor what a wrong token would say.
func TestNothingIsServedWithoutASource(t *testing.T) {
	t.Parallel()
	for config, status := range map[string]int{"": http.StatusNotFound, withSource: http.StatusUnauthorized} {
		node := testenv.StartLatchkey(t, testenv.Latchkey{Config: config})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, node.Issuer+"/scim/v2/Users", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer wrong")
		response, err := node.HTTP().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != status {
			t.Errorf("%q: status %d, want %d", config, response.StatusCode, status)
		}
	}
}

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// nodeFolder holds the relying parties from npm.
const nodeFolder = "node"

// runNode runs a script that was told of the client, and is its browser.
func runNode(t *testing.T, p *provider, script string, told map[string]any) {
	t.Helper()
	testenv.NodeModules(t, nodeFolder)
	told["issuer"] = p.Issuer
	environment, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testenv.Patience) // a script that hangs says nothing
	defer cancel()
	var problems bytes.Buffer
	node := exec.CommandContext(ctx, "node", script)
	node.Dir, node.Stderr = nodeFolder, &problems
	node.Env = append(os.Environ(), "INTEROP="+string(environment))
	asks, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatalf("node is not installed: run `make test`, which installs it: %v", err)
	}
	browser := p.Browser(t)
	for decoder := json.NewDecoder(asks); decoder.More(); {
		var ask struct{ Visit string }
		if err := decoder.Decode(&ask); err != nil {
			t.Fatalf("%s says something else: %v", script, err)
		}
		arrived := p.visit(t, browser, ask.Visit)
		if err := json.NewEncoder(answers).Encode(map[string]string{"arrived": arrived.String()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := node.Wait(); err != nil {
		t.Errorf("%s: %v\n%s", script, err, problems.String())
	}
}

func TestOpenIDClient(t *testing.T) {
	t.Parallel()
	p := start(t)
	forEach(t, func(t *testing.T, c client) {
		runNode(t, p, "relying-party.mjs", map[string]any{
			"id": c.ID, "secret": c.Secret, "method": c.Method, "alg": c.Alg,
			"redirectURI": redirectURI, "postLogoutURI": postLogoutURI, "email": email,
		})
	})
	t.Run("service", func(t *testing.T) {
		runNode(t, p, "service.mjs", map[string]any{"id": service.ID, "secret": service.Secret, "scope": serviceScope})
	})
}

// Clients that prove to hold a key, with pushed requests and nonces of the provider.
func TestOpenIDClientWithDPoP(t *testing.T) {
	t.Parallel()
	p := startWith(t, map[string]any{"tokens": map[string]any{"require_dpop": true, "require_dpop_nonce": true}})
	for _, c := range clients() {
		if c.Alg != "ES256" || c.Method == "client_secret_post" {
			continue
		}
		t.Run(c.Method, func(t *testing.T) {
			runNode(t, p, "dpop.mjs", map[string]any{
				"id": c.ID, "secret": c.Secret, "method": c.Method, "algs": []string{"ES256", "ES384", "PS256"},
				"redirectURI": redirectURI, "email": email,
			})
		})
	}
}

// A client whose answers, ID tokens and userinfo are signed, with hybrid response types.
func TestOpenIDClientWithSignedAnswers(t *testing.T) {
	t.Parallel()
	signed := client{ID: "signed", Secret: secret + "signed", Method: "client_secret_basic"}
	p := startWith(t, map[string]any{"clients": []map[string]any{{
		"id": signed.ID, "secret": signed.Secret, "auth_method": signed.Method, "redirect_uris": []string{redirectURI},
		"scopes": []string{"openid", "email"}, "grant_types": []string{"authorization_code", "implicit"},
		"response_types": []string{"code", "code id_token", "id_token"}, "response_modes": []string{"query", "fragment", "jwt"},
		"userinfo_signing_alg": "ES256", "authorization_response_signing_alg": "ES256", "id_token_signing_alg": "ES256",
	}}})
	runNode(t, p, "signed.mjs", map[string]any{"id": signed.ID, "secret": signed.Secret, "redirectURI": redirectURI, "email": email})
}

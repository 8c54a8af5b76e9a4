package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
)

const (
	clientID     = "wiki"
	clientSecret = "8tRkMq7QIDMVl8xVH9/9H2I9t3NPHI6pIchnvScO9ys="
	// requestTimeout is timeouts.request of every node; in all a request may take
	// three times as long.
	requestTimeout = time.Second
	deadline       = 3 * requestTimeout
)

// common is the configuration of every node. Hashes cost little, and nobody is
// refused for asking often.
const common = `
timeouts: {request: 1s, drain: 2s}
tokens: {refresh_grace: 8s}
signing_keys: {algs: [RS256, ES256], poll: 1s, publish_ahead: 2s}
password: {argon2: {memory_kib: 19456}}
limits:
  sign_in: {per_account: {free: 100000}, per_address: {free: 100000}, per_pair: {free: 100000}, known_device: {free: 100000}}
clients:
  - id: ` + clientID + `
    secret: "` + clientSecret + `"
    redirect_uris: [` + redirectURI + `]
    scopes: [openid, profile, email, offline_access]
    id_token_signing_alg: ES256
`

// installation is several nodes that are one provider, behind a balancer.
type installation struct {
	issuer, password string
	nodes            []*testenv.Node
	balancer         *testenv.HAProxy // nil before a single node
	// onlyBalanced says that all clients come through the balancer.
	onlyBalanced bool
}

// parts are what an installation is made of.
type parts struct {
	database, redis string
	// config is laid over [common].
	config string
	// each changes what the i-th node is started with; it may be nil.
	each func(i int, l *testenv.Latchkey)
}

const nodes = 3

// startNodes starts three nodes and their balancer.
func startNodes(t *testing.T, p parts) *installation {
	t.Helper()
	front := testenv.FreeAddress(t)
	in := &installation{issuer: "http://" + front}
	data := filepath.Join(t.TempDir(), "data")
	var addresses []string
	for i := range nodes {
		l := testenv.Latchkey{Database: p.database, Redis: p.redis, Data: data, Issuer: in.issuer, Config: common + p.config}
		if p.each != nil {
			p.each(i, &l)
		}
		in.nodes = append(in.nodes, testenv.StartLatchkey(t, l))
		addresses = append(addresses, in.nodes[i].Address)
	}
	in.balancer = testenv.StartHAProxy(t, front, addresses...)
	in.readPassword(t)
	return in
}

func (in *installation) readPassword(t *testing.T) {
	t.Helper()
	password, err := os.ReadFile(filepath.Join(in.nodes[0].Data, "demo-password"))
	if err != nil {
		t.Fatalf("password of the demo person: %v", err)
	}
	in.password = strings.TrimSpace(string(password))
}

// routes are the ways of clients: the balancer, and each node by itself.
func (in *installation) routes(t *testing.T) []route {
	t.Helper()
	if in.balancer == nil {
		return in.direct(t)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	balanced := route{"the balancer", &http.Client{Transport: transport, Timeout: testenv.Patience, CheckRedirect: stay}}
	if in.onlyBalanced {
		return []route{balanced}
	}
	return append([]route{balanced}, in.direct(t)...)
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// direct are the ways past the balancer.
func (in *installation) direct(t *testing.T) (ways []route) {
	t.Helper()
	for i, n := range in.nodes {
		ways = append(ways, route{fmt.Sprintf("node %d", i+1), n.HTTP()})
	}
	return ways
}

// health is what a node answers to the question whether it is ready.
type health struct {
	Status string
	Checks map[string]struct{ OK bool }
}

// ready asks a node whether it is ready.
func (in *installation) ready(t *testing.T, node int) (h health) {
	t.Helper()
	response, err := in.nodes[node].HTTP().Get(in.issuer + "/readyz")
	if err != nil {
		t.Fatalf("ask node %d whether it is ready: %v", node+1, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&h); err != nil {
		t.Fatalf("node %d says %s: %v", node+1, body, err)
	}
	if want := h.Status != "unavailable"; want != (response.StatusCode == http.StatusOK) {
		t.Errorf("node %d says %d and %s", node+1, response.StatusCode, body)
	}
	return h
}

// says reports whether a node says a status, and where it is not "ok" that of the
// checks this one fails.
func (in *installation) says(t *testing.T, node int, status, check string) bool {
	t.Helper()
	h := in.ready(t, node)
	return h.Status == status && (check == "" || !h.Checks[check].OK)
}

// audit checks what an operator would look at afterwards: the record of events is
// whole, nobody was called a thief who was none, and nothing panicked.
func (in *installation) audit(t *testing.T, calls []*call) {
	t.Helper()
	in.nodes[0].Command("", "audit", "verify")
	honest := map[storage.ID]string{}
	doubted := map[string]bool{}
	for _, c := range calls {
		doubted[c.Chain] = doubted[c.Chain] || c.What == exchange && (c.Twin || c.Lost != "")
	}
	for _, c := range calls {
		if c.Refresh != "" && !doubted[c.Chain] {
			honest[grantID(c.Refresh)] = c.Chain
		}
	}
	for _, theft := range []storage.EventType{storage.EventRefreshReuse, storage.EventCodeReplay} {
		lines := in.nodes[0].Command("", "audit", "export", "--type", string(theft))
		for line := range strings.Lines(lines) {
			var event struct {
				Grant storage.ID `json:"grant_id"`
			}
			if err := json.Unmarshal([]byte(line), &event); err != nil {
				t.Fatalf("event %s: %v", line, err)
			}
			if name, ok := honest[event.Grant]; ok {
				t.Errorf("%s was taken for stolen: %s", name, line)
			}
		}
	}
	for i, n := range in.nodes {
		for line := range strings.Lines(n.Log()) {
			if slices.ContainsFunc([]string{`"msg":"panic"`, "tampered"}, func(bad string) bool { return strings.Contains(line, bad) }) {
				t.Errorf("node %d logged %s", i+1, line)
			}
		}
	}
}

package test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// secrets are those of the clients, strong enough to be hashed fast.
var secrets = map[string]string{
	"wiki":   "8tRkMq7QIDMVl8xVH9/9H2I9t3NPHI6pIchnvScO9ys=",
	"strict": "ji8V/dAEkFUgkhuq3wJePJMikjrjRPuRq09NF1GDZeI=",
}

// clients are the relying parties of every installation: strict tolerates no
// lost answer, and tool runs where there is no browser.
var clients = fmt.Sprintf(`
clients:
  - id: wiki
    secret: %q
    redirect_uris: [https://wiki.example.com/callback]
    scopes: [openid, profile, email, offline_access]
  - id: strict
    secret: %q
    redirect_uris: [https://wiki.example.com/callback]
    scopes: [openid, profile, email, offline_access]
    refresh_grace: 0s
  - id: tool
    type: native
    grant_types: ["urn:ietf:params:oauth:grant-type:device_code", refresh_token]
    scopes: [openid, profile, offline_access]
`, secrets["wiki"], secrets["strict"])

// installation is one or several nodes that are one provider.
type installation struct {
	nodes []*testenv.Node
	// https reaches each node, as a load balancer would.
	https []*http.Client
	// redis is there where the stores are not embedded.
	redis    *testenv.RedisServer
	database string
}

// everyInstallation runs a test against one node with everything embedded, and
// against two that share PostgreSQL and Redis.
func everyInstallation(t *testing.T, test func(*testing.T, *installation)) {
	t.Helper()
	everyInstallationOf(t, clients, test)
}

// everyInstallationOf is everyInstallation with a configuration of the test's own.
func everyInstallationOf(t *testing.T, config string, test func(*testing.T, *installation)) {
	t.Helper()
	t.Parallel()
	t.Run("one node, embedded", func(t *testing.T) {
		t.Parallel()
		data := filepath.Join(t.TempDir(), "data")
		in := &installation{database: "sqlite://" + filepath.Join(data, "latchkey.db")}
		in.add(testenv.StartLatchkey(t, testenv.Latchkey{Config: config, Data: data}))
		test(t, in)
	})
	t.Run("two nodes, PostgreSQL and Redis", func(t *testing.T) {
		t.Parallel()
		test(t, startSharedOf(t, config, 2))
	})
}

// startShared starts nodes that share PostgreSQL and Redis.
func startShared(t *testing.T, nodes int) *installation {
	t.Helper()
	return startSharedOf(t, clients, nodes)
}

// startSharedOf is startShared with a configuration of the test's own.
func startSharedOf(t *testing.T, config string, nodes int) *installation {
	t.Helper()
	in := &installation{database: testenv.Postgres(t), redis: testenv.StartRedis(t)}
	in.add(testenv.StartLatchkey(t, testenv.Latchkey{Database: in.database, Redis: in.redis.URL, Config: config}))
	for range nodes - 1 {
		in.add(in.nodes[0].Peer(t))
	}
	return in
}

func (in *installation) add(n *testenv.Node) {
	in.nodes = append(in.nodes, n)
	in.https = append(in.https, n.HTTP())
}

// http returns the client of the node whose turn it is at i.
func (in *installation) http(i int) *http.Client { return in.https[i%len(in.https)] }

// client returns a relying party of the installation.
func (in *installation) client(id string) *relyingParty {
	return &relyingParty{issuer: in.nodes[0].Issuer, id: id}
}

// log returns what all nodes logged.
func (in *installation) log() string {
	var all strings.Builder
	for _, n := range in.nodes {
		all.WriteString(n.Log())
	}
	return all.String()
}

// signedIn returns a browser in which the demo person is signed in.
func (in *installation) signedIn(t *testing.T) *testbrowser.Browser {
	t.Helper()
	b := in.nodes[0].Browser(t)
	page := in.signIn(t, b, b.Get(in.client("wiki").authorize()))
	if page.Location == nil {
		t.Fatalf("signing in led to %s with %d: %s", page.URL.Path, page.Status, page.Body)
	}
	return b
}

// signIn fills in the sign-in page.
func (in *installation) signIn(t *testing.T, b *testbrowser.Browser, page *testbrowser.Page) *testbrowser.Page {
	t.Helper()
	password, err := os.ReadFile(filepath.Join(in.nodes[0].Data, "demo-password"))
	if err != nil {
		t.Fatalf("password of the demo person: %v", err)
	}
	return b.SubmitOn(page, "login-submit", "username=demo", "password="+strings.TrimSpace(string(password)))
}

// store opens the installation's database, beside the nodes.
func (in *installation) store(t *testing.T) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.Open(context.Background(), sqlstore.Config{
		URL: in.database, Hasher: storagetest.Hasher("of no node"), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatalf("open the database: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	return store
}

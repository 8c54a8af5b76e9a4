package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	_ "github.com/latchkey-id/latchkey/storage/sqlstore" // the driver
)

// Resource servers, and what the clients of the world are called.
const (
	reportsAPI = "https://reports.example.com"
	filesAPI   = "https://files.example.com"

	deviceGrant   = "urn:ietf:params:oauth:grant-type:device_code"
	exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange"
	jwtAssertion  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

var (
	wiki    = worldClient("wiki")    // confidential, with PKCE
	reports = worldClient("reports") // a resource server, which exchanges tokens
	robot   = worldClient("robot")   // a service
	bound   = worldClient("bound")   // a service that has to prove its key
	pusher  = worldClient("pusher")  // has to push its requests
	loose   = worldClient("loose")   // may go without PKCE
	hub     = worldClient("hub")     // confidential, on devices
	page    = client{ID: "page"}     // public, in the browser
	tool    = client{ID: "tool"}     // public, on devices
	keyed   = client{ID: "keyed"}    // proves its key, and has to sign its requests
)

func worldClient(id string) client {
	return client{ID: id, Secret: "the secret of the client " + id + ", which is long enough"}
}

// keyedKey signs for keyed.
var keyedKey = func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}()

// keyedKeys is what keyed publishes.
var keyedKeys = func() string {
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: keyedKey.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		panic(err)
	}
	return string(text)
}()

// worldSettings are the clients of the world, and open registration.
func worldSettings() map[string]any {
	c := func(c client, more ...any) map[string]any {
		r := map[string]any{"id": c.ID}
		if c.Secret != "" {
			r["secret"] = c.Secret
		}
		for pair := range slices.Chunk(more, 2) {
			r[pair[0].(string)] = pair[1]
		}
		return r
	}
	uris := []string{redirectURI}
	scopes := []string{"openid", "profile", "email", "offline_access"}
	return map[string]any{
		"registration": map[string]any{"mode": "open", "per_hour": 10000},
		"resources": []map[string]any{
			{"identifier": reportsAPI, "introspected_by": []string{"reports"}},
			{"identifier": filesAPI},
		},
		"scopes": []map[string]any{{"name": "reports.read", "resource": reportsAPI}, {"name": "files.write", "resource": filesAPI}},
		"clients": []map[string]any{
			c(wiki, "redirect_uris", uris, "scopes", append(slices.Clone(scopes), "reports.read"), "consent", "implied"),
			c(page, "type", "public", "redirect_uris", uris, "scopes", scopes, "consent", "implied"),
			c(loose, "redirect_uris", uris, "require_pkce", false, "consent", "implied"),
			c(pusher, "redirect_uris", uris, "require_pushed_authorization_requests", true),
			c(reports, "grant_types", []string{"client_credentials", exchangeGrant}, "scopes", []string{"reports.read", "files.write"},
				"token_exchange", []map[string]any{{"from": []string{"wiki"}, "resources": []string{filesAPI}, "scopes": []string{"files.write"}}}),
			c(robot, "type", "service", "scopes", []string{"files.write"}),
			c(bound, "type", "service", "scopes", []string{"files.write"}, "dpop_bound_access_tokens", true),
			c(hub, "grant_types", []string{deviceGrant}, "scopes", scopes[:3]),
			c(tool, "type", "native", "grant_types", []string{deviceGrant, "refresh_token"}, "scopes", scopes),
			c(keyed, "redirect_uris", uris, "auth_method", "private_key_jwt", "request_object_signing_alg", "ES256", "consent", "implied",
				"jwks", keyedKeys),
		},
	}
}

// world is a node of which each sentence can tell what it keeps.
type world struct {
	*suite
	durable, passing *sql.DB
}

func startWorld(t *testing.T, settings func() map[string]any) *world {
	t.Helper()
	w := &world{suite: start(t, settings())}
	for db, name := range map[**sql.DB]string{&w.durable: "latchkey.db", &w.passing: "latchkey.db-ephemeral"} {
		var err error
		if *db, err = sql.Open("sqlite", "file:"+filepath.Join(w.node.Data, name)+"?mode=ro&_pragma=busy_timeout(10000)"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = (*db).Close() })
	}
	return w
}

// kept is what is issued or stored: rows of the database with the events of issue, and of
// what passes by itself codes and requests. What notes that something was spent, counters
// of rate limits and the links of messages give a client nothing.
func (w *world) kept(t *testing.T) map[string]int {
	t.Helper()
	kept := map[string]int{}
	for name, query := range map[string]string{
		"grants":              `SELECT count(*) FROM grants`,
		"refreshes":           `SELECT coalesce(sum(generation), 0) FROM grants`,
		"clients":             `SELECT count(*) FROM clients`,
		"versions of clients": `SELECT coalesce(sum(version), 0) FROM clients`,
		"consents":            `SELECT count(*) FROM consents`,
		"sessions":            `SELECT count(*) FROM sessions`,
		"events of issue": `SELECT count(*) FROM audit_events WHERE type IN
			('grant_issued', 'token_exchanged', 'token_by_assertion', 'client_registered', 'client_changed', 'consent_granted')`,
	} {
		var n int
		if err := w.durable.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatalf("count %s: %v", name, err)
		}
		kept[name] = n
	}
	rows, err := w.passing.QueryContext(t.Context(), `SELECT key FROM ephemeral WHERE count = 0`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			t.Fatal(err)
		}
		kind, _, _ := strings.Cut(key, ":")
		if slices.Contains([]string{"code", "pushed", "device", "device-code", "interaction"}, kind) {
			kept[kind]++
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return kept
}

// reply is what the node answers to a client.
type reply struct {
	status int
	header http.Header
	body   string
	json   map[string]any
	// basic says that the request had an Authorization header of that scheme.
	basic bool
}

// text is a member of the answer that is a string; empty where it is none.
func (r *reply) text(name string) string {
	s, _ := r.json[name].(string)
	return s
}

// send sends a request to the node; dress changes it first.
func (w *world) send(t *testing.T, method, path, contentType, body string, dress ...func(*http.Request)) *reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.node.Issuer+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for _, f := range dress {
		f(r)
	}
	response, err := w.node.HTTP().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, _, basic := r.BasicAuth()
	got := &reply{status: response.StatusCode, header: response.Header, body: string(text), basic: basic}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/json") && len(text) > 0 {
		if err := json.Unmarshal(text, &got.json); err != nil {
			t.Fatalf("%s %s: %s: %v", method, path, text, err)
		}
	}
	return got
}

// as authenticates a request as a confidential client.
func as(c client) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(c.Secret)) }
}

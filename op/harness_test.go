package op

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

const (
	testIssuer   = "https://id.example.com"
	testSecret   = "wiki-secret-of-forty-three-characters-abcde"
	testRedirect = "https://wiki.example.com/callback"
	testUserID   = storage.ID("0190000000000000000000000000000a")
	testVerifier = "a-verifier-of-forty-three-characters-012345"
)

var testUser = storage.User{
	ID: testUserID, Email: "ada@example.com", EmailVerified: true, Username: "ada",
	Profile: storage.Profile{Name: "Ada Lovelace"},
}

// node is a provider over a SQLite store.
type node struct {
	t         testing.TB
	provider  *Provider
	signIn    *fakeSignIn
	handler   http.Handler
	clock     *storagetest.Clock
	store     *testStore
	ephemeral *watchedEphemeral
	registry  *client.Registry
	revoked   *revocations
	keys      *publishedKeys
	log       *testenv.Log
}

// newNode starts a node whose clients are the given ones, wiki, app and robot.
func newNode(t testing.TB, clients ...client.Client) *node {
	t.Helper()
	n := &node{t: t, clock: storagetest.NewClock(), revoked: &revocations{}, keys: &publishedKeys{}, log: &testenv.Log{}, signIn: &fakeSignIn{}}
	n.store = newTestStore(t, testHasher(t), n.clock.Now)
	n.ephemeral = &watchedEphemeral{Ephemeral: n.store.Ephemeral()}
	n.start(n.config(append(clients, wikiClient(), appClient(), robotClient())))
	return n
}

// start makes the provider.
func (n *node) start(cfg Config) {
	n.t.Helper()
	var err error
	if n.provider, err = New(cfg); err != nil {
		n.t.Fatalf("make provider: %v", err)
	}
	n.handler = n.provider.Handler()
}

func (n *node) config(clients []client.Client) Config {
	log := slog.New(slog.NewJSONHandler(n.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	hasher := testHasher(n.t)
	verifiers(hasher, clients)
	n.registry = client.NewRegistry(client.NewSnapshot(clients))
	return Config{
		Issuer: testIssuer, Clients: n.registry, Keys: testRing(n.t, n.clock.Now), Hasher: hasher, Sealer: sealerOf(n.t, "k2", "k1"),
		Grants: watchedGrants{n.store.Grants(), n.store}, Tokens: watchedTokens{n.store.AccessTokens(), n.store},
		Ephemeral: n.ephemeral, Interactions: interactionsOf(n, 1000), Devices: interaction.NewDevices(n.ephemeral, hasher),
		SignIn: n.signIn, SignOut: n.signIn, Sessions: n.store.Sessions(), Farewells: n.store.Outbox(),
		Counters: n.ephemeral, PendingPerAddress: 1000, Fetch: n.keys,
		Submissions: interaction.NewSubmissions(interaction.SubmissionsConfig{Store: n.ephemeral, Hasher: hasher, Sealer: sealerOf(n.t, "k2", "k1")}),
		Events:      n.store.Events(),
		Counter:     n.revoked, Log: log, Now: n.clock.Now, Random: rand.Reader,
		Errors: &web.Errors{Log: log, Render: func(w http.ResponseWriter, _ *http.Request, page web.ErrorPage) {
			w.WriteHeader(page.Status)
			_, _ = w.Write([]byte("error page: " + page.Title + " / " + page.Detail))
		}},
	}
}

// interactionsOf keeps what waits for a person; one address may start so many at once.
func interactionsOf(n *node, perAddress int) *interaction.Store {
	return interaction.NewStore(interaction.Config{
		Store: n.ephemeral, Counters: n.ephemeral, Hasher: testHasher(n.t), PendingPerAddress: perAddress,
	})
}

// verifiers puts the verifier of each secret in the place of "secret:" and itself.
func verifiers(hasher *keys.Hasher, clients []client.Client) {
	for i := range clients {
		for j, s := range clients[i].Secrets {
			if secret, plain := strings.CutPrefix(s.Verifier, "secret:"); plain {
				clients[i].Secrets[j].Verifier = hasher.Sum(client.SecretPurpose, clients[i].ID, secret)
			}
		}
	}
}

func testHasher(t testing.TB) *keys.Hasher {
	t.Helper()
	return hasherOf(t, "p2", "p1")
}

func sealerOf(t testing.TB, ids ...string) *keys.Sealer {
	t.Helper()
	var list []keys.SecretKey
	for _, id := range ids {
		list = append(list, keys.SecretKey{ID: id, Key: bytes.Repeat([]byte(id[1:2]), 32)})
	}
	sealer, err := keys.NewSealer(list)
	if err != nil {
		t.Fatalf("make sealer: %v", err)
	}
	return sealer
}

func testRing(t testing.TB, now func() time.Time) *keys.Ring {
	t.Helper()
	sealer := sealerOf(t, "k2", "k1")
	ring, err := keys.NewRing(keys.RingConfig{
		Store: &storagetest.SigningKeys{}, Sealer: sealer, Now: now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Policy: keys.RingPolicy{
			Algs: client.SigningAlgs(), EncryptionAlgs: []string{keys.RSAOAEP256, keys.ECDHES}, SignFor: 30 * 24 * time.Hour, PublishAhead: 24 * time.Hour,
			KeepAfter: 24 * time.Hour, Poll: time.Minute, KeepHints: 30 * 24 * time.Hour,
		},
		Generate: testenv.SigningKey,
	})
	if err != nil {
		t.Fatalf("make ring: %v", err)
	}
	if err := ring.Load(t.Context()); err != nil {
		t.Fatalf("load ring: %v", err)
	}
	return ring
}

// wikiClient is a confidential client with everything switched on.
func wikiClient() client.Client {
	return client.Client{
		ID: "wiki",
		Metadata: client.Metadata{
			Type: client.TypeConfidential, AuthMethod: client.AuthMethodBasic, RequirePKCE: new(false),
			RedirectURIs: []string{testRedirect},
			GrantTypes:   []string{client.GrantAuthorizationCode, client.GrantRefreshToken},
			Scopes:       []string{"openid", "profile", "email", "offline_access"},
			Audience:     []string{"api"}, IDTokenSigningAlg: "ES256", AccessTokenFormat: client.AccessTokenJWT,
		},
		Secrets: []client.Secret{{Verifier: "secret:" + testSecret}},
		Lifetimes: client.Lifetimes{
			AccessToken: 10 * time.Minute, IDToken: 10 * time.Minute,
			RefreshIdle: 24 * time.Hour, Refresh: 30 * 24 * time.Hour, RefreshGrace: 30 * time.Second,
		},
	}
}

// appClient is a public client.
func appClient() client.Client {
	c := wikiClient()
	c.ID, c.Type, c.AuthMethod, c.Secrets, c.RequirePKCE = "app", client.TypePublic, client.AuthMethodNone, nil, nil
	return c
}

// robotClient acts for itself, with the secret in the body.
func robotClient() client.Client {
	c := wikiClient()
	c.ID, c.Type, c.AuthMethod, c.RedirectURIs = "robot", client.TypeService, client.AuthMethodPost, nil
	c.GrantTypes = []string{client.GrantClientCredentials}
	c.Scopes = []string{"openid", "offline_access", "read", "write"}
	return c
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// code puts a code for the client in the store, as /authorize would; change
// alters what it stands for.
func (n *node) code(clientID string, change ...func(*issuedCode)) string {
	n.t.Helper()
	now := n.clock.Now()
	grantID, err := storage.NewID(now, rand.Reader)
	if err != nil {
		n.t.Fatalf("name grant: %v", err)
	}
	code := issuedCode{
		GrantID: grantID, UserID: testUserID, SID: testSID,
		Request: interaction.AuthorizationRequest{
			ClientID: clientID, RedirectURI: testRedirect, Nonce: "n-1", CodeChallenge: challengeOf(testVerifier),
			Scopes: []string{"openid", "profile", "email", "offline_access"},
		},
		Authentication: storage.Authentication{Time: now.Add(-time.Minute), ACR: "aal1", AMR: []string{"pwd"}},
		ExpiresAt:      now.Add(time.Minute),
	}
	for _, c := range change {
		c(&code)
	}
	secret := n.provider.codes.NewID()
	n.keep(secret, code)
	return secret
}

// keep puts what a code stands for in the store.
func (n *node) keep(secret string, code issuedCode) {
	n.t.Helper()
	_, err := n.provider.codes.PutFor(n.t.Context(), secret, code, code.ExpiresAt.Sub(n.clock.Now()))
	n.store.must(err)
}

// answer is a response, read.
type answer struct {
	*httptest.ResponseRecorder `json:"-"`
	tokenResponse
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Active      bool   `json:"active"`
}

// as authenticates a request.
type as func(*http.Request, url.Values)

func asWiki(r *http.Request, _ url.Values) { r.SetBasicAuth("wiki", testSecret) }
func asApp(_ *http.Request, f url.Values)  { f.Set("client_id", "app") }
func asRobot(_ *http.Request, f url.Values) {
	f.Set("client_id", "robot")
	f.Set("client_secret", testSecret)
}

// post sends a form of alternating names and values.
func (n *node) post(path string, who as, pairs ...string) *answer {
	n.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, testIssuer+path, nil)
	if who != nil {
		who(r, form)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return n.do(withBody(r, form.Encode()))
}

func withBody(r *http.Request, body string) *http.Request {
	made := httptest.NewRequest(r.Method, r.URL.String(), strings.NewReader(body))
	made.Header = r.Header
	return made
}

func (n *node) do(r *http.Request) *answer {
	n.t.Helper()
	a := &answer{ResponseRecorder: httptest.NewRecorder()}
	n.handler.ServeHTTP(a, r)
	if got := a.Header().Get("Cache-Control"); got != "no-store" {
		n.t.Errorf("Cache-Control is %q, want no-store", got)
	}
	if err := json.Unmarshal(a.Body.Bytes(), a); err != nil {
		n.t.Errorf("answer %q is no JSON: %v", a.Body, err)
	}
	return a
}

// exchange trades a code with the right redirect URI and verifier.
func (n *node) exchange(who as, code string) *answer {
	n.t.Helper()
	return n.post(tokenPath, who, "grant_type", "authorization_code", "code", code,
		"redirect_uri", testRedirect, "code_verifier", testVerifier)
}

func (n *node) refresh(who as, token string, more ...string) *answer {
	n.t.Helper()
	return n.post(tokenPath, who, append([]string{"grant_type", "refresh_token", "refresh_token", token}, more...)...)
}

// signedIn is the answer to a first exchange of the wiki client.
func (n *node) signedIn() *answer {
	n.t.Helper()
	return n.exchange(asWiki, n.code("wiki")).want(n.t, http.StatusOK, "")
}

// want checks status and error code.
func (a *answer) want(t testing.TB, status int, code string) *answer {
	t.Helper()
	if a.Code != status || a.Error != code {
		t.Fatalf("answer is %d %q (%s), want %d %q", a.Code, a.Error, a.Description, status, code)
	}
	return a
}

// grant returns the only grant of the store.
func (n *node) grant() storage.Grant {
	n.t.Helper()
	found := n.store.grants()
	if len(found) != 1 {
		n.t.Fatalf("%d grants, want one", len(found))
	}
	return found[0]
}

// endGrant revokes the only grant.
func (n *node) endGrant() {
	n.t.Helper()
	now := n.clock.Now()
	n.store.must(n.store.Grants().Revoke(n.t.Context(), n.grant().ID, now, "x", n.store.event(storage.EventGrantRevoked, now)))
}

// events lists the types of the events so far, sorted.
func (n *node) events() []storage.EventType {
	n.t.Helper()
	return n.store.eventTypes()
}

// claimsOf reads a JWT's payload without checking it.
func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatalf("decode payload: %v", err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatalf("decode claims: %v", err)
	}
	return claims
}

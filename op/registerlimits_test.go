package op

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/storage"
)

// TestDR1_InitialAccessTokens are spent as often as they may be.
func TestDR1_InitialAccessTokens(t *testing.T) {
	t.Parallel()
	r := newRegister(t, func(p *registration.Policy) { p.Mode = registration.ModeToken })
	event := func() storage.Event {
		e, err := storage.NewEvent(r.clock.Now(), rand.Reader, storage.EventRegistrationTokenCreated)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	token, _, err := r.registrar.IssueToken(t.Context(), registration.NewToken{Uses: 1, Lasts: time.Hour}, event())
	if err != nil {
		t.Fatal(err)
	}
	for name, shown := range map[string]string{"none": "", "garbage": "x", "a truncated one": token[1:]} {
		w := r.send("POST", registrationPath, shown, metadataOf())
		if w.Code != http.StatusUnauthorized || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		// Where nothing was shown the challenge says nothing of an error (RFC 6750 section 3.1).
		says := strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) && strings.Contains(w.Header().Get("WWW-Authenticate"), `error_uri="`+testIssuer+errorPagePath+`invalid_token"`)
		if says != (shown != "") {
			t.Errorf("%s: the challenge is %q", name, w.Header().Get("WWW-Authenticate"))
		}
	}
	if w := r.send("POST", registrationPath, token, metadataOf("redirect_uris", nil)); w.Code != http.StatusBadRequest {
		t.Errorf("bad metadata: %d", w.Code) // and spends nothing
	}
	var won atomic.Int64
	var wait sync.WaitGroup
	for range 200 {
		wait.Go(func() {
			if w := r.send("POST", registrationPath, token, metadataOf()); w.Code == http.StatusCreated {
				won.Add(1)
			} else if w.Code != http.StatusUnauthorized {
				t.Errorf("status %d", w.Code)
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 || r.count() != 1 {
		t.Errorf("%d registrations by one use, %d clients", won.Load(), r.count())
	}
	late, _, err := r.registrar.IssueToken(t.Context(), registration.NewToken{Uses: 5, Lasts: time.Hour}, event())
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Hour)
	if w := r.send("POST", registrationPath, late, metadataOf()); w.Code != http.StatusUnauthorized {
		t.Errorf("an expired token: %d", w.Code)
	}
}

// TestDR1_UnusedClientsGo: one that got no tokens in time is unknown, and swept; one that
// did lives on.
func TestDR1_UnusedClientsGo(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	idle := answerOf(t, r.send("POST", registrationPath, "", metadataOf()), http.StatusCreated)["client_id"].(string)
	busy := answerOf(t, r.send("POST", registrationPath, "", metadataOf()), http.StatusCreated)["client_id"].(string)
	r.clock.Advance(29 * 24 * time.Hour)
	c, err := r.provider.cfg.Clients.Client(t.Context(), busy)
	if err == nil {
		err = r.provider.cfg.Used(t.Context(), c)
	}
	if err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(2 * 24 * time.Hour)
	if _, err := r.provider.cfg.Clients.Client(t.Context(), idle); err == nil {
		t.Error("a client that ended is still served")
	}
	begin := func() (storage.Event, error) {
		return storage.NewEvent(r.clock.Now(), rand.Reader, storage.EventClientDeleted)
	}
	if n, err := r.registrar.Sweep(t.Context(), begin); n != 1 || err != nil {
		t.Errorf("swept %d, %v; want 1", n, err)
	}
	if _, err := r.provider.cfg.Clients.Client(t.Context(), busy); err != nil {
		t.Errorf("one that is used went: %v", err)
	}
}

// TestDR1_NumberOfUnknownClients: no more of those that showed nothing than may be.
func TestDR1_NumberOfUnknownClients(t *testing.T) {
	t.Parallel()
	r := newRegister(t, func(p *registration.Policy) { p.Most = 2 })
	for i, status := range []int{201, 201, 503, 503} {
		if w := r.send("POST", registrationPath, "", metadataOf()); w.Code != status {
			t.Errorf("registration %d: %d %s", i+1, w.Code, w.Body)
		}
	}
}

// TestTH1_RegistrationsByAddress are limited, those that are refused too.
func TestTH1_RegistrationsByAddress(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	r.provider.cfg.Registration.PerAddress = storage.Bucket{Burst: 2, Every: time.Hour}
	for i, status := range []int{400, 400, 429} {
		w := r.send("POST", registrationPath, "", metadataOf("redirect_uris", nil))
		if w.Code != status {
			t.Errorf("registration %d: %d", i+1, w.Code)
		}
		if status == 429 && w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
}

// TestKY5_TokensOfRegistrationUnderAnUnknownKey cannot be judged, and so are not refused.
func TestKY5_TokensOfRegistrationUnderAnUnknownKey(t *testing.T) {
	t.Parallel()
	r := newRegister(t)
	made := answerOf(t, r.send("POST", registrationPath, "", metadataOf()), http.StatusCreated)
	id := made["client_id"].(string)
	old := hasherOf(t, "p1")
	r.registrar = registration.New(registration.Config{Store: r.store.Clients(), Hasher: old, Now: r.clock.Now, Random: rand.Reader})
	cfg := r.provider.cfg
	behind := *cfg.Registration
	behind.Registrar, cfg.Registration, cfg.Hasher = r.registrar, &behind, old
	r.start(cfg)
	if w := r.send("GET", registrationPath+"/"+id, made["registration_access_token"].(string), nil); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a token under a key that is not known here: %d %s", w.Code, w.Body)
	}
	c, err := cfg.Clients.Client(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.provider.provesSecret(t.Context(), c, credentials{ClientID: id, Secret: made["client_secret"].(string)})
	if errorOf(err).status() != http.StatusServiceUnavailable {
		t.Errorf("a secret under a key that is not known here: %v", err)
	}
}

// TestDR1_SoftwareStatements: what a trusted issuer says comes first, and whoever nobody
// trusts vouches for nothing.
func TestDR1_SoftwareStatements(t *testing.T) {
	t.Parallel()
	r := newRegister(t, func(p *registration.Policy) { p.Mode = registration.ModeStatement })
	key := signingKey(t, "k1")
	r.keys.set(key)
	stated := func(claims map[string]any) string { return sign(t, key, jose.ES256, claims) }
	good := map[string]any{"iss": statementIssuer, "client_name": "Attested", "redirect_uris": []string{"https://attested.example/cb"}}
	made := answerOf(t, r.send("POST", registrationPath, "", metadataOf("software_statement", stated(good))), http.StatusCreated)
	if made["client_name"] != "Attested" || !equalJSON(t, made["redirect_uris"], good["redirect_uris"]) || made["software_statement"] == nil {
		t.Errorf("made = %v: the statement comes first, and is told back", made)
	}
	if c, err := r.provider.cfg.Clients.Client(t.Context(), made["client_id"].(string)); err != nil || !c.Vouched() || !c.Registered() {
		t.Errorf("%+v, %v: want one that is vouched for", c, err)
	}
	path, token := registrationPath+"/"+made["client_id"].(string), made["registration_access_token"].(string)
	if w := r.send("PUT", path, token, metadataOf("client_id", made["client_id"], "client_name", "Another")); w.Code != http.StatusBadRequest {
		t.Errorf("an update without the statement: %d", w.Code)
	}
	for name, tt := range map[string]struct {
		statement, code string
	}{
		"none":             {"", "invalid_software_statement"},
		"another issuer's": {stated(map[string]any{"iss": "https://evil.example"}), "unapproved_software_statement"},
		"expired":          {stated(map[string]any{"iss": statementIssuer, "exp": r.clock.Now().Unix()}), "invalid_software_statement"},
		"not valid yet":    {stated(map[string]any{"iss": statementIssuer, "nbf": r.clock.Now().Unix() + 60}), "invalid_software_statement"},
		"another's key":    {sign(t, signingKey(t, "k1"), jose.ES256, good), "invalid_software_statement"},
		"wrong claims":     {stated(map[string]any{"iss": statementIssuer, "redirect_uris": 7}), "invalid_software_statement"},
	} {
		body := metadataOf("software_statement", tt.statement)
		if tt.statement == "" {
			body = metadataOf()
		}
		if got := answerOf(t, r.send("POST", registrationPath, "", body), http.StatusBadRequest); got["error"] != tt.code {
			t.Errorf("%s: %v, want %s", name, got, tt.code)
		}
	}
}

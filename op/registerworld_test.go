package op

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/storage"
)

// register is a node at which clients register themselves.
type register struct {
	*node
	registrar *registration.Registrar
	stored    *client.Stored
}

const statementIssuer = "https://federation.example"

func newRegister(t *testing.T, change ...func(*registration.Policy)) *register {
	t.Helper()
	policy := registration.Policy{
		Mode: registration.ModeOpen, GrantTypes: []string{client.GrantAuthorizationCode, client.GrantRefreshToken, client.GrantImplicit},
		ResponseTypes: []string{"code", "id_token"}, Scopes: []string{"openid", "profile", "email", "offline_access"},
		Most: 100, UnusedFor: 30 * 24 * time.Hour,
	}
	for _, c := range change {
		c(&policy)
	}
	r := &register{node: newNode(t)}
	lifetimes := client.Lifetimes{AccessToken: 10 * time.Minute, IDToken: 10 * time.Minute, RefreshIdle: time.Hour, Refresh: time.Hour}
	r.stored = client.NewStored(client.StoredConfig{Store: r.store.Clients(), Lifetimes: lifetimes, UnusedFor: policy.UnusedFor, Now: r.clock.Now})
	cfg := r.provider.cfg
	r.registrar = registration.New(registration.Config{
		Store: r.store.Clients(), Tokens: r.store.RegistrationTokens(), Hasher: cfg.Hasher, Policy: policy, Lifetimes: lifetimes, Stored: r.stored,
		Judge: client.Policy{SigningAlgs: []string{"RS256", "ES256"}}, Fetch: Document(r.keys), Now: r.clock.Now, Random: rand.Reader,
	})
	cfg.Clients = client.NewRegistry(r.registry.Snapshot(), r.stored)
	cfg.Registration = &Registration{
		Registrar: r.registrar, Issuers: map[string]string{statementIssuer: keysURI}, PerAddress: storage.Bucket{Burst: 1000, Every: time.Second},
	}
	cfg.Used = r.stored.Used
	r.start(cfg)
	return r
}

// send sends a registration, or nothing where body is nil.
func (r *register) send(method, path, token string, body any) *httptest.ResponseRecorder {
	r.t.Helper()
	var reader bytes.Buffer
	if text, is := body.(string); is {
		reader.WriteString(text)
	} else if body != nil {
		reader.Write(encoded(r.t, body))
	}
	request := httptest.NewRequestWithContext(r.t.Context(), method, testIssuer+path, &reader)
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, request)
	return w
}

// answerOf is the body of an answer that has to have the status.
func answerOf(t *testing.T, w *httptest.ResponseRecorder, status int) map[string]any {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control is %q", w.Header().Get("Cache-Control"))
	}
	var body map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatalf("decode: %v", err)
		}
	}
	return body
}

func metadataOf(more ...any) map[string]any {
	m := map[string]any{"redirect_uris": []string{"https://app.example/cb"}, "client_name": "App"}
	for i := 0; i < len(more); i += 2 {
		if more[i+1] == nil {
			delete(m, more[i].(string))
			continue
		}
		m[more[i].(string)] = more[i+1]
	}
	return m
}

// count is how many clients there are.
func (r *register) count() int {
	r.t.Helper()
	list, err := r.store.Clients().List(r.t.Context(), "", 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	return len(list)
}

// keptClients is a store that keeps nothing.
type keptClients struct{}

func (*keptClients) Create(context.Context, *storage.Client, storage.ClientAdmission, storage.Event) error {
	return nil
}

func (*keptClients) ByID(context.Context, string) (*storage.Client, error) {
	return nil, storage.ErrNotFound
}

func (*keptClients) Replace(context.Context, *storage.Client, int64, storage.Event) error { return nil }

func (*keptClients) Delete(context.Context, storage.ClientRemoval, storage.Event) error { return nil }

func (*keptClients) Ended(context.Context, time.Time, int) ([]storage.Client, error) { return nil, nil }

package op

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// failingClients cannot be looked up.
type failingClients struct{ error }

func (f failingClients) Client(context.Context, string) (*client.Client, error) { return nil, f.error }

func (n *node) logouts(clients logoutClients) *Logouts {
	cfg := n.provider.cfg
	return NewLogouts(LogoutsConfig{Issuer: testIssuer, Clients: clients, Keys: cfg.Keys, Sealer: cfg.Sealer, Now: cfg.Now, Random: rand.Reader})
}

// toldClients are wiki, which is told, and app, which is not.
func toldClients() []client.Client {
	told := siteClient()
	told.BackchannelLogoutURI = "https://wiki.example.com/logged-out"
	return []client.Client{told, appClient()}
}

func endedSession() storage.EndedSession {
	return storage.EndedSession{SID: testSID, UserID: testUserID, Clients: []storage.SessionClient{
		{ClientID: "wiki", Subject: string(testUserID)}, {ClientID: "app", Subject: string(testUserID)}, {ClientID: "gone", Subject: "x"},
	}}
}

func TestBL1_LogoutTokens(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	clients := client.NewSnapshot(toldClients())
	after, err := n.logouts(clients).Follow(t.Context(), []storage.EndedSession{endedSession()})
	queued := after.Deliveries
	if err != nil || len(queued) != 1 || queued[0].Topic != storage.TopicLogout || queued[0].UserID != testUserID {
		t.Fatalf("queued %+v, %v", queued, err)
	}
	made, err := n.logouts(clients).Token(t.Context(), queued[0])
	if err != nil || made.URI != "https://wiki.example.com/logged-out" || made.ClientID != "wiki" {
		t.Fatalf("%+v, %v", made, err)
	}
	header, err := base64.RawURLEncoding.DecodeString(strings.Split(made.Token, ".")[0])
	var said struct{ Alg, Typ, Kid string }
	if err != nil || json.Unmarshal(header, &said) != nil || said.Alg != "ES256" || said.Typ != "logout+jwt" || said.Kid == "" {
		t.Errorf("header %s, %v", header, err)
	}
	claims := claimsOf(t, made.Token)
	events, _ := claims["events"].(map[string]any)
	event, found := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
	if len(events) != 1 || !found || len(event) != 0 {
		t.Errorf("events %v", claims["events"])
	}
	now := float64(n.clock.Now().Unix())
	for name, want := range map[string]any{
		"iss": testIssuer, "sub": string(testUserID), "aud": "wiki", "iat": now, "exp": now + 120, "sid": string(testSID),
	} {
		if claims[name] != want {
			t.Errorf("%s = %v, want %v", name, claims[name], want)
		}
	}
	if id, _ := claims["jti"].(string); id == "" || len(claims) != 8 {
		t.Errorf("claims %v", claims)
	}
}

// A logout token is good for nothing else (confusion of types).
func TestBL1_ALogoutTokenIsNoOtherToken(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	clients := client.NewSnapshot(toldClients())
	after, err := s.logouts(clients).Follow(t.Context(), []storage.EndedSession{endedSession()})
	queued := after.Deliveries
	if err != nil {
		t.Fatal(err)
	}
	made, err := s.logouts(clients).Token(t.Context(), queued[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.provider.readIDTokenHint(t.Context(), made.Token); err == nil {
		t.Error("taken for an ID token")
	}
	if _, err := s.provider.checkAccessToken(t.Context(), made.Token); !errors.Is(err, errInvalidToken) {
		t.Errorf("taken for an access token: %v", err)
	}
	s.refresh(asWiki, made.Token).want(t, http.StatusBadRequest, "invalid_grant")
}

// BL1: the policy of each client says whether grants end that would outlive their session,
// and not where it just expired (Back-Channel Logout 2.7).
func TestBL1_OfflineGrantsEndByPolicy(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	strict, kept := siteClient(), appClient()
	strict.OfflineAtSignOut, kept.OfflineAtSignOut = client.OfflineEnded, client.OfflineKept
	follow := n.logouts(client.NewSnapshot([]client.Client{strict, kept})).Follow
	for reason, want := range map[string][]string{
		storage.RevokedSignOut: {"wiki"}, storage.RevokedByUser: {"wiki"}, storage.RevokedPassword: {"wiki"}, storage.RevokedExpired: nil,
	} {
		ended := endedSession()
		ended.Reason = reason
		after, err := follow(t.Context(), []storage.EndedSession{ended, ended})
		if err != nil || !slices.Equal(after.OfflineClients, want) {
			t.Errorf("%s: %v, %v", reason, after.OfflineClients, err)
		}
	}
}

// Where it cannot be said whether a client is to be told, its notice waits.
func TestBL1_ClientsThatCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	away := failingClients{errors.New("connection refused")}
	after, err := n.logouts(away).Follow(t.Context(), []storage.EndedSession{endedSession()})
	queued := after.Deliveries
	if err != nil || len(queued) != 3 {
		t.Fatalf("queued %+v, %v", queued, err)
	}
	if _, err := n.logouts(away).Token(t.Context(), queued[0]); err == nil || errors.Is(err, ErrNotTold) {
		t.Errorf("a token for who knows whom: %v", err)
	}
	clients := client.NewSnapshot(toldClients())
	for i, want := range []error{nil, ErrNotTold, ErrNotTold} {
		if _, err := n.logouts(clients).Token(t.Context(), queued[i]); !errors.Is(err, want) {
			t.Errorf("%d: %v, want %v", i, err, want)
		}
	}
	swapped := queued[0]
	swapped.Sealed = queued[1].Sealed
	if _, err := n.logouts(clients).Token(t.Context(), swapped); err == nil || errors.Is(err, ErrNotTold) {
		t.Errorf("the notice of another row was opened: %v", err)
	}
}

package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
)

// asks asks the server as a browser or a client would, and returns the status.
func (f *farewell) asks(method, path string, form url.Values) int {
	body := strings.NewReader(form.Encode())
	if method == http.MethodGet {
		path, body = path+"?"+form.Encode(), strings.NewReader("")
	}
	r := httptest.NewRequest(method, f.cfg().Issuer+path, body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Code
}

// A client in wrong hands gets nothing, on any node, whatever its own or another node
// knows; other clients and the person's session go on.
func TestAClientThatIsLockedDownIsServedByNobody(t *testing.T) {
	f := newFarewell(t)
	served := func(client string) int {
		return f.asks(http.MethodGet, "/authorize", url.Values{
			"client_id": {client}, "redirect_uri": {f.current.Load().cfg.Clients[0].RedirectURIs[0]}, "response_type": {"code"}, "scope": {"openid"},
			"code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"},
		})
	}
	if status := served("wiki"); status != http.StatusSeeOther {
		t.Fatalf("before: %d", status)
	}
	ctx, operators := t.Context(), f.boot.accounts(f.store)
	had, err := operators.LockClient(ctx, account.Operator("root"), "wiki", "its secret leaked")
	if err != nil || had != (storage.ClientHoldings{Grants: 1, Sessions: 1}) {
		t.Fatalf("ended %+v, %v", had, err)
	}
	// The node has not read it yet: what would last does not begin all the same.
	g := &storage.Grant{
		ID: newID(t), ClientID: "wiki", UserID: f.user.ID, SID: f.sid, CodeHash: "p1.late", Generation: 1, Salt: make([]byte, 16),
		RotatedAt: *f.now, CreatedAt: *f.now, IdleExpiresAt: f.now.Add(1e12), ExpiresAt: f.now.Add(1e12),
	}
	_, err = f.store.Grants().Create(ctx, g, storage.GrantStart{Subject: "s", PasswordEpoch: f.user.PasswordEpoch}, f.event(t, storage.EventGrantIssued))
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a grant began: %v", err)
	}
	f.refreshLocks(ctx)
	if status := served("wiki"); status != http.StatusBadRequest {
		t.Errorf("locked: %d", status)
	}
	if status := served("quiet"); status != http.StatusSeeOther {
		t.Errorf("another client: %d", status)
	}
	f.reload(ctx) // a reload makes another registry
	if status := served("wiki"); status != http.StatusBadRequest {
		t.Errorf("after a reload: %d", status)
	}
	sessions, err := f.store.Sessions().ListByUser(ctx, f.user.ID, *f.now)
	if err != nil || len(sessions) != 1 {
		t.Errorf("sessions of the person: %v, %v", sessions, err)
	}
	events, err := f.store.Events().List(ctx, storage.EventFilter{Type: storage.EventClientLocked, Limit: 10})
	if err != nil || len(events) != 1 || events[0].ClientID != "wiki" || !strings.Contains(events[0].Detail, "its secret leaked") || !strings.Contains(events[0].Detail, "grants 1, sessions 1") {
		t.Errorf("events %+v, %v", events, err)
	}

	if err := operators.UnlockClient(ctx, account.Operator("root"), "wiki", "it has a new one"); err != nil {
		t.Fatal(err)
	}
	f.refreshLocks(ctx)
	if status := served("wiki"); status != http.StatusSeeOther {
		t.Errorf("after the undo: %d", status)
	}
}

// Only operators and owners shut a client.
func TestAD1_NobodyElseLocksClientsDown(t *testing.T) {
	f := newFarewell(t)
	accounts := f.current.Load().accounts
	helpDesk := account.Client("console", account.Origin{}).Administering(account.DutyHelpDesk | account.DutyPeople | account.DutyGroups)
	for name, by := range map[string]account.Actor{"the help desk": helpDesk, "the person": f.actor(), "a job": account.System("job")} {
		_, err := accounts.LockClient(t.Context(), by, "wiki", "x")
		undo := accounts.UnlockClient(t.Context(), by, "wiki", "x")
		if !errors.Is(err, account.ErrForbidden) || !errors.Is(undo, account.ErrForbidden) {
			t.Errorf("%s: %v, %v", name, err, undo)
		}
	}
	owner := account.Client("console", account.Origin{}).Administering(account.DutyOwner)
	if _, err := accounts.LockClient(t.Context(), owner, "wiki", "x"); err != nil {
		t.Errorf("the owner: %v", err)
	}
}

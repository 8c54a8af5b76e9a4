package scim_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// TestAD1_ASourceComesToWhatOthersComeTo: what a source does writes the events and sends
// the messages that the same by an operator's word does. A deletion is the one that
// differs, as the documentation says: it keeps out at once, and sends no link that keeps.
func TestAD1_ASourceComesToWhatOthersComeTo(t *testing.T) {
	t.Parallel()
	root := account.Operator("root")
	type subject struct{ id, group, name string }
	rows := []struct {
		what         string
		method, path string
		body         string
		other        func(ctx context.Context, a *account.Service, on subject) error
		// events and messages are those of the source where they are not the operator's.
		events   []storage.EventType
		messages []storage.MessageKind
	}{
		{what: "create a person", method: "POST", path: "/Users", body: `{"userName":"new-by-scim@example.com"}`, other: func(ctx context.Context, a *account.Service, _ subject) error {
			_, err := a.Create(ctx, root, account.NewAccount{Email: "new-by-hand@example.com"})
			return err
		}},
		{what: "edit", method: "PATCH", path: "/Users/{id}", body: patched(`{"op":"add","path":"nickName","value":"Countess"}`), other: func(ctx context.Context, a *account.Service, on subject) error {
			return a.Edit(ctx, root, storage.ID(on.id), account.Edit{Profile: &storage.Profile{Nickname: "Countess"}})
		}},
		{what: "set an attribute", method: "PATCH", path: "/Users/{id}", body: patched(`{"op":"add","path":"` + custom + `:office","value":"7b"}`), other: func(ctx context.Context, a *account.Service, on subject) error {
			return a.SetAttributes(ctx, root, storage.ID(on.id), map[string]any{"office": "7b"})
		}},
		{what: "another address", method: "PATCH", path: "/Users/{id}", body: patched(`{"op":"add","path":"emails","value":[{"value":"moved-by-scim@example.com"}]}`), other: func(ctx context.Context, a *account.Service, on subject) error {
			to := "moved-by-hand@example.com"
			return a.Edit(ctx, root, storage.ID(on.id), account.Edit{Email: &to})
		}},
		{what: "disable", method: "PATCH", path: "/Users/{id}", body: patched(`{"op":"replace","path":"active","value":false}`), other: func(ctx context.Context, a *account.Service, on subject) error {
			return a.Disable(ctx, root, storage.ID(on.id), "")
		}},
		{what: "enable", method: "PATCH", path: "/Users/{id}", body: patched(`{"op":"replace","path":"active","value":true}`), other: func(ctx context.Context, a *account.Service, on subject) error {
			return a.Enable(ctx, root, storage.ID(on.id))
		}},
		{what: "create a group", method: "POST", path: "/Groups", body: `{"displayName":"new-by-scim"}`, other: func(ctx context.Context, a *account.Service, _ subject) error {
			_, err := a.CreateGroup(ctx, root, account.NewGroup{Name: "new-by-hand"})
			return err
		}},
		{what: "add a member", method: "PATCH", path: "/Groups/{group}", body: patched(`{"op":"add","path":"members","value":[{"value":"{id}"}]}`), other: func(ctx context.Context, a *account.Service, on subject) error {
			return a.AddToGroup(ctx, root, storage.ID(on.id), on.name)
		}},
		{what: "remove a member", method: "PATCH", path: "/Groups/{group}", body: patched(`{"op":"remove","path":"members[value eq \"{id}\"]"}`), other: func(ctx context.Context, a *account.Service, on subject) error {
			return a.RemoveFromGroup(ctx, root, storage.ID(on.id), on.name, storage.SourceManual)
		}},
		{what: "rename a group", method: "PATCH", path: "/Groups/{group}", body: patched(`{"op":"replace","path":"displayName","value":"renamed-by-scim"}`), other: func(ctx context.Context, a *account.Service, on subject) error {
			name := "renamed-by-hand"
			_, err := a.ChangeGroup(ctx, root, on.name, account.GroupChange{Name: &name})
			return err
		}},
		{what: "delete a group", method: "DELETE", path: "/Groups/{group}", other: func(ctx context.Context, a *account.Service, _ subject) error {
			return a.DeleteGroup(ctx, root, "renamed-by-hand", account.GroupDeletion{})
		}},
		{what: "delete a person", method: "DELETE", path: "/Users/{id}", other: func(ctx context.Context, a *account.Service, on subject) error {
			_, err := a.PlanDeletion(ctx, root, storage.ID(on.id))
			return err
		}, events: []storage.EventType{storage.EventDeletionPlanned, storage.EventUserDisabled}, messages: []storage.MessageKind{}},
	}
	s := newSite(t)
	scim := subject{id: s.user(entra, "ada@example.com").id(), group: s.want(s.call(entra, http.MethodPost, "/Groups", `{"displayName":"by-scim"}`), http.StatusCreated).id()}
	_, err := s.Accounts.CreateGroup(t.Context(), root, account.NewGroup{Name: "by-hand"})
	logintest.Check(t, err)
	byHand := subject{id: string(s.Person("eve@example.com", func(u *storage.User) { u.EmailVerified = false }).ID), name: "by-hand"}
	s.written()
	for _, row := range rows {
		with := strings.NewReplacer("{id}", scim.id, "{group}", scim.group)
		if a := s.call(entra, row.method, with.Replace(row.path), with.Replace(row.body)); a.Status >= 300 {
			t.Fatalf("%s: %d %s", row.what, a.Status, a.Text)
		}
		events, messages := s.written()
		logintest.Check(t, row.other(t.Context(), s.Accounts, byHand))
		wantEvents, wantMessages := s.written()
		if row.events != nil {
			wantEvents, wantMessages = row.events, row.messages
		}
		if !slices.Equal(events, wantEvents) || !slices.Equal(messages, wantMessages) || len(events) == 0 {
			t.Errorf("%s: events %v and messages %v, want %v and %v", row.what, events, messages, wantEvents, wantMessages)
		}
	}
}

// written are the types of the events, and the kinds of the messages, that there were
// since it was asked last.
func (s *site) written() (events []storage.EventType, messages []storage.MessageKind) {
	s.T.Helper()
	from := s.Clock.Now()
	list, err := s.Store.Events().List(s.T.Context(), storage.EventFilter{Since: from, Limit: 100})
	logintest.Check(s.T, err)
	for _, e := range list {
		if e.ActorKind == storage.ActorClient && e.ActorID != "scim:entra" {
			s.T.Errorf("%s by %q", e.Type, e.ActorID)
		}
		events = append(events, e.Type)
	}
	queued, err := s.Store.Outbox().List(s.T.Context(), "", "", 100)
	logintest.Check(s.T, err)
	for _, m := range queued {
		if !m.CreatedAt.Before(from) {
			messages = append(messages, m.Kind)
		}
	}
	slices.Sort(events)
	slices.Sort(messages)
	s.Clock.Advance(time.Minute)
	return events, messages
}

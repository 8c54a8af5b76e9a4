package account_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// namedBy is the access of clients: which groups it names.
type namedBy map[string][]string

// ClientsNaming implements account.GroupUses.
func (n namedBy) ClientsNaming(_ context.Context, group string) ([]string, error) {
	return n[group], nil
}

// TestAD1_GroupsAreForOperators: nobody raises themselves, and who tries is recorded.
func TestAD1_GroupsAreForOperators(t *testing.T) {
	s, ctx := newSite(t), t.Context()
	ada := s.Person("ada@example.com")
	_, err := s.Accounts.CreateGroup(ctx, account.Operator("root"), account.NewGroup{Name: "hr"})
	logintest.Check(t, err)
	fresh := s.person(ada, 0, storage.FactorPassword, storage.FactorTOTP)
	for name, change := range map[string]func(account.Actor) error{
		"create": func(by account.Actor) error {
			_, err := s.Accounts.CreateGroup(ctx, by, account.NewGroup{Name: "mine", Roles: []string{"admin"}})
			return err
		},
		"change": func(by account.Actor) error {
			_, err := s.Accounts.ChangeGroup(ctx, by, "hr", account.GroupChange{Roles: &[]string{"admin"}})
			return err
		},
		"delete": func(by account.Actor) error {
			return s.Accounts.DeleteGroup(ctx, by, "hr", account.GroupDeletion{Force: true})
		},
		"add": func(by account.Actor) error { return s.Accounts.AddToGroup(ctx, by, ada.ID, "hr") },
		"remove": func(by account.Actor) error {
			return s.Accounts.RemoveFromGroup(ctx, by, ada.ID, "hr", storage.SourceManual)
		},
	} {
		for who, by := range map[string]account.Actor{
			"the person": fresh, "a client": account.Client("wiki", account.Origin{}), "a job": account.System("sweep"),
		} {
			before := s.refusals(t)
			if err := change(by); !errors.Is(err, account.ErrForbidden) {
				t.Errorf("%s by %s = %v, want ErrForbidden", name, who, err)
			}
			if s.refusals(t) != before+1 {
				t.Errorf("%s by %s was not recorded", name, who)
			}
		}
		if err := change(account.Visitor(account.Origin{})); err == nil {
			t.Errorf("%s by a visitor succeeded", name)
		}
	}
	if u := s.user(ada.ID); len(u.Groups)+len(u.Roles) != 0 {
		t.Errorf("groups %v, roles %v", u.Groups, u.Roles)
	}
}

// refusals counts the events of changes that were refused.
func (s *site) refusals(t *testing.T) int {
	t.Helper()
	events, err := s.Store.Events().List(t.Context(), storage.EventFilter{Type: storage.EventChangeRefused, Limit: 1000})
	logintest.Check(t, err)
	return len(events)
}

// TestAC1_AGroupInUseStays: what the access of a client names is neither deleted
// nor renamed by accident.
func TestAC1_AGroupInUseStays(t *testing.T) {
	uses := namedBy{}
	s := &site{logintest.New(t, logintest.Options{Accounts: func(c *account.Config) { c.GroupUses = uses }})}
	ctx, root := t.Context(), account.Operator("root")
	for _, name := range []string{"hr", "night"} {
		_, err := s.Accounts.CreateGroup(ctx, root, account.NewGroup{Name: name})
		logintest.Check(t, err)
	}
	uses["hr"] = []string{"payroll", "wiki"}
	var used *account.InUseError
	// The rule spells the name as the group does, whatever was typed.
	if err := s.Accounts.DeleteGroup(ctx, root, "HR", account.GroupDeletion{}); !errors.As(err, &used) || !slices.Equal(used.Clients, uses["hr"]) {
		t.Errorf("deletion of a group in use = %v", err)
	}
	renamed := "people"
	if _, err := s.Accounts.ChangeGroup(ctx, root, "hr", account.GroupChange{Name: &renamed}); !errors.As(err, &used) {
		t.Errorf("another name of a group in use = %v", err)
	}
	described := "Those who hire"
	if _, err := s.Accounts.ChangeGroup(ctx, root, "hr", account.GroupChange{Description: &described}); err != nil {
		t.Errorf("a description of a group in use = %v", err)
	}
	logintest.Check(t, s.Accounts.DeleteGroup(ctx, root, "night", account.GroupDeletion{}))
	logintest.Check(t, s.Accounts.DeleteGroup(ctx, root, "hr", account.GroupDeletion{Force: true}))
	if err := s.Accounts.DeleteGroup(ctx, root, "hr", account.GroupDeletion{Force: true}); !errors.Is(err, account.ErrNoGroup) {
		t.Errorf("deletion of what is gone = %v", err)
	}
}

// TestAD2_EachSourceTakesBackItsOwn: what one gave, another cannot take.
func TestAD2_EachSourceTakesBackItsOwn(t *testing.T) {
	s, ctx, root := newSite(t), t.Context(), account.Operator("root")
	ada := s.Person("ada@example.com")
	g, err := s.Accounts.CreateGroup(ctx, root, account.NewGroup{Name: "hr"})
	logintest.Check(t, err)
	e, err := storage.NewEvent(s.Clock.Now(), strings.NewReader(strings.Repeat("r", 32)), storage.EventGroupJoined)
	logintest.Check(t, err)
	const directory = storage.SourceSCIM + "directory"
	logintest.Check(t, s.Store.Memberships().Add(ctx, storage.Membership{GroupID: g.ID, UserID: ada.ID, Source: directory, AddedAt: s.Clock.Now()}, e))
	logintest.Check(t, s.Accounts.AddToGroup(ctx, root, ada.ID, "HR"))
	if err := s.Accounts.AddToGroup(ctx, root, ada.ID, "hr"); !errors.Is(err, account.ErrUnchanged) {
		t.Errorf("the same again = %v, want ErrUnchanged", err)
	}
	logintest.Check(t, s.Accounts.RemoveFromGroup(ctx, root, ada.ID, "hr", storage.SourceManual))
	if err := s.Accounts.RemoveFromGroup(ctx, root, ada.ID, "hr", storage.SourceManual); !errors.Is(err, account.ErrUnchanged) {
		t.Errorf("the same again = %v, want ErrUnchanged", err)
	}
	if u := s.user(ada.ID); !slices.Equal(u.Groups, []string{"hr"}) {
		t.Errorf("groups = %v: the operator undid what the directory said", u.Groups)
	}
	logintest.Check(t, s.Accounts.RemoveFromGroup(ctx, root, ada.ID, "hr", directory))
	if u := s.user(ada.ID); len(u.Groups) != 0 {
		t.Errorf("groups = %v", u.Groups)
	}
}

func TestGroupsAreSpelled(t *testing.T) {
	s, ctx, root := newSite(t), t.Context(), account.Operator("root")
	for field, g := range map[string]account.NewGroup{
		"name": {Name: "a,b"}, "display_name": {Name: "a", DisplayName: "a\x00b"}, "description": {Name: "a", Description: strings.Repeat("x", 1001)},
		"external_id": {Name: "a", ExternalID: "\u202e"}, "roles": {Name: "a", Roles: []string{"b c"}},
	} {
		_, err := s.Accounts.CreateGroup(ctx, root, g)
		var wrong *account.FieldError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%+v = %v, want an error of field %s", g, err, field)
		}
	}
	g, err := s.Accounts.CreateGroup(ctx, root, account.NewGroup{Name: " Night  shift ", Roles: []string{"b", "a", "b"}})
	logintest.Check(t, err)
	if g.Name != "Night shift" || !slices.Equal(g.Roles, []string{"a", "b"}) {
		t.Errorf("group is kept as %+v", g)
	}
	if _, err := s.Accounts.CreateGroup(ctx, root, account.NewGroup{Name: "NIGHT SHIFT"}); !errors.Is(err, account.ErrTaken) {
		t.Errorf("the name in another case = %v, want ErrTaken", err)
	}
}

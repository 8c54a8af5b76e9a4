package account_test

import (
	"errors"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// dutySite has administrators, who are owner by a role and auditor by a group.
func dutySite(t *testing.T) *site {
	t.Helper()
	return &site{logintest.New(t, logintest.Options{Accounts: func(c *account.Config) { c.AdminRoles = []string{"owner", "auditor"} }})}
}

const everyDuty = account.DutyHelpDesk | account.DutyPeople | account.DutyGroups | account.DutyOwner

// TestAD1_NobodyRaisesThemselvesByADuty: neither by their own account, nor by a group that
// they are in, nor by a role that they give to somebody whose account they can take.
func TestAD1_NobodyRaisesThemselvesByADuty(t *testing.T) {
	s, ctx := dutySite(t), t.Context()
	root := account.Operator("root")
	ada, eve := s.Person("ada@example.com"), s.Person("eve@example.com")
	for name, roles := range map[string][]string{"auditors": {"auditor"}, "readers": {"reader"}, "own": nil} {
		_, err := s.Accounts.CreateGroup(ctx, root, account.NewGroup{Name: name, Roles: roles})
		logintest.Check(t, err)
	}
	logintest.Check(t, s.Accounts.AddToGroup(ctx, root, ada.ID, "own"))
	roles, named := func(names ...string) *[]string { return &names }, "accounting"
	by := account.Person(account.Evidence{User: ada}, account.Origin{}).Administering(everyDuty &^ account.DutyOwner)
	for name, change := range map[string]func() error{
		"a role for themselves":     func() error { _, err := s.Accounts.SetRoles(ctx, by, ada.ID, []string{"reader"}); return err },
		"a role of administration":  func() error { _, err := s.Accounts.SetRoles(ctx, by, eve.ID, []string{"owner"}); return err },
		"a group for themselves":    func() error { return s.Accounts.AddToGroup(ctx, by, ada.ID, "readers") },
		"a group of administrators": func() error { return s.Accounts.AddToGroup(ctx, by, eve.ID, "auditors") },
		"a new group of administrators": func() error {
			_, err := s.Accounts.CreateGroup(ctx, by, account.NewGroup{Name: "x", Roles: []string{"owner"}})
			return err
		},
		"administration by a group": func() error {
			_, err := s.Accounts.ChangeGroup(ctx, by, "readers", account.GroupChange{Roles: roles("owner")})
			return err
		},
		"what a group gives taken": func() error {
			_, err := s.Accounts.ChangeGroup(ctx, by, "auditors", account.GroupChange{Roles: roles()})
			return err
		},
		"a group of administrators ended": func() error { return s.Accounts.DeleteGroup(ctx, by, "auditors", account.GroupDeletion{Force: true}) },
		"a role by their own group": func() error {
			_, err := s.Accounts.ChangeGroup(ctx, by, "own", account.GroupChange{Roles: roles("reader")})
			return err
		},
		"a name that rules know, for their own group": func() error {
			_, err := s.Accounts.ChangeGroup(ctx, by, "own", account.GroupChange{Name: &named, Force: true})
			return err
		},
		"out of what rules keep out": func() error {
			return s.Accounts.DeleteGroup(ctx, by, "own", account.GroupDeletion{Force: true})
		},
		"their own password":        func() error { return s.Accounts.SendReset(ctx, by, ada.ID, "") },
		"their own factors":         func() error { return s.Accounts.ResetFactors(ctx, by, ada.ID, "") },
		"their own address":         func() error { return s.Accounts.SetEmail(ctx, by, ada.ID, "new@example.com", true) },
		"their own name":            func() error { return s.Accounts.SetProfile(ctx, by, ada.ID, storage.Profile{Name: "x"}, "") },
		"a password of another's":   func() error { return s.Accounts.SetPassword(ctx, by, eve.ID, "correct horse battery", "") },
		"what is said of everybody": func() error { return s.Accounts.RaiseEpoch(ctx, by, "") },
	} {
		before := s.refusals(t)
		if err := change(); !errors.Is(err, account.ErrForbidden) {
			t.Errorf("%s = %v, want ErrForbidden", name, err)
		}
		if after := s.refusals(t); after != before+1 {
			t.Errorf("%s: %d refusals recorded, want one", name, after-before)
		}
	}
	// What they may: roles that administer nobody, to others and to groups of others.
	_, err := s.Accounts.SetRoles(ctx, by, eve.ID, []string{"reader"})
	logintest.Check(t, err)
	logintest.Check(t, s.Accounts.AddToGroup(ctx, by, eve.ID, "readers"))
	// An owner may all of it, but to themselves.
	owner := account.Person(account.Evidence{User: ada}, account.Origin{}).Administering(everyDuty)
	_, err = s.Accounts.SetRoles(ctx, owner, eve.ID, []string{"owner"})
	logintest.Check(t, err)
	logintest.Check(t, s.Accounts.ResetFactors(ctx, owner, eve.ID, ""))
	if err := s.Accounts.ResetFactors(ctx, by, eve.ID, ""); !errors.Is(err, account.ErrForbidden) {
		t.Errorf("people to an owner = %v", err)
	}
	if _, err := s.Accounts.SetRoles(ctx, owner, ada.ID, nil); !errors.Is(err, account.ErrForbidden) {
		t.Errorf("an owner to themselves = %v", err)
	}
}

// TestAD1_ADutyIsNoOther: each lets do its own, and none of them the rest.
func TestAD1_ADutyIsNoOther(t *testing.T) {
	s, ctx := dutySite(t), t.Context()
	eve := s.Person("eve@example.com")
	_, err := s.Accounts.CreateGroup(ctx, account.Operator("root"), account.NewGroup{Name: "hr"})
	logintest.Check(t, err)
	changes := map[account.Duty]func(account.Actor) error{
		account.DutyHelpDesk: func(by account.Actor) error { return s.Accounts.EndAllSessions(ctx, by, eve.ID) },
		account.DutyPeople:   func(by account.Actor) error { return s.Accounts.MarkEmailVerified(ctx, by, eve.ID) },
		account.DutyGroups: func(by account.Actor) error {
			_, err := s.Accounts.ChangeGroup(ctx, by, "hr", account.GroupChange{Roles: &[]string{"reader"}})
			return err
		},
	}
	for needs, change := range changes {
		for _, duty := range []account.Duty{0, account.DutyHelpDesk, account.DutyPeople, account.DutyGroups, account.DutyOwner} {
			err := change(account.Client("hr", account.Origin{}).Administering(duty))
			if may := duty == needs; may && err != nil || !may && !errors.Is(err, account.ErrForbidden) {
				t.Errorf("what takes %b with %b = %v", needs, duty, err)
			}
		}
	}
}

// TestAD1_ALinkOfPeopleTakesNoAdministratorOver: who makes a link to set a password, waits
// until its person administers, and spends it, would be one (privilege escalation). A link
// that an owner made is good, as is any for who is not raised.
func TestAD1_ALinkOfPeopleTakesNoAdministratorOver(t *testing.T) {
	s, ctx := dutySite(t), t.Context()
	root := account.Operator("root")
	eve := s.Person("eve@example.com")
	by := account.Person(account.Evidence{User: eve}, account.Origin{}).Administering(everyDuty &^ account.DutyOwner)
	_, err := s.Accounts.CreateGroup(ctx, root, account.NewGroup{Name: "auditors", Roles: []string{"auditor"}})
	logintest.Check(t, err)
	for name, c := range map[string]struct {
		by    account.Actor
		raise func(id storage.ID) error
		void  bool
	}{
		"by a role":  {by, func(id storage.ID) error { _, err := s.Accounts.SetRoles(ctx, root, id, []string{"owner"}); return err }, true},
		"by a group": {by, func(id storage.ID) error { return s.Accounts.AddToGroup(ctx, root, id, "auditors") }, true},
		"not at all": {by, func(id storage.ID) error {
			_, err := s.Accounts.SetRoles(ctx, root, id, []string{"reader"})
			return err
		}, false},
		"made by an owner": {account.Person(account.Evidence{User: eve}, account.Origin{}).Administering(everyDuty), func(id storage.ID) error { return s.Accounts.AddToGroup(ctx, root, id, "auditors") }, false},
		"made by command":  {root, func(id storage.ID) error { return s.Accounts.AddToGroup(ctx, root, id, "auditors") }, false},
	} {
		u := s.Person(string(s.ID()) + "@example.com")
		token, err := s.Accounts.IssueReset(ctx, c.by, u.ID, time.Hour, "")
		logintest.Check(t, err)
		_, err = s.Accounts.PeekReset(ctx, token)
		logintest.Check(t, err)
		logintest.Check(t, c.raise(u.ID))
		if _, err := s.Accounts.PeekReset(ctx, token); errors.Is(err, account.ErrVoid) != c.void || err != nil && !c.void {
			t.Errorf("%s: %v", name, err)
		}
		_, err = s.Accounts.ResetPassword(ctx, account.Visitor(account.Origin{}), token, account.NewPassword{})
		if after, _ := s.Store.Users().ByID(ctx, u.ID); err == nil || after.PasswordHash != u.PasswordHash || c.void && !errors.Is(err, account.ErrVoid) {
			t.Errorf("%s: it is spent: %v", name, err)
		}
	}
}

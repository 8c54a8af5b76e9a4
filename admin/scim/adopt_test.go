package scim_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin/scim"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// TestAD2_WhoIsAdopted: by the rule of the source alone, and nobody of another source, no
// administrator, and nobody whose address is unproven (account takeover). A source that
// may not have somebody is told what it is told of any name that is taken.
func TestAD2_WhoIsAdopted(t *testing.T) {
	t.Parallel()
	by := func(email, username, verified bool) func(*scim.Config) {
		return func(c *scim.Config) {
			c.Sources[2].Adopt, c.Sources[2].EmailVerified = account.Adoption{Email: email, Username: username}, verified
		}
	}
	const byEmail, byName = `{"userName":"Ada@example.com"}`, `{"userName":"ADA","emails":[{"value":"ada@example.com"}]}`
	named := func(u *storage.User) { u.Username = "ada" }
	for name, c := range map[string]struct {
		rule   func(*scim.Config)
		person func(*storage.User)
		before func(s *site, u *storage.User)
		body   string
		status int
	}{
		"by a proven address":              {rule: by(true, false, true), body: byEmail, status: 201},
		"by a username":                    {rule: by(false, true, false), person: named, body: byName, status: 201},
		"by both of one person":            {rule: by(true, true, true), person: named, body: byName, status: 201},
		"by no rule":                       {rule: by(false, false, true), person: named, body: byName, status: 409},
		"by an address, the rule is names": {rule: by(false, true, true), person: named, body: byEmail, status: 409},
		"by a name, the rule is addresses": {rule: by(true, false, true), person: func(u *storage.User) { u.Username, u.Email = "ada", "other@example.com" }, body: byName, status: 409},
		"the address is unproven here":     {rule: by(true, false, true), person: func(u *storage.User) { u.EmailVerified = false }, body: byEmail, status: 409},
		"the address is unproven there":    {rule: by(true, false, false), body: byEmail, status: 409},
		"address and name of two":          {rule: by(true, true, true), before: func(s *site, _ *storage.User) { s.Person("other@example.com", named) }, body: byName, status: 409},
		"an administrator":                 {rule: by(true, true, true), person: func(u *storage.User) { u.Roles = []string{"latchkey-owner"} }, body: byEmail, status: 409},
		"of another source": {rule: by(true, true, true), before: func(s *site, u *storage.User) {
			logintest.Check(t, s.Store.Users().Edit(t.Context(), storage.PersonEdit{UserID: u.ID, Adopt: true, Now: s.Clock.Now(), Provisioned: &storage.Provisioned{
				UserID: u.ID, Source: "scim:entra", UserName: "ada@example.com", Document: "{}", Version: 1, CreatedAt: s.Clock.Now(), UpdatedAt: s.Clock.Now(),
			}}, nil))
		}, body: byEmail, status: 409},
		"who is to be deleted": {rule: by(true, true, true), before: func(s *site, u *storage.User) {
			_, err := s.Accounts.PlanDeletion(t.Context(), account.Operator("root"), u.ID)
			logintest.Check(t, err)
		}, body: byEmail, status: 409},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, c.rule)
			u := s.Person("ada@example.com", func(u *storage.User) {
				if c.person != nil {
					c.person(u)
				}
			})
			if len(u.Roles) > 0 {
				_, err := s.Accounts.SetRoles(t.Context(), account.Operator("root"), u.ID, u.Roles)
				logintest.Check(t, err)
			}
			if c.before != nil {
				c.before(s, u)
			}
			before := s.account(string(u.ID))
			a := s.want(s.call(google, http.MethodPost, "/Users", c.body), c.status)
			after := s.account(string(u.ID))
			if c.status == http.StatusCreated {
				if a.id() != string(u.ID) || after.PasswordHash != before.PasswordHash || !slices.Contains(s.events(a.id()), storage.EventUserAdopted) {
					t.Errorf("adopted %s: %v", a.Text, s.events(a.id()))
				}
				s.want(s.call(entra, http.MethodGet, "/Users/"+a.id(), ""), http.StatusNotFound)
				s.want(s.call(google, http.MethodPost, "/Users", c.body), http.StatusConflict)
				return
			}
			if after.UpdatedAt != before.UpdatedAt || a.JSON["scimType"] != "uniqueness" || len(s.call(google, http.MethodGet, "/Users", "").resources()) != 0 {
				t.Errorf("answered %s", a.Text)
			}
			s.want(s.call(google, http.MethodGet, "/Users/"+string(u.ID), ""), http.StatusNotFound)
		})
	}
}

// TestAdoptionOpensNothing: whom others keep out stays out, and what the source says of
// nothing stays as it was.
func TestAdoptionOpensNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	u := s.Person("ada@example.com", func(u *storage.User) { u.Profile.Nickname, u.Profile.Name = "Countess", "A" })
	logintest.Check(t, s.Accounts.Disable(t.Context(), account.Operator("root"), u.ID, "left"))
	s.Clock.Advance(time.Minute)
	a := s.want(s.call(google, http.MethodPost, "/Users", `{"userName":"ada@example.com","active":true,"displayName":"Ada"}`), http.StatusCreated)
	if after := s.account(a.id()); a.id() != string(u.ID) || a.JSON["active"] != false || !after.Disabled() || after.Profile.Nickname != "Countess" || after.Profile.Name != "Ada" {
		t.Errorf("%s: %+v", a.Text, after)
	}
}

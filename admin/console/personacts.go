package console

import (
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// personActs is the one list of what is done to a person.
func personActs() []*act {
	acts := []*act{
		{
			name: "edit", text: "console.edit", operation: "people.edit", command: "user edit {person} …",
			fields: profileFields, do: simply(editProfile),
		},
		{
			name: "set-email", text: "console.set_email", operation: "people.edit", command: "user edit {person} …", grave: true,
			fields: emailFields, do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.SetEmail(r.Context(), by, u.ID, r.PostForm.Get("email"), r.PostForm.Has("verified"))
			}),
		},
		{
			name: "verify-email", text: "console.verify_email", operation: "people.edit", command: "user verify-email {person}",
			offered: func(_ *Console, u *storage.User) bool { return u.Email != "" && !u.EmailVerified },
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.MarkEmailVerified(r.Context(), by, u.ID)
			}),
		},
		{
			name: "set-roles", text: "console.set_roles", operation: "people.set_roles", command: "user set-roles {person} …", grave: true,
			fields: rolesField, do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				_, err := c.cfg.Accounts.SetRoles(r.Context(), by, u.ID, splitNames(r.PostForm.Get("roles")))
				return err
			}),
		},
		{
			name: "join-group", text: "console.join", operation: "members.add", command: "group add … {person}",
			fields: groupField, do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.AddToGroup(r.Context(), by, u.ID, ident.Clean(r.PostForm.Get("group")))
			}),
		},
		{
			name: "leave-group", text: "console.leave", operation: "members.remove", command: "group remove {group} {person}", danger: true, subject: "group",
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.RemoveFromGroup(r.Context(), by, u.ID, r.PostForm.Get("group"), storage.SourceManual)
			}),
		},
		{
			name: "send-reset", text: "console.send_reset", operation: "people.reset_password", command: "user reset-password {person}", grave: true,
			offered: func(_ *Console, u *storage.User) bool { return u.Email != "" && !u.Disabled() },
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.SendReset(r.Context(), by, u.ID, "")
			}),
		},
		{
			name: "make-reset", text: "console.make_reset", operation: "people.reset_password", command: "user reset-password {person} --print-link", grave: true,
			do: makeReset,
		},
		{
			name: "unlock", text: "console.unlock", operation: "factors.unlock", command: "user unlock {person}",
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.Unlock(r.Context(), by, u.ID, "")
			}),
		},
		{
			name: "reset-factors", text: "console.reset_factors", operation: "factors.reset", command: "user reset-mfa {person} --reason …", danger: true, grave: true,
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.ResetFactors(r.Context(), by, u.ID, "")
			}),
		},
		{
			name: "forget-devices", text: "console.forget_devices", operation: "devices.forget", danger: true,
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.ForgetDevices(r.Context(), by, u.ID)
			}),
		},
		{
			name: "end-session", text: "console.end_session", operation: "sessions.end", command: "session end {person} {session}", danger: true, subject: "session",
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.EndSession(r.Context(), by, u.ID, storage.ID(r.PostForm.Get("session")))
			}),
		},
		{
			name: "end-sessions", text: "console.end_sessions", operation: "sessions.end_all", command: "user end-sessions {person}", danger: true,
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.EndAllSessions(r.Context(), by, u.ID)
			}),
		},
		{
			name: "remove-app", text: "console.remove_app", operation: "grants.revoke", command: "grant revoke {person} {client}", danger: true, subject: "client",
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.RevokeClient(r.Context(), by, u.ID, r.PostForm.Get("client"))
			}),
		},
		{
			name: "disable", text: "console.disable", operation: "people.disable", command: "user disable {person} --reason …", danger: true, grave: true,
			offered: func(_ *Console, u *storage.User) bool { return !u.Disabled() },
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.Disable(r.Context(), by, u.ID, "")
			}),
		},
		{
			name: "enable", text: "console.enable", operation: "people.enable", command: "user enable {person}",
			offered: func(_ *Console, u *storage.User) bool { return u.Disabled() && !u.Locked() },
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.Enable(r.Context(), by, u.ID)
			}),
		},
		{
			name: "lockdown", text: "console.lockdown", operation: "people.lock_down", command: "lockdown {person} --reason …", danger: true, grave: true,
			offered: func(_ *Console, u *storage.User) bool { return !u.Locked() }, fields: heldBox,
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				_, err := c.cfg.Accounts.Lockdown(r.Context(), by, u.ID, account.LockdownOrder{Held: r.PostForm.Has("held")})
				return err
			}),
		},
		{
			name: "undo-lockdown", text: "console.undo_lockdown", operation: "people.undo_lockdown", command: "lockdown {person} --undo --reason …", grave: true,
			offered: func(c *Console, u *storage.User) bool {
				return u.Locked() && c.cfg.Now().Before(u.LockedAt.Add(c.cfg.Accounts.LockdownUndo()))
			},
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.UndoLockdown(r.Context(), by, u.ID, "")
			}),
		},
		{
			name: "delete", text: "console.delete", operation: "people.delete", command: "user delete {person}", danger: true, grave: true,
			offered: func(_ *Console, u *storage.User) bool { return u.DeleteAt.IsZero() },
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				_, err := c.cfg.Accounts.PlanDeletion(r.Context(), by, u.ID)
				return err
			}),
		},
		{
			name: "keep", text: "console.keep", operation: "people.keep", command: "user keep {person}",
			offered: func(_ *Console, u *storage.User) bool { return !u.DeleteAt.IsZero() },
			do: simply(func(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
				return c.cfg.Accounts.KeepAccount(r.Context(), by, u.ID)
			}),
		},
	}
	for _, a := range acts {
		a.of = personPath
	}
	return acts
}

// splitNames returns names that were typed with commas or spaces between them, each once.
func splitNames(typed string) []string {
	list := strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || r == ' ' || r == '、' || r == '،' })
	slices.Sort(list)
	return slices.Compact(list)
}

// field adds a field to a form.
func (f *form) field(s *screen, v *visit, name, value string, settings ...string) error {
	in, err := s.Input(name, v.typed(name, value), settings...)
	if err == nil {
		in.Wide = true
		f.Fields = append(f.Fields, ui.Select{Input: in})
	}
	return err
}

func emailFields(_ *Console, v *visit, u *target, s *screen, f *form) error {
	f.Boxes = append(f.Boxes, box{"verified", s.T("console.verified"), v.said.Typed.Has("verified")})
	return f.field(s, v, "email", u.Email, "type=email", "required", "maxlength=254", "plain", "autocomplete=off")
}

func heldBox(_ *Console, v *visit, _ *target, s *screen, f *form) error {
	f.Boxes = append(f.Boxes, box{"held", s.T("console.held"), v.said.Typed.Has("held")})
	return nil
}

func groupField(_ *Console, v *visit, _ *target, s *screen, f *form) error {
	return f.field(s, v, "group", "", "label=console.group", "required", "maxlength=128", "plain", "autocomplete=off")
}

// rolesField has the roles of the person without those that their groups give, which are
// not set here.
func rolesField(c *Console, v *visit, u *target, s *screen, f *form) error {
	groups, err := c.cfg.Memberships.Of(s.ctx, u.ID)
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(slices.Clone(u.Roles), func(role string) bool {
		return slices.ContainsFunc(groups, func(g storage.GroupOf) bool { return slices.Contains(g.Roles, role) })
	})
	return f.field(s, v, "roles", strings.Join(own, ", "), "label=console.roles", "hint=profile.list_hint", "maxlength=2000", "plain", "autocomplete=off")
}

package main

import (
	"fmt"

	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/cmd/internal/userimport"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func userShowCommand() *cobra.Command {
	var asJSON bool
	cmd := userCommandOn("show USER", "Show an account and what it signs in with, never a secret", cobra.ExactArgs(1),
		func(cmd *cobra.Command, store *sqlstore.Store, d *dependencies, u *storage.User, rest []string) error {
			if !asJSON {
				return showUser(cmd, store, d, u, rest)
			}
			shown, err := personAsJSON(cmd, store, d, u)
			if err != nil {
				return err
			}
			return writeJSON(cmd.OutOrStdout(), shown)
		})
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the account as JSON")
	return cmd
}

func showUser(cmd *cobra.Command, store *sqlstore.Store, p *dependencies, u *storage.User, _ []string) error {
	shown := &pairs{out: cmd.OutOrStdout()}
	showAccount(shown, u)
	showAttributes(shown, p, u)
	if err := showGroupsOf(cmd, shown, store, u); err != nil {
		return err
	}
	if err := showFactors(cmd, shown, store, u); err != nil {
		return err
	}
	if err := showAccess(cmd, shown, store, p, u); err != nil {
		return err
	}
	return shown.end()
}

func showAccount(shown *pairs, u *storage.User) {
	password := "none"
	if u.PasswordHash != "" {
		password = fmt.Sprintf("set (%s), last changed %s", userimport.Algorithm(u.PasswordHash), at(u.PasswordChangedAt, "never"))
	}
	for _, row := range [][2]string{
		{"id", string(u.ID)},
		{"email", verifiedOr(u.Email, u.EmailVerified)},
		{"username", dash(u.Username)},
		{"phone", verifiedOr(u.Phone, u.PhoneVerified)},
		{"name", dash(u.Profile.Name)},
		{"state", stateOf(u)},
		{"roles", orNone(u.Roles)},
		{"created", at(u.CreatedAt, "-")},
		{"password", password},
	} {
		shown.add(row[0], "%s", row[1])
	}
}

func verifiedOr(value string, verified bool) string {
	switch {
	case value == "":
		return "-"
	case verified:
		return value + " (verified)"
	}
	return value + " (not verified)"
}

// showAttributes shows the custom attributes that operators may see.
func showAttributes(shown *pairs, d *dependencies, u *storage.User) {
	for _, seen := range d.cfg.AttributeSchema.Seen(attribute.Administrator) {
		if value, has := u.Attributes[seen.Name]; has {
			shown.add("attribute", "%s: %s", seen.Name, attribute.Text(value))
		}
	}
}

// showGroupsOf shows the groups of a person, by whose word, and the roles that
// they give.
func showGroupsOf(cmd *cobra.Command, shown *pairs, store *sqlstore.Store, u *storage.User) error {
	groups, err := store.Memberships().Of(cmd.Context(), u.ID)
	if err != nil {
		return err
	}
	for _, g := range groups {
		gives := ""
		if len(g.Roles) > 0 {
			gives = ", gives the roles " + orNone(g.Roles)
		}
		shown.add("group", "%s, since %s (%s)%s", g.Name, at(g.AddedAt, "-"), orNone(sourceNames(g.Sources)), gives)
	}
	return nil
}

// showFactors shows the second factors, and which of them are locked.
func showFactors(cmd *cobra.Command, shown *pairs, store *sqlstore.Store, u *storage.User) error {
	credentials, err := store.Credentials().ListByUser(cmd.Context(), u.ID)
	if err != nil {
		return err
	}
	for _, c := range credentials {
		shown.add("factor", "%s %q, added %s, last used %s", c.Kind, c.Name, at(c.CreatedAt, "-"), at(c.LastUsedAt, "never"))
	}
	codes, err := store.RecoveryCodes().Status(cmd.Context(), u.ID)
	if err != nil {
		return err
	}
	if codes.Total > 0 {
		shown.add("recovery codes", "%d of %d left, made %s", codes.Remaining, codes.Total, at(codes.CreatedAt, "-"))
	}
	lockouts, err := store.Lockouts().ListByUser(cmd.Context(), u.ID)
	if err != nil {
		return err
	}
	for _, l := range lockouts {
		state := ""
		switch {
		case !l.DisabledAt.IsZero():
			state = ", disabled since " + at(l.DisabledAt, "")
		case !l.LockedUntil.IsZero():
			state = ", locked until " + at(l.LockedUntil, "")
		}
		shown.add("wrong codes", "%s: %d in a row%s", l.Kind, l.Failures, state)
	}
	return nil
}

// showAccess shows what the person is signed in to.
func showAccess(cmd *cobra.Command, shown *pairs, store *sqlstore.Store, p *dependencies, u *storage.User) error {
	sessions, err := store.Sessions().ListByUser(cmd.Context(), u.ID, p.now())
	if err != nil {
		return err
	}
	for _, s := range sessions {
		shown.add("session", "%s, since %s, last seen %s", s.SID, at(s.CreatedAt, "-"), at(s.LastSeenAt, "-"))
	}
	applications, err := store.Grants().ApplicationsOf(cmd.Context(), u.ID, p.now())
	if err != nil {
		return err
	}
	for _, a := range applications {
		shown.add("application", "%s (%s), last used %s", a.ClientID, orNone(a.Scopes), at(a.UsedAt, "-"))
	}
	devices, err := store.TrustedDevices().ListByUser(cmd.Context(), u.ID, p.now())
	if err != nil {
		return err
	}
	for _, d := range devices {
		shown.add("trusted device", "%s, since %s, last used %s", d.ID, at(d.CreatedAt, "-"), at(d.LastUsedAt, "never"))
	}
	return nil
}

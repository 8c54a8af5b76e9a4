package console

import (
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// usernameField is how forms call the username; the others are named like the claims.
const usernameField = "username"

// profileNames are the fields of the form, and all that it can set (mass assignment,
// requirement RE4): it is never read for anything else.
func profileNames() []string {
	names := []string{usernameField}
	for _, claim := range account.ClaimNames() {
		if claim != "formatted_address" {
			names = append(names, claim)
		}
	}
	return names
}

// edited are the custom attributes that a visitor edits, of those that they see.
func (c *Console) edited(v *visit) attribute.Schema {
	var edited attribute.Schema
	for _, d := range c.cfg.Accounts.Attributes().Seen(v.may.Sees()) {
		if d.EditableBy.Includes(attribute.Administrator) {
			edited = append(edited, d)
		}
	}
	return edited
}

func profileFields(c *Console, v *visit, t *target, s *screen, f *form) error {
	u := t.User
	p := ui.AccountProfile{Account: ui.Account{Page: s.Page}, Fields: profileNames(), Values: map[string]string{usernameField: v.typed(usernameField, u.Username)}}
	for _, claim := range account.ClaimNames() {
		p.Values[claim] = v.typed(claim, account.ClaimValue(u.Profile, claim))
	}
	for _, d := range c.edited(v) {
		field := account.AttributeField(d.Name)
		p.Attributes = append(p.Attributes, ui.Attribute{Definition: d, Field: field, Text: v.typed(field, attribute.Text(u.Attributes[d.Name]))})
	}
	var err error
	if f.Groups, err = p.Groups(); err != nil {
		return err
	}
	// What the account pages say to whom they are about is said of somebody here.
	f.Groups[0].Legend, f.Groups[0].Fields[0].Hint = s.T("console.person"), ""
	if len(p.Attributes) > 0 {
		f.Groups[len(f.Groups)-1].Legend = s.T("console.detail")
	}
	return nil
}

// editProfile sets what was changed in the form. What came from elsewhere stays as it is
// spelled until somebody changes it.
func editProfile(c *Console, r *http.Request, by account.Actor, u *storage.User) error {
	profile, username, changed := u.Profile, u.Username, false
	for _, field := range profileNames() {
		known := account.ClaimValue(profile, field)
		if field == usernameField {
			known = username
		}
		typed := ident.Clean(r.PostForm.Get(field))
		switch {
		case !r.PostForm.Has(field), typed == ident.Clean(known):
			continue
		case field == usernameField:
			username = typed
		default:
			account.SetClaim(&profile, field, typed)
		}
		changed = true
	}
	set := map[string]any{}
	for _, d := range c.cfg.Accounts.Attributes() {
		field := account.AttributeField(d.Name)
		typed := ident.Clean(r.PostForm.Get(field))
		if !r.PostForm.Has(field) || typed == attribute.Text(u.Attributes[d.Name]) {
			continue
		}
		value, err := d.Parse(typed)
		if err != nil {
			return &account.FieldError{Field: field, Problem: account.Invalid, Cause: err}
		}
		set[d.Name] = value
	}
	if problems := c.cfg.Accounts.CheckProfile(u, &profile, username); changed && len(problems) > 0 {
		return problems[0]
	}
	if _, problems := c.cfg.Accounts.CheckAttributes(by, u, set); len(problems) > 0 {
		return problems[0]
	}
	if changed {
		if err := c.cfg.Accounts.SetProfile(r.Context(), by, u.ID, profile, username); err != nil {
			return err
		}
	}
	if len(set) == 0 {
		return nil
	}
	return c.cfg.Accounts.SetAttributes(r.Context(), by, u.ID, set)
}

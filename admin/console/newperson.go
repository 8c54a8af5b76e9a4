package console

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// peopleActs are those that are about nobody who is there yet.
func peopleActs() []*act {
	return []*act{{
		of: peoplePath, name: "new", text: "console.new_person", operation: "people.create", command: "user create …", fields: newPersonFields, do: createPerson,
	}}
}

// newPersonFields are an address before all that a profile says.
func newPersonFields(c *Console, v *visit, t *target, s *screen, f *form) error {
	in, err := s.Input("email", v.typed("email", ""), "type=email", "maxlength=254", "plain", "autocomplete=off")
	if err != nil {
		return err
	}
	in.Wide = true
	f.Boxes = append(f.Boxes, box{"verified", s.T("console.verified"), v.said.Typed.Has("verified")})
	if err := profileFields(c, v, &target{User: &storage.User{}, page: t.page}, s, f); err != nil {
		return err
	}
	f.Groups[0].Fields = append([]ui.Select{{Input: in}}, f.Groups[0].Fields...)
	return nil
}

// createPerson makes an account without a password, with what the form says, and goes on
// to its page, which offers links that set one.
func createPerson(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, t *target) (bool, error) {
	made := account.NewAccount{
		Email: ident.Clean(r.PostForm.Get("email")), EmailVerified: r.PostForm.Has("verified"), Username: ident.Clean(r.PostForm.Get(usernameField)), Attributes: map[string]any{},
	}
	for _, field := range profileNames() {
		if typed := ident.Clean(r.PostForm.Get(field)); typed != "" && field != usernameField {
			account.SetClaim(&made.Profile, field, typed)
		}
	}
	for _, d := range c.cfg.Accounts.Attributes() {
		field := account.AttributeField(d.Name)
		typed := ident.Clean(r.PostForm.Get(field))
		if typed == "" {
			continue
		}
		value, err := d.Parse(typed)
		if err != nil {
			return false, &account.FieldError{Field: field, Problem: account.Invalid, Cause: err}
		}
		made.Attributes[d.Name] = value
	}
	u, err := c.cfg.Accounts.Create(r.Context(), by, made)
	if errors.Is(err, account.ErrTaken) {
		field := usernameField
		if id, err := c.named(r.Context(), made.Email); err != nil || id != "" && made.Email != "" {
			field = "email"
		}
		return false, &account.FieldError{Field: field, Problem: account.Same, Cause: err}
	}
	if err == nil {
		t.after = pathOf(u.ID)
	}
	return false, err
}

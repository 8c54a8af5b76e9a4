package console

import (
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/ui"
)

// systemActs is what is done to the installation.
func systemActs() []*act {
	return []*act{{
		of: configurationPath, name: "lockdown", text: "console.lock_all", operation: "everybody.lock_down", command: "lockdown --all --reason …",
		danger: true, grave: true, fields: confirmField, do: lockEverybody,
	}}
}

// installation is what this one is called: the host that people see.
func (c *Console) installation() string {
	u, err := url.Parse(c.cfg.Issuer)
	if err != nil || u.Host == "" {
		return c.cfg.Issuer
	}
	return u.Host
}

// confirmField has the name of the installation typed, which nobody does by accident.
func confirmField(c *Console, v *visit, _ *target, s *screen, f *form) error {
	in, err := s.Input("confirm", v.typed("confirm", ""), "required", "plain", "autocomplete=off")
	if err != nil {
		return err
	}
	in = in.Called(s.T("delete.type", "Name", c.installation()))
	in.Wide = true
	f.Fields = append(f.Fields, ui.Select{Input: in})
	return nil
}

func lockEverybody(c *Console, _ http.ResponseWriter, r *http.Request, by account.Actor, _ *target) (bool, error) {
	if ident.Canonical(r.PostForm.Get("confirm")) != ident.Canonical(c.installation()) {
		return false, &account.FieldError{Field: "confirm", Problem: account.Invalid}
	}
	_, _, err := c.cfg.Accounts.LockEverybody(r.Context(), by, c.cfg.Keys, "")
	return false, err
}

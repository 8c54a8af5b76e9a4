package account_test

import (
	"errors"
	"testing"

	"github.com/latchkey-id/latchkey/account"
)

// TestPW2_CommandsHaveThePolicyOfPages: an operator sets no password that a page
// refuses.
func TestPW2_CommandsHaveThePolicyOfPages(t *testing.T) {
	s := newSite(t)
	ada := s.Person("ada@example.com")
	for _, weak := range []string{"password", "passwordpassword", "short", "ada@example.com1"} {
		for name, set := range map[string]func() error{
			"create": func() error {
				_, err := s.Accounts.Create(t.Context(), account.Operator("root"), account.NewAccount{Email: "new@example.com", Password: weak})
				return err
			},
			"set": func() error { return s.Accounts.SetPassword(t.Context(), account.Operator("root"), ada.ID, weak, "") },
		} {
			if refused := (*account.PasswordError)(nil); !errors.As(set(), &refused) {
				t.Errorf("%s takes %q", name, weak)
			}
		}
	}
}

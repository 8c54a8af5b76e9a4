package account_test

import (
	"errors"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

func TestRS1_OnlyAnOperatorRaisesTheEpoch(t *testing.T) {
	s := newSite(t)
	ada := s.Person("ada@example.com")
	for name, by := range map[string]account.Actor{
		"person": s.person(ada, 0, storage.FactorPassword, storage.FactorPasskey), "visitor": account.Visitor(account.Origin{}),
		"client": account.Client("wiki", account.Origin{}), "system": account.System("sweep"),
	} {
		if err := s.Accounts.RaiseEpoch(t.Context(), by, "restored"); !errors.Is(err, account.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := s.user(ada.ID).PasswordEpoch; got != ada.PasswordEpoch {
		t.Errorf("password epoch = %d after refusals, want %d", got, ada.PasswordEpoch)
	}
	logintest.Check(t, s.Accounts.RaiseEpoch(t.Context(), account.Operator("root"), "restored"))
	if got := s.user(ada.ID).PasswordEpoch; got != ada.PasswordEpoch+1 {
		t.Errorf("password epoch = %d, want %d", got, ada.PasswordEpoch+1)
	}
}

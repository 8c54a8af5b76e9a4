package main

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/userimport"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/spf13/cobra"
)

// Who comes from Django signs in here with the password that they had there.
func TestPW1_ImportedPasswordsFit(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	n := newIdleServer(t, &now)
	source, err := openImport(userimport.FormatDjango, nil, "../internal/userimport/testdata/django.json")
	if err != nil {
		t.Fatal(err)
	}
	defer source.close()
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	if done, err := (&importFlags{accounts: n.boot.accounts(n.store)}).importPeople(cmd, n.store, n.boot, source); err != nil || done != 6 {
		t.Fatalf("%d people were imported, %v", done, err)
	}
	for who, password := range map[string]string{
		"ada": "correct horse battery staple", "grace": "whistling kettle blue moon", "edsger": "shortest path first",
	} {
		u, err := n.store.Users().ByIdentifier(t.Context(), who)
		if err != nil {
			t.Errorf("%s: %v", who, err)
			continue
		}
		if got, err := n.boot.password.Check(t.Context(), u.PasswordHash, password); !got.Fits || !got.Outdated || err != nil {
			t.Errorf("the password of %s = %+v, %v", who, got, err)
		}
	}
	joan, err := n.store.Users().ByIdentifier(t.Context(), "joan@example.com")
	if err != nil || !joan.Disabled() {
		t.Errorf("joan is not disabled: %v", err)
	}
	ada, err := n.store.Users().ByIdentifier(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	kept, err := n.store.Credentials().ListByUser(t.Context(), ada.ID)
	if err != nil || len(kept) != 1 || kept[0].Kind != storage.FactorTOTP || kept[0].Name != "Phone" {
		t.Errorf("authenticators of ada: %d, %v", len(kept), err)
	}
}

package main

import (
	"os"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/userimport"
	"github.com/latchkey-id/latchkey/storage"
)

// Who comes from Django signs in here with the password that they had there.
func TestPW1_ImportedPasswordsFit(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	n := newIdleServer(t, &now)
	file, err := os.Open("../internal/userimport/testdata/django.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	read, err := userimport.From(userimport.FormatDjango, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := importPeople(t.Context(), n.store, n.boot, read.People); err != nil {
		t.Fatal(err)
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

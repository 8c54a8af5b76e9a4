package mfa

import (
	"errors"
	"testing"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

func TestTP1_AnImportedSecretOpensInItsRowAlone(t *testing.T) {
	t.Parallel()
	sealer, err := keys.NewSealer([]keys.SecretKey{{ID: "k", Key: make([]byte, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	const id, owner, stranger = storage.ID("0193"), storage.ID("01aa"), storage.ID("01bb")
	sealed, err := SealTOTPSecret(sealer, id, owner, []byte("12345678901234567890"))
	if err != nil {
		t.Fatal(err)
	}
	if secret, err := sealer.Open(sealed, secretPlace(id, owner)); err != nil || string(secret) != "12345678901234567890" {
		t.Errorf("the secret opens as %q, %v", secret, err)
	}
	if _, err := sealer.Open(sealed, secretPlace(id, stranger)); !errors.Is(err, keys.ErrSealBroken) {
		t.Errorf("the secret of another = %v", err)
	}
}

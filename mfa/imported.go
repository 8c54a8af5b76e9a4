package mfa

import (
	"fmt"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// SealTOTPSecret seals the secret of an authenticator that was enrolled with
// another system, for the row it is to stand in. Its codes must be six digits
// and a new one every 30 seconds, by SHA-1.
func SealTOTPSecret(sealer *keys.Sealer, id, userID storage.ID, secret []byte) (string, error) {
	sealed, err := sealer.Seal(secret, secretPlace(id, userID))
	if err != nil {
		return "", fmt.Errorf("seal TOTP secret: %w", err)
	}
	return sealed, nil
}

// ResealTOTPSecret seals the secret of an authenticator anew, in its row; see
// [keys.Sealer.Reseal].
func ResealTOTPSecret(sealer *keys.Sealer, id, userID storage.ID, sealed string) (string, bool, error) {
	return sealer.Reseal(sealed, secretPlace(id, userID))
}

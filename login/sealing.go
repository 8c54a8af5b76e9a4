package login

import (
	"encoding/json"
	"fmt"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/keys"
)

// The values that wait in an interaction under a seal, by what they are.
const (
	recoveryColumn = "recovery_codes"
	signUpColumn   = "sign_up"
)

// sealed seals a value to its interaction: whoever reads the store learns nothing of
// it, and it is of no use in another.
func sealed(sealer *keys.Sealer, in *interaction.Interaction, column string, value any) (string, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encode %s: %w", column, err)
	}
	text, err := sealer.Seal(raw, keys.AssociatedData{Table: "interaction", Column: column, Row: in.ID})
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", column, err)
	}
	return text, nil
}

// opened reads a sealed value of the interaction into value.
func opened(sealer *keys.Sealer, in *interaction.Interaction, column, text string, value any) error {
	raw, err := sealer.Open(text, keys.AssociatedData{Table: "interaction", Column: column, Row: in.ID})
	if err != nil {
		return fmt.Errorf("open %s: %w", column, err)
	}
	if err := json.Unmarshal(raw, value); err != nil {
		return fmt.Errorf("decode %s: %w", column, err)
	}
	return nil
}

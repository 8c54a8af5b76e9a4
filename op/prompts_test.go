package op

import (
	"slices"
	"testing"

	"github.com/latchkey-id/latchkey/interaction"
)

// prompt=create is for where people may make accounts, and nowhere else.
func TestAZ4_PromptCreateNeedsSignUp(t *testing.T) {
	t.Parallel()
	for _, signUp := range []bool{false, true} {
		cfg := Config{SignUp: signUp}
		if got := slices.Contains(cfg.prompts(), interaction.PromptCreate); got != signUp {
			t.Errorf("sign-up %v: prompt=create supported is %v", signUp, got)
		}
	}
}

package mfa

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/storage"
)

// TestAZ6_AnAssuranceAges: two factors are told of for a day from the older of them
// (NIST SP 800-63B-4 section 4.2.3), and after that as the one factor that a session is.
func TestAZ6_AnAssuranceAges(t *testing.T) {
	t.Parallel()
	const day = 24 * 60 // minutes
	policy, never := DefaultPolicy(), DefaultPolicy()
	never.AssuranceAge = 0
	both := []storage.Proof{gave(storage.FactorPassword, 0), gave(storage.FactorTOTP, 5)}
	anew := append([]storage.Proof{gave(storage.FactorPassword, 60), gave(storage.FactorTOTP, 90)}, both...)
	for name, test := range map[string]struct {
		policy Policy
		proofs []storage.Proof
		now    int
		want   string
		amr    []string
	}{
		"within a day":                  {policy, both, day, "aal2", []string{"mfa", "otp", "pwd"}},
		"after a day":                   {policy, both, day + 1, "aal1", []string{"otp", "pwd"}},
		"where the policy sets no age":  {never, both, 7 * day, "aal2", []string{"mfa", "otp", "pwd"}},
		"shown anew":                    {policy, anew, day + 60, "aal2", []string{"mfa", "otp", "pwd"}},
		"shown anew, and aged as well":  {policy, anew, day + 61, "aal1", []string{"otp", "pwd"}},
		"a passkey within a day":        {policy, []storage.Proof{passkeyProof(0, true, false)}, day, "phr", []string{"hwk", "mfa", "user"}},
		"a passkey after a day":         {policy, []storage.Proof{passkeyProof(0, true, false)}, day + 1, "aal1", []string{"hwk", "user"}},
		"a password ages in no session": {policy, both[:1], 6 * day, "aal1", []string{"pwd"}},
	} {
		got := test.policy.Aged(test.proofs, time.Time{}, minute(test.now))
		if got.ACR != test.want || !cmp.Equal(got.AMR, test.amr) {
			t.Errorf("%s: %s by %v, want %s by %v", name, got.ACR, got.AMR, test.want, test.amr)
		}
	}
}

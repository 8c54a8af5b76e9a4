package mfa

import (
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// registeredAMR are the values of RFC 8176 section 2, as the registry has them.
var registeredAMR = []string{
	"face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pop", "pwd", "rba", "retina", "sc", "sms", "swk", "tel", "user", "vbm", "wia",
}

// Each kind of factor has a value in amr that is registered and says no more than what
// was shown: mfa only where several factors were, user where somebody was there.
func TestTD1_AMRIsOfTheRegistry(t *testing.T) {
	for _, kind := range append(client.SecondFactors(), storage.FactorPassword) {
		for _, synced := range []bool{false, true} {
			proof := storage.Proof{Kind: kind, At: time.Unix(0, 0), Synced: synced}
			alone, several := methods([]storage.Proof{proof}, false), methods([]storage.Proof{{Kind: storage.FactorPassword}, proof}, true)
			if len(alone) == 0 || slices.Contains(alone, "mfa") || slices.Contains(alone, "user") != (kind == storage.FactorPasskey) {
				t.Errorf("%s alone is %q", kind, alone)
			}
			if !slices.Contains(several, "mfa") || !slices.Contains(several, "pwd") {
				t.Errorf("a password and %s are %q", kind, several)
			}
			if slices.Contains(alone, "hwk") != (kind == storage.FactorPasskey && !synced) || slices.Contains(alone, "swk") != (kind == storage.FactorPasskey && synced) {
				t.Errorf("%s, synced %t, is %q", kind, synced, alone)
			}
			for _, value := range append(alone, several...) {
				if !slices.Contains(registeredAMR, value) {
					t.Errorf("%s: %q is not registered", kind, value)
				}
			}
		}
	}
}

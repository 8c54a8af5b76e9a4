package mfa

import (
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// The authentication context classes, in the order of what they are worth. phr
// is of the OpenID Connect Extended Authentication Profile.
const (
	ACRPassword          = "aal1" // one factor
	ACRCode              = "mfa"  // a password and a code that was sent, where policy lets it count
	ACRTwoFactor         = "aal2" // a password and an authenticator app or a recovery code
	ACRPhishingResistant = "phr"  // a passkey that verified the person, or a password and any passkey
)

// acrs are all classes, the least first. Each includes those before it.
var acrs = client.ACRs()

// AtLeast reports whether an authentication that reached acr is one of class
// wanted too. A class that is not ours is reached by itself alone, and every
// class includes "".
func AtLeast(acr, wanted string) bool {
	return acr == wanted || rank(acr) >= rank(wanted) && known(wanted)
}

// known reports whether the class is ours, or none.
func known(acr string) bool { return acr == "" || slices.Contains(acrs, acr) }

// rank is 1 for the least class; 0 is no class.
func rank(acr string) int { return slices.Index(acrs, acr) + 1 }

// Level says what the proofs that were given at or after since are worth under
// the policy: the class, when the oldest of the proofs that it rests on was
// given, and the methods used, in the values of RFC 8176. The zero since takes
// every proof. Proofs that are worth nothing by themselves, such as a code
// without a password, give the zero Authentication.
func Level(proofs []storage.Proof, since time.Time, p Policy) storage.Authentication {
	fresh := slices.DeleteFunc(slices.Clone(proofs), func(proof storage.Proof) bool { return proof.At.Before(since) })
	var reached storage.Authentication
	for _, way := range p.ways() {
		at, ok := way.given(fresh)
		switch better := rank(way.acr) - rank(reached.ACR); {
		case !ok, better < 0, better == 0 && at.Before(reached.Time):
		default:
			reached.ACR, reached.Time = way.acr, at
		}
	}
	if reached.ACR != "" {
		reached.AMR = methods(fresh, rank(reached.ACR) > rank(ACRPassword))
	}
	return reached
}

// way is one way to reach a class: every one of the proofs.
type way struct {
	acr string
	of  []func(storage.Proof) bool
}

// ways lists how each class is reached under the policy.
func (p Policy) ways() []way {
	password := kind(storage.FactorPassword)
	verifiedPasskey := func(proof storage.Proof) bool {
		return proof.Kind == storage.FactorPasskey && proof.UserVerified
	}
	ways := []way{{ACRPassword, []func(storage.Proof) bool{password}}}
	if p.WithoutPassword() {
		ways = append(ways, way{ACRPhishingResistant, []func(storage.Proof) bool{verifiedPasskey}})
	}
	for _, k := range Kinds {
		if acr := p.Reaches(k); acr != "" {
			ways = append(ways, way{acr, []func(storage.Proof) bool{password, kind(k)}})
		}
	}
	return ways
}

func kind(k storage.FactorKind) func(storage.Proof) bool {
	return func(proof storage.Proof) bool { return proof.Kind == k }
}

// given reports whether the proofs hold all that the way needs, and when the
// oldest of those was given, taking the newest of each.
func (w way) given(proofs []storage.Proof) (time.Time, bool) {
	var oldest time.Time
	for i, needed := range w.of {
		var newest time.Time
		found := false
		for _, proof := range proofs {
			if needed(proof) && (!found || proof.At.After(newest)) {
				newest, found = proof.At, true
			}
		}
		if !found {
			return time.Time{}, false
		}
		if i == 0 || newest.Before(oldest) {
			oldest = newest
		}
	}
	return oldest, true
}

// amrOf are the authentication method references of kinds (RFC 8176 section 2).
// A recovery code is a one-time password that was made in advance.
var amrOf = map[storage.FactorKind]string{
	storage.FactorPassword: "pwd",
	storage.FactorTOTP:     "otp",
	storage.FactorEmail:    "otp",
	storage.FactorRecovery: "otp",
	storage.FactorSMS:      "sms",
}

// methods lists what was used, each once, and mfa where it was several factors.
func methods(proofs []storage.Proof, multiple bool) []string {
	var amr []string
	for _, proof := range proofs {
		if proof.Kind != storage.FactorPasskey {
			amr = append(amr, amrOf[proof.Kind])
			continue
		}
		key := "hwk"
		if proof.Synced {
			key = "swk"
		}
		amr = append(amr, key, "user")
	}
	if multiple {
		amr = append(amr, "mfa")
	}
	slices.Sort(amr)
	return slices.Compact(amr)
}

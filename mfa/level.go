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
	password, withPassword := newest(fresh, storage.FactorPassword)
	better := func(acr string, at time.Time) {
		if r := rank(acr) - rank(reached.ACR); r > 0 || r == 0 && at.After(reached.Time) {
			reached.ACR, reached.Time = acr, at
		}
	}
	if withPassword {
		better(ACRPassword, password)
	}
	if p.WithoutPassword() {
		if at, ok := newestOf(fresh, verifiedPasskey); ok {
			better(ACRPhishingResistant, at)
		}
	}
	for _, k := range Kinds {
		acr := p.Reaches(k)
		if acr == "" || !withPassword {
			continue
		}
		if at, ok := newest(fresh, k); ok {
			better(acr, earlier(at, password))
		}
	}
	if reached.ACR != "" {
		reached.AMR = methods(fresh, rank(reached.ACR) > rank(ACRPassword))
	}
	return reached
}

// newest returns when the newest proof of a kind was given.
func newest(proofs []storage.Proof, k storage.FactorKind) (time.Time, bool) {
	return newestOf(proofs, func(proof *storage.Proof) bool { return proof.Kind == k })
}

func newestOf(proofs []storage.Proof, fits func(*storage.Proof) bool) (at time.Time, found bool) {
	for i := range proofs {
		if proof := &proofs[i]; fits(proof) && (!found || proof.At.After(at)) {
			at, found = proof.At, true
		}
	}
	return at, found
}

func verifiedPasskey(proof *storage.Proof) bool {
	return proof.Kind == storage.FactorPasskey && proof.UserVerified
}

// earlier is the older of two times: a class is as old as the oldest proof it rests on.
func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
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

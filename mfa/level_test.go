package mfa

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// minute is noon and so many minutes.
func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func gave(k storage.FactorKind, at int) storage.Proof { return storage.Proof{Kind: k, At: minute(at)} }

func passkeyProof(at int, verified, synced bool) storage.Proof {
	return storage.Proof{Kind: storage.FactorPasskey, At: minute(at), UserVerified: verified, Synced: synced}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	strict, lenient := DefaultPolicy(), DefaultPolicy()
	lenient.CountEmail, lenient.CountSMS = true, true
	withPassword := DefaultPolicy()
	withPassword.Passwordless = false
	appsOnly := DefaultPolicy()
	appsOnly.Allowed = []storage.FactorKind{storage.FactorTOTP}
	password, totpCode := gave(storage.FactorPassword, 0), gave(storage.FactorTOTP, 5)
	for name, test := range map[string]struct {
		policy Policy
		proofs []storage.Proof
		since  int // minutes
		want   storage.Authentication
	}{
		"nothing":         {strict, nil, 0, storage.Authentication{}},
		"a password":      {strict, []storage.Proof{password}, 0, storage.Authentication{Time: minute(0), ACR: "aal1", AMR: []string{"pwd"}}},
		"a code alone":    {strict, []storage.Proof{totpCode}, 0, storage.Authentication{}},
		"an app":          {strict, []storage.Proof{password, totpCode}, 0, storage.Authentication{Time: minute(0), ACR: "aal2", AMR: []string{"mfa", "otp", "pwd"}}},
		"a recovery code": {strict, []storage.Proof{password, gave(storage.FactorRecovery, 1)}, 0, storage.Authentication{Time: minute(0), ACR: "aal2", AMR: []string{"mfa", "otp", "pwd"}}},
		"an SMS that counts": {lenient, []storage.Proof{password, gave(storage.FactorSMS, 1)}, 0,
			storage.Authentication{Time: minute(0), ACR: "mfa", AMR: []string{"mfa", "pwd", "sms"}}},
		"an SMS that does not count": {strict, []storage.Proof{password, gave(storage.FactorSMS, 1)}, 0,
			storage.Authentication{Time: minute(0), ACR: "aal1", AMR: []string{"pwd", "sms"}}},
		"an email that counts": {lenient, []storage.Proof{password, gave(storage.FactorEmail, 1)}, 0,
			storage.Authentication{Time: minute(0), ACR: "mfa", AMR: []string{"mfa", "otp", "pwd"}}},
		"a password and a passkey": {strict, []storage.Proof{password, passkeyProof(5, false, false)}, 0,
			storage.Authentication{Time: minute(0), ACR: "phr", AMR: []string{"hwk", "mfa", "pwd", "user"}}},
		"a passkey that verified": {strict, []storage.Proof{passkeyProof(5, true, true)}, 0,
			storage.Authentication{Time: minute(5), ACR: "phr", AMR: []string{"mfa", "swk", "user"}}},
		"a passkey that did not verify":                           {strict, []storage.Proof{passkeyProof(5, false, true)}, 0, storage.Authentication{}},
		"a passkey that verified, where a password is wanted too": {withPassword, []storage.Proof{passkeyProof(5, true, true)}, 0, storage.Authentication{}},
		"a passkey where none is allowed":                         {appsOnly, []storage.Proof{passkeyProof(5, true, true)}, 0, storage.Authentication{}},
		"the younger of two ways": {strict, []storage.Proof{password, passkeyProof(5, true, false)}, 0,
			storage.Authentication{Time: minute(5), ACR: "phr", AMR: []string{"hwk", "mfa", "pwd", "user"}}},
		"a password that is too old": {strict, []storage.Proof{password, totpCode}, 1, storage.Authentication{}},
		"a code that is too old": {strict, []storage.Proof{totpCode, gave(storage.FactorPassword, 9)}, 6,
			storage.Authentication{Time: minute(9), ACR: "aal1", AMR: []string{"pwd"}}},
		"the newest of a kind": {strict, []storage.Proof{password, totpCode, gave(storage.FactorPassword, 7)}, 0,
			storage.Authentication{Time: minute(5), ACR: "aal2", AMR: []string{"mfa", "otp", "pwd"}}},
		"a kind that is not allowed": {appsOnly, []storage.Proof{password, gave(storage.FactorRecovery, 1)}, 0,
			storage.Authentication{Time: minute(0), ACR: "aal1", AMR: []string{"otp", "pwd"}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Level(test.proofs, minute(test.since), test.policy)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAtLeast(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		acr, wanted string
		want        bool
	}{
		{"aal1", "", true}, {"", "", true}, {"", "aal1", false}, {"aal2", "aal1", true}, {"aal2", "mfa", true},
		{"mfa", "aal2", false}, {"phr", "phr", true}, {"phr", "urn:other", false}, {"", "urn:other", false},
		{"urn:other", "aal1", false}, {"urn:other", "urn:other", true},
	} {
		if got := AtLeast(test.acr, test.wanted); got != test.want {
			t.Errorf("AtLeast(%q, %q) = %t", test.acr, test.wanted, got)
		}
	}
}

// aPolicy draws policies that differ in what counts.
func aPolicy(t *rapid.T) Policy {
	p := DefaultPolicy()
	p.Passwordless = rapid.Bool().Draw(t, "passwordless")
	p.CountEmail, p.CountSMS = rapid.Bool().Draw(t, "email counts"), rapid.Bool().Draw(t, "SMS counts")
	p.Allowed = rapid.SliceOfN(rapid.SampledFrom(Kinds), 0, 3).Draw(t, "allowed")
	return p
}

func someProofs(t *rapid.T, name string) []storage.Proof {
	kinds := append([]storage.FactorKind{storage.FactorPassword}, Kinds...)
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) storage.Proof {
		p := gave(rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.IntRange(0, 60).Draw(t, "minute"))
		if p.Kind == storage.FactorPasskey {
			p.UserVerified, p.Synced = rapid.Bool().Draw(t, "verified"), rapid.Bool().Draw(t, "synced")
		}
		return p
	}), 0, 6).Draw(t, name)
}

func TestPA5_MoreProofsNeverLowerTheLevel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy, since := aPolicy(t), minute(rapid.IntRange(0, 60).Draw(t, "since"))
		some, more := someProofs(t, "some"), someProofs(t, "more")
		before, after := Level(some, since, policy), Level(append(slices.Clone(some), more...), since, policy)
		if rank(after.ACR) < rank(before.ACR) {
			t.Fatalf("%q fell to %q", before.ACR, after.ACR)
		}
		if after.ACR == before.ACR && after.Time.Before(before.Time) {
			t.Fatalf("auth_time fell from %s to %s", before.Time, after.Time)
		}
		if after.ACR != "" && after.Time.Before(since) {
			t.Fatalf("auth_time %s is of a proof before %s", after.Time, since)
		}
		// The order of proofs says nothing.
		shuffled := rapid.Permutation(some).Draw(t, "shuffled")
		if diff := cmp.Diff(before, Level(shuffled, since, policy)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestTD2_ATrustedDeviceRaisesNoLevel: it stands in for what policy wants and
// for nothing that a request asks for, whatever it was trusted under.
func TestTD2_ATrustedDeviceRaisesNoLevel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		policy, proofs := aPolicy(t), someProofs(t, "proofs")
		class := rapid.SampledFrom(append([]string{""}, acrs...))
		trust := Trust{
			Now: noon, User: &storage.User{ID: "u1"}, Client: &client.Client{Metadata: client.Metadata{TrustDevices: true}},
			Device: &storage.TrustedDevice{UserID: "u1", ACR: class.Draw(t, "device"), ExpiresAt: minute(1)},
			Wanted: class.Draw(t, "wanted"), Asked: class.Draw(t, "asked"),
		}
		reached := Level(proofs, time.Time{}, policy)
		if !policy.Stands(trust) {
			return
		}
		if rank(trust.Device.ACR) < rank(trust.Wanted) {
			t.Fatalf("a device of %q stands in for %q", trust.Device.ACR, trust.Wanted)
		}
		if rank(trust.Asked) > rank(ACRPassword) {
			t.Fatalf("a device stands in for %q, which the request asks to be shown", trust.Asked)
		}
		onlyPassword := !slices.ContainsFunc(proofs, func(p storage.Proof) bool { return p.Kind != storage.FactorPassword })
		if onlyPassword && (rank(reached.ACR) > rank(ACRPassword) || slices.Contains(reached.AMR, "mfa")) {
			t.Fatalf("a password on a trusted device is called %q %v", reached.ACR, reached.AMR)
		}
	})
}

// The names of the classes are listed where rules for clients are judged, too.
func TestClassesAreThoseOfClients(t *testing.T) {
	t.Parallel()
	if want := []string{ACRPassword, ACRCode, ACRTwoFactor, ACRPhishingResistant}; !slices.Equal(want, client.ACRs()) {
		t.Errorf("client.ACRs is %v, want %v", client.ACRs(), want)
	}
}

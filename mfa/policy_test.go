package mfa

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

func TestPolicyWants(t *testing.T) {
	t.Parallel()
	nobody, enrolled := &storage.User{}, &storage.User{Credentials: 1}
	admin := &storage.User{Roles: []string{"admin"}}
	strictClient := &client.Client{Metadata: client.Metadata{RequireMFA: true}}
	passkeysOnly := &client.Client{Metadata: client.Metadata{RequireMFA: true, Factors: []storage.FactorKind{storage.FactorPasskey}}}
	passkeysIfAny := &client.Client{Metadata: client.Metadata{Factors: []storage.FactorKind{storage.FactorPasskey}}}
	for name, test := range map[string]struct {
		change func(*Policy)
		user   *storage.User
		client *client.Client
		want   string
	}{
		"optional":                        {nil, nobody, &client.Client{}, ACRPassword},
		"optional, but enrolled":          {nil, enrolled, &client.Client{}, ACRTwoFactor},
		"required":                        {func(p *Policy) { p.Required = true }, nobody, nil, ACRTwoFactor},
		"required of a role":              {func(p *Policy) { p.RequiredRoles = []string{"admin"} }, admin, nil, ACRTwoFactor},
		"required of another role":        {func(p *Policy) { p.RequiredRoles = []string{"root"} }, admin, nil, ACRPassword},
		"required by the client":          {nil, nobody, strictClient, ACRTwoFactor},
		"sent codes count":                {func(p *Policy) { p.CountSMS = true }, nobody, strictClient, ACRCode},
		"only passkeys count":             {nil, nobody, passkeysOnly, ACRPhishingResistant},
		"only passkeys count, by choice":  {nil, enrolled, passkeysIfAny, ACRTwoFactor},
		"nothing that is allowed counts":  {func(p *Policy) { p.Allowed = []storage.FactorKind{storage.FactorSMS} }, nobody, strictClient, ACRTwoFactor},
		"allowed and counting are passed": {func(p *Policy) { p.Allowed, p.CountSMS = []storage.FactorKind{storage.FactorSMS}, true }, nobody, strictClient, ACRCode},
	} {
		t.Run(name, func(t *testing.T) {
			policy := DefaultPolicy()
			if test.change != nil {
				test.change(&policy)
			}
			if got := policy.Wants(test.user, test.client); got != test.want {
				t.Errorf("Wants = %q, want %q", got, test.want)
			}
		})
	}
}

func TestPK3_PolicyGuards(t *testing.T) {
	t.Parallel()
	reachable := storage.User{Email: "a@example.com", EmailVerified: true, PhoneVerified: true}
	withApp, byReset := reachable, reachable
	withApp.Credentials, byReset.ResetByEmail = 1, true
	byEmail, bySMS := func(p *Policy) { p.CountEmail = true }, func(p *Policy) { p.CountSMS = true }
	for name, test := range map[string]struct {
		change func(*Policy)
		user   storage.User
		want   string
	}{
		"a password alone":                   {func(*Policy) {}, reachable, ACRPassword},
		"an app":                             {func(*Policy) {}, withApp, ACRTwoFactor},
		"an app, and email counts":           {byEmail, withApp, ACRTwoFactor},
		"email counts":                       {byEmail, reachable, ACRCode},
		"email counts, and set the password": {byEmail, byReset, ACRPassword},
		"email counts, unproven":             {byEmail, storage.User{Email: "a@example.com"}, ACRPassword},
		"SMS counts":                         {bySMS, reachable, ACRCode},
		"an app that does not count":         {func(p *Policy) { p.Allowed = []storage.FactorKind{storage.FactorEmail} }, withApp, ACRPassword},
	} {
		t.Run(name, func(t *testing.T) {
			policy := DefaultPolicy()
			test.change(&policy)
			if got := policy.Guards(&test.user); got != test.want {
				t.Errorf("Guards = %q, want %q", got, test.want)
			}
		})
	}
}

func TestPolicyMayPutOff(t *testing.T) {
	t.Parallel()
	week := 7 * 24 * time.Hour
	for name, test := range map[string]struct {
		grace time.Duration
		user  storage.User
		want  bool
	}{
		"never asked":          {week, storage.User{}, true},
		"asked within grace":   {week, storage.User{FactorAskedAt: noon.Add(-week + 1)}, true},
		"grace is over":        {week, storage.User{FactorAskedAt: noon.Add(-week)}, false},
		"no grace":             {0, storage.User{}, false},
		"has a factor already": {week, storage.User{Credentials: 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			policy := DefaultPolicy()
			policy.EnrollGrace = test.grace
			if got := policy.MayPutOff(&test.user, noon); got != test.want {
				t.Errorf("MayPutOff = %t", got)
			}
		})
	}
}

func TestTD2_WhenADeviceStandsIn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Policy, *Trust)
		want   bool
	}{
		"it stands in":                       {func(*Policy, *Trust) {}, true},
		"a password was asked for":           {func(_ *Policy, t *Trust) { t.Asked = ACRPassword }, true},
		"a second factor was asked for":      {func(_ *Policy, t *Trust) { t.Asked = ACRTwoFactor }, false},
		"a class of others was asked for":    {func(_ *Policy, t *Trust) { t.Asked = "urn:other" }, false},
		"policy wants more than was shown":   {func(_ *Policy, t *Trust) { t.Wanted = ACRPhishingResistant }, false},
		"policy is off":                      {func(p *Policy, _ *Trust) { p.TrustFor = 0 }, false},
		"the client does not count trust":    {func(_ *Policy, t *Trust) { t.Client = &client.Client{} }, false},
		"the account page":                   {func(_ *Policy, t *Trust) { t.Client = nil }, false},
		"no device":                          {func(_ *Policy, t *Trust) { t.Device = nil }, false},
		"another person's":                   {func(_ *Policy, t *Trust) { t.User = &storage.User{ID: "u2", PasswordEpoch: 3} }, false},
		"the password was changed":           {func(_ *Policy, t *Trust) { t.User = &storage.User{ID: "u1", PasswordEpoch: 4} }, false},
		"it has expired":                     {func(_ *Policy, t *Trust) { t.Now = t.Device.ExpiresAt }, false},
		"it was trusted under a lower class": {func(_ *Policy, t *Trust) { t.Device.ACR = ACRCode }, false},
	} {
		t.Run(name, func(t *testing.T) {
			policy, trust := DefaultPolicy(), Trust{
				Now: noon, User: &storage.User{ID: "u1", PasswordEpoch: 3}, Client: &client.Client{Metadata: client.Metadata{TrustDevices: true}},
				Device: &storage.TrustedDevice{UserID: "u1", PasswordEpoch: 3, ACR: ACRTwoFactor, ExpiresAt: minute(1)},
				Wanted: ACRTwoFactor,
			}
			test.change(&policy, &trust)
			if got := policy.Stands(trust); got != test.want {
				t.Errorf("Stands = %t", got)
			}
		})
	}
}

func TestOffer(t *testing.T) {
	t.Parallel()
	const (
		totpKind, passkey = storage.FactorTOTP, storage.FactorPasskey
		email, recovery   = storage.FactorEmail, storage.FactorRecovery
	)
	type kinds = []storage.FactorKind
	person := func(of ...storage.FactorKind) Person {
		p := Person{User: &storage.User{Email: "a@example.com", EmailVerified: true}}
		for _, k := range of {
			if k == recovery {
				p.Recovery.Remaining = 3
				continue
			}
			p.User.Credentials++
			p.Credentials = append(p.Credentials, storage.Credential{Kind: k})
		}
		return p
	}
	locked := func(p Person, l ...storage.Lockout) Person {
		p.Lockouts = l
		return p
	}
	passkeysOnly := &client.Client{Metadata: client.Metadata{RequireMFA: true, Factors: kinds{passkey}}}
	for name, test := range map[string]struct {
		change func(*Policy)
		demand Demand
		want   Offer
	}{
		"best first": {nil, Demand{Person: person(totpKind, passkey, recovery), Wanted: ACRTwoFactor, Have: ACRPassword},
			Offer{Ask: kinds{passkey, totpKind, recovery}, Default: passkey}},
		"an email code that counts": {func(p *Policy) { p.CountEmail = true }, Demand{Person: person(), Wanted: ACRCode, Have: ACRPassword},
			Offer{Ask: kinds{email}, Default: email}},
		"what does not reach it is not asked for": {func(p *Policy) { p.CountEmail = true }, Demand{Person: person(totpKind), Wanted: ACRTwoFactor, Have: ACRPassword},
			Offer{Ask: kinds{totpKind}, Default: totpKind}},
		"nothing enrolled": {nil, Demand{Person: person(), Wanted: ACRTwoFactor, Have: ACRPassword},
			Offer{Enroll: kinds{passkey, totpKind}}},
		"show what you have before you add more": {nil, Demand{Person: person(totpKind), Wanted: ACRPhishingResistant, Have: ACRPassword},
			Offer{Ask: kinds{totpKind}, Default: totpKind, Guards: true}},
		"then add what reaches it": {nil, Demand{Person: person(totpKind), Wanted: ACRPhishingResistant, Have: ACRTwoFactor},
			Offer{Enroll: kinds{passkey}}},
		"locked is offered last": {nil, Demand{Person: locked(person(totpKind, passkey), storage.Lockout{Kind: passkey, LockedUntil: minute(1)}), Wanted: ACRTwoFactor, Have: ACRPassword},
			Offer{Ask: kinds{passkey, totpKind}, Default: totpKind}},
		"disabled is not offered": {nil, Demand{Person: locked(person(totpKind, recovery), storage.Lockout{Kind: totpKind, DisabledAt: noon}), Wanted: ACRTwoFactor, Have: ACRPassword},
			Offer{Ask: kinds{recovery}, Default: recovery}},
		"disabled is not got past by enrolling": {nil, Demand{Person: locked(person(totpKind), storage.Lockout{Kind: totpKind, DisabledAt: noon}), Wanted: ACRTwoFactor, Have: ACRPassword},
			Offer{}},
		"the client takes passkeys alone": {nil, Demand{Person: person(passkey, recovery), Client: passkeysOnly, Wanted: ACRPhishingResistant, Have: ACRPassword},
			Offer{Ask: kinds{passkey}, Default: passkey}},
		"nobody gets past an app by a client that takes passkeys alone": {nil, Demand{Person: person(totpKind), Client: passkeysOnly, Wanted: ACRPhishingResistant, Have: ACRPassword},
			Offer{Ask: kinds{totpKind}, Default: totpKind, Guards: true}},
		"an email code is not what an app guards": {func(p *Policy) { p.CountEmail = true },
			Demand{Person: person(totpKind), Wanted: ACRPhishingResistant, Have: ACRCode},
			Offer{Ask: kinds{totpKind}, Default: totpKind, Guards: true}},
		"nobody gets past email that counts by a client that takes passkeys alone": {func(p *Policy) { p.CountEmail = true },
			Demand{Person: person(), Client: passkeysOnly, Wanted: ACRPhishingResistant, Have: ACRPassword},
			Offer{Ask: kinds{email}, Default: email, Guards: true}},
		"who showed it adds the passkey": {nil, Demand{Person: person(totpKind), Client: passkeysOnly, Wanted: ACRPhishingResistant, Have: ACRTwoFactor},
			Offer{Enroll: kinds{passkey}}},
	} {
		t.Run(name, func(t *testing.T) {
			policy := DefaultPolicy()
			if test.change != nil {
				test.change(&policy)
			}
			f, err := New(Config{Issuer: issuer, Brand: "Latchkey", Policy: policy})
			if err != nil {
				t.Fatal(err)
			}
			test.demand.Now = noon
			if diff := cmp.Diff(test.want, f.Offer(test.demand), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

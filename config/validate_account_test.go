package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/storage"
)

const withMail = "mail: {smtp_url: 'smtps://mail.example', from: id@example.com}\n"

func TestAccounts(t *testing.T) {
	runValidatorCases(t, map[string]validatorCase{
		"sign-up without mail":  {yaml: "sign_up: {mode: open}", want: []string{"sign_up.mode (line 1): open sends messages, so it needs mail.smtp_url"}},
		"invitations, no mail":  {yaml: "sign_up: {mode: invitation}", want: []string{"invitation sends messages"}},
		"sign-up with mail":     {yaml: withMail + "sign_up: {mode: open, username: required}"},
		"sign-up off":           {yaml: "sign_up: {mode: off, username: off}"},
		"no mode":               {yaml: "sign_up: {mode: yes}", want: []string{`"yes" is not supported; use off, open or invitation`}},
		"stale evidence":        {yaml: "account: {fresh_for: 2d}", want: []string{"account.fresh_for (line 1): 2d is too long; use at most 1d"}},
		"deleted at once":       {yaml: "account: {deletion_grace: 0s}"},
		"reset for a week":      {yaml: "account: {links: {reset: 7d}}", want: []string{"account.links.reset (line 1): 7d is too long; use at most 1d"}},
		"code outlives link":    {yaml: "account: {links: {verify: 10m}}", want: []string{"account.links.code (line 1): 30m is too long; use at most 10m"}},
		"for ever":              {yaml: "audit: {retention: 0s}"},
		"kept for an hour":      {yaml: "audit: {retention: 1h}", want: []string{"audit.retention (line 1): 1h is too short; use at least 1d"}},
		"no brand":              {yaml: "branding: {name: ''}", want: []string{"branding.name (line 1): use 1 to 64 characters"}},
		"color by name":         {yaml: "branding: {accent_color: red}", want: []string{`"red" is not a color; write it like #1f6feb`}},
		"color with style":      {yaml: "branding: {accent_color: '#123456;}'}", want: []string{"is not a color"}},
		"logo by script":        {yaml: "branding: {logo_uri: 'javascript:alert(1)'}", want: []string{"branding.logo_uri (line 1)"}},
		"support by mail":       {yaml: "branding: {support_uri: 'mailto:help@example.com'}"},
		"support by page":       {yaml: "branding: {support_uri: https://help.example.com/}"},
		"support by script":     {yaml: "branding: {support_uri: 'javascript:alert(1)'}", want: []string{"branding.support_uri (line 1)"}},
		"complete brand":        {yaml: "branding: {name: Example, logo_uri: https://example.com/logo.svg, accent_color: '#1F6feb', privacy_uri: https://example.com/p, terms_uri: https://example.com/t}"},
		"PW2 short alone":       {yaml: "password: {min_length: 14}", want: []string{"password.min_length (line 1): use 15 to 64"}},
		"PW2 short beside":      {yaml: "password: {min_length_with_factor: 7}", want: []string{"password.min_length_with_factor (line 1): use 8 to 64"}},
		"PW2 the wrong way":     {yaml: "password: {min_length_with_factor: 20}", want: []string{"it is more than min_length (15)"}},
		"PW2 nobody can choose": {yaml: "password: {min_length: 200}", want: []string{"use 15 to 64"}},
	})
}

func TestMFAPolicy(t *testing.T) {
	runValidatorCases(t, map[string]validatorCase{
		"always":               {yaml: "mfa: {required: always}"},
		"role without one":     {yaml: "mfa: {required: role}", want: []string{"mfa.roles (line 1): required with mfa.required: role"}},
		"role":                 {yaml: "mfa: {required: role, roles: [admin, staff]}"},
		"roles for nothing":    {yaml: "mfa: {roles: [admin]}", want: []string{"they have no effect with mfa.required: never"}},
		"breach look-up":       {yaml: "password: {breach_lookup_url: 'https://api.pwnedpasswords.com/range/'}"},
		"breach look-up clear": {yaml: "password: {breach_lookup_url: 'http://api.example.com/range/'}", want: []string{"use an https address"}},
		"role with a comma":    {yaml: "mfa: {required: role, roles: ['a,b']}", want: []string{"is not a valid role"}},
		"role twice":           {yaml: "mfa: {required: role, roles: [a, a]}", want: []string{"listed twice"}},
		"acr aliases":          {yaml: "mfa: {acr_aliases: [{name: 'http://eidas.europa.eu/LoA/high', class: phr}, {name: aal2, class: aal2}, {name: a b, class: mfa}, {name: u, class: aal1}, {name: u}]}", want: []string{"mfa.acr_aliases[1].name (line 1): \"aal2\" is the name of a class itself", "mfa.acr_aliases[2].name (line 1): use 1 to 256", "mfa.acr_aliases[4].name (line 1): \"u\" is listed twice", "mfa.acr_aliases[4].class (line 1): required"}},
		"no factors":           {yaml: "mfa: {factors: []}", want: []string{"mfa.factors (line 1): name at least one factor"}},
		"only recovery":        {yaml: "mfa: {factors: [recovery]}", want: []string{"name at least one factor that people can enroll"}},
		"factor twice":         {yaml: "mfa: {factors: [totp, totp]}", want: []string{"listed twice"}},
		"unknown factor":       {yaml: "mfa: {factors: [totp, palm]}", want: []string{`"palm" is not supported; use passkey, totp, recovery, email or sms`}},
		"EO2 mail is off":      {yaml: "mfa: {factors: [totp, email]}", want: []string{"email needs mail.smtp_url"}},
		"EO2 mail is on":       {yaml: withMail + "mfa: {factors: [totp, email]}"},
		"EO2 long code":        {yaml: "mfa: {code_lifetime: 11m}", want: []string{"11m is too long; use at most 10m"}},
		"EO2 many tries":       {yaml: "mfa: {tries: 11}", want: []string{"mfa.tries (line 1): use 1 to 10"}},
		"PA1 long pause":       {yaml: "mfa: {partial_lifetime: 6m}", want: []string{"6m is too long; use at most 5m"}},
		"binding":              {yaml: "mfa: {bind_address: exact}"},
		"trust for ever":       {yaml: "mfa: {trusted_device_lifetime: 400d}", want: []string{"use at most 366d"}},
		"never disabled":       {yaml: "mfa: {lockout: {disable_after: 101}}", want: []string{"mfa.lockout.disable_after (line 1): use 1 to 100"}},
		"disabled at once":     {yaml: "mfa: {lockout: {disable_after: 5}}", want: []string{"mfa.lockout.free (line 1): it must be less than disable_after (5)"}},
	})
}

func TestClientPolicy(t *testing.T) {
	const (
		public  = "type: public"
		address = "redirect_uris: [https://a.example/cb]"
	)
	service := []string{"id: a", "type: service", "secret: env:STRONG"}
	runValidatorCases(t, map[string]validatorCase{
		"all of it":            {yaml: clientYAML("id: a", public, address, "require_verified_email: true", "require_mfa: true", "trust_devices: true", "factors: [passkey]", "accent_color: '#00aa11'")},
		"nobody can have it":   {yaml: clientYAML("id: a", public, address, "factors: [passkey, sms]"), want: []string{"clients[0].factors[1] (line 5): sms is not among mfa.factors"}},
		"none":                 {yaml: clientYAML("id: a", public, address, "factors: []"), want: []string{"name at least one factor"}},
		"no color":             {yaml: clientYAML("id: a", public, address, "accent_color: blue"), want: []string{"is not a color"}},
		"service verified":     {yaml: clientYAML(append(service, "require_verified_email: true")...), want: []string{"it has no effect for a service client"}},
		"service with factors": {yaml: clientYAML(append(service, "require_mfa: true", "factors: [totp]")...), want: []string{"require_mfa (line 5): it has no effect", "factors (line 6): it has no effect"}},
		"service told":         {yaml: clientYAML(append(service, "backchannel_logout_uri: https://a.example/out")...), want: []string{"backchannel_logout_uri (line 5): it has no effect"}},
		"told elsewhere":       {yaml: clientYAML("id: a", public, address, "frontchannel_logout_uri: https://b.example/out"), want: []string{"frontchannel_logout_uri (line 5): \"https://b.example/out\" does not have the origin of a redirect URI"}},
		"told in clear":        {yaml: clientYAML("id: a", public, address, "backchannel_logout_uri: http://a.example/out"), want: []string{"backchannel_logout_uri (line 5): \"http://a.example/out\": use https"}},
		"service with trust":   {yaml: clientYAML(append(service, "trust_devices: true")...), want: []string{"trust_devices (line 5): it has no effect"}},
	})
}

// A default of a whole mapping reaches its keys, and a file changes one of them alone.
func TestDefaultsOfAMapping(t *testing.T) {
	c := mustLoad(t, "limits: {sign_in: {per_pair: {free: 3}}}", serveEnv())
	want := storage.Backoff{Free: 3, Base: 10 * time.Second, Max: 15 * time.Minute, Window: time.Hour}
	if diff := cmp.Diff(want, c.Limits.SignIn.PerPair.Storage()); diff != "" {
		t.Errorf("per_pair: %s", diff)
	}
	if got := c.Limits.SignIn.PerAccount.Free; got != 20 {
		t.Errorf("per_account.free = %d, want its own default", got)
	}
	if diff := cmp.Diff(storage.Backoff{Free: 5, Base: time.Minute, Max: time.Hour}, c.MFA.Lockout.Storage()); diff != "" {
		t.Errorf("lockout: %s", diff)
	}
	if diff := cmp.Diff([]storage.FactorKind{storage.FactorPasskey, storage.FactorTOTP, storage.FactorRecovery}, c.MFA.Factors); diff != "" {
		t.Errorf("mfa.factors: %s", diff)
	}
}

package main

// mutants are the checks that are taken away, each with the requirement that
// rests on it.
var mutants = []mutant{
	{
		"AZ2", "any method of PKCE is taken", "op/authrequest.go",
		`method != string(oidc.CodeChallengeMethodS256):`, `false:`, "./op", "AZ2",
	},
	{
		"AZ2", "any challenge is taken", "op/authrequest.go",
		`case !isS256Challenge(challenge):`, `case false:`, "./op", "AZ2",
	},
	{
		"TP3", "a code may be five steps off", "mfa/totp.go",
		`step := current - totpDrift; step <= current+totpDrift;`, `step := current - 5; step <= current+5;`, "./mfa", "TP3",
	},
	{
		"TH3", "a device that is known to anybody is known to everybody", "login/knowndevice.go",
		`return p.cfg.Hasher.Verify(sum, knownDevicePurpose, id, string(user.ID))`, `return sum != ""`, "./login", "TH[123]",
	},
	{
		"PA1", "a sign-in under way lives for ever", "login/partial.go",
		`now.Sub(part.StartedAt) <= partialMaxAge`, `now.Sub(part.StartedAt) <= 1000*partialMaxAge`, "./login", "PA1",
	},
	{
		"PA1", "a sign-in under way is completed twice", "login/partial.go",
		`		return errAttemptOver(err)
	}
	if err != nil {
		return unavailable("take partial sign-in", err)`, `		return nil
	}
	if err != nil {
		return unavailable("take partial sign-in", err)`, "./login", "PA1",
	},
	{
		"FE1", "what guards an account changes on any evidence", "account/authorize.go",
		`if mfa.AtLeast(by.reached(s.cfg.Now(), s.cfg.Policy), needs) {`, `if needs != "" {`, "./account", "FE1",
	},
	{
		"RE4", "an intruder's own undo outlives the owner's", "storage/sqlstore/recover.go",
		`DELETE FROM former_addresses WHERE user_id = $1 AND epoch >= $2`, `DELETE FROM former_addresses WHERE user_id = $1 AND epoch = $2`, "./account", "RE4",
	},
	{
		"CS1", "any form token will do", "login/ui/csrf.go",
		`return browser != "" && u.cfg.Hasher.Verify(r.PostFormValue(csrfField), "csrf", browser)`, `return browser != "" && r.PostFormValue(csrfField) != ""`, "./login/ui", "CS1",
	},
	{
		"EO2", "a code that was sent lives for as long as its entry", "mfa/code.go",
		`if !a.Now.Before(code.ExpiresAt) {`, `if false {`, "./mfa", "EO2",
	},
	{
		"RC3", "a recovery code is taken twice", "mfa/recovery.go",
		`return storage.Proof{}, entry.fail(ctx, errors.New("code was used"))`, `return entry.pass(ctx, storage.Proof{})`, "./mfa", "RC3",
	},
	{
		"TK1", "a code may wait for an hour", "op/code.go",
		`const maxCodeLifetime = time.Minute`, `const maxCodeLifetime = time.Hour`, "./op", "TK1_ALonger",
	},
	{
		"RF2", "a refresh token that is used again ends nothing", "op/grant_refresh.go",
		`err := p.revokeAfterAttack(ctx, r, &g.Grant, storage.RevokedReuse, storage.EventRefreshReuse)`, `var err error`, "./op", "RF2_Reuse",
	},
	{
		"KY5", "a refresh token of an unknown key is a forged one", "op/grant_refresh.go",
		`return nil, unavailable("read refresh token", err)`, `return nil, fmt.Errorf("%w: of an unknown key", errRefreshToken)`, "./op", "KY5",
	},
	{
		"TH1", "one address may try any number of accounts", "login/limits.go",
		`		return p.limitOf("sign_in_address", b, network)`, `		return p.limitOf("sign_in_address", b, network, username)`, "./login", "TH1_SignIn",
	},
}

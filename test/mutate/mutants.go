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
}

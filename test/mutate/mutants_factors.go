package main

// factors are the checks of second factors, passkeys and trusted devices.
var factors = []mutant{
	{
		"TP1", "a TOTP secret opens in another row", "mfa/totp.go",
		`Row: string(id) + "." + string(userID)}`,
		`Row: ""}`,
		"./mfa", "TP1",
	},
	{
		"TP2", "a step of TOTP passes twice", "storage/sqlstore/credentials.go",
		`CASE WHEN kind = $6 THEN counter < $1 ELSE`,
		`CASE WHEN kind = $6 THEN $1 > 0 ELSE`,
		"./storage/sqlstore", "TestContract/sqlite",
	},
	{
		"TP3", "a code may be five steps off", "mfa/totp.go",
		`step := current - totpDrift; step <= current+totpDrift;`,
		`step := current - 5; step <= current+5;`,
		"./mfa", "TP3",
	},
	{
		"TP4", "an authenticator is enrolled without a code of it", "mfa/totp.go",
		`	if !ok {
		return storage.Credential{}, &WrongError`,
		`	if !ok && false {
		return storage.Credential{}, &WrongError`,
		"./mfa", "TP4",
	},
	{
		"TP4", "the code of an enrollment signs in", "mfa/totp.go",
		`Secret: pending.Sealed, Counter: step,`,
		`Secret: pending.Sealed, Counter: step - 1000,`,
		"./mfa", "TP4",
	},
	{
		"EO2", "a code that was sent lives for as long as its entry", "mfa/code.go",
		`if !a.Now.Before(code.ExpiresAt) {`,
		`if false {`,
		"./mfa", "EO2",
	},
	{
		"EO2", "a code of one attempt passes in another", "mfa/code.go",
		`return []string{string(s.kind), s.purpose, a.ID, string(a.Person.User.ID), to, code}`,
		`return []string{string(s.kind), s.purpose, string(a.Person.User.ID), to, code}`,
		"./mfa", "EO2",
	},
	{
		"EO3", "any number of codes is sent", "mfa/code.go",
		`		if n > int64(c.max) {`,
		`		if n < 0 {`,
		"./mfa", "EO3",
	},
	{
		"EO4", "messages go to any country", "mfa/sms.go",
		`if !u.PhoneVerified || cfg.SMS.country(u.Phone) == "" {`,
		`if !u.PhoneVerified {`,
		"./mfa", "EO4",
	},
	{
		"EO4", "nobody hears of a pot that runs low", "mfa/code.go",
		`case nth == runsLow(c.max):`,
		`case false:`,
		"./mfa", "EO4",
	},
	{
		"LK1", "confirmations empty the pots of factors", "mfa/sms.go",
		`name := "mfa:sms:" + purpose + ":"`,
		`name := "mfa:sms:"`,
		"./mfa", "LK1",
	},
	{
		"TH2", "an attempt has any number of tries", "mfa/attemptlimiter.go",
		`if n > int64(g.cfg.Policy.Tries) {`,
		`if n < 0 {`,
		"./mfa", "TH2",
	},
	{
		"TH2", "failures of many attempts lock nothing", "mfa/attemptlimiter.go",
		`case now.Before(l.LockedUntil):`,
		`case false:`,
		"./mfa", "TH2",
	},
	{
		"TH2", "a factor is never disabled", "mfa/attemptlimiter.go",
		`case !l.DisabledAt.IsZero():`,
		`case false:`,
		"./mfa", "TH2",
	},
	{
		"RC3", "a recovery code is taken twice", "mfa/recovery.go",
		`return storage.Proof{}, entry.fail(ctx, errors.New("code was used"))`,
		`return entry.pass(ctx, storage.Proof{})`,
		"./mfa", "RC3",
	},
	{
		"RC4", "a new set of recovery codes leaves the old one", "storage/sqlstore/recoverycodes.go",
		"`DELETE FROM recovery_codes WHERE user_id = $1`",
		"`DELETE FROM recovery_codes WHERE user_id = $1 AND FALSE`",
		"./storage/sqlstore", "TestContract/sqlite",
	},
	{
		"RE1", "a code by email counts beside a password that was reset by email", "mfa/email.go",
		`if !u.EmailVerified || u.ResetByEmail {`,
		`if !u.EmailVerified {`,
		"./mfa", "RE1",
	},
	{
		"PK1", "a challenge is answered twice", "mfa/passkey.go",
		`session, err := p.challenges().Take(ctx, challengeEntry(ceremony, a, challenge))`,
		`session, _, err := p.challenges().Get(ctx, challengeEntry(ceremony, a, challenge))`,
		"./mfa", "PK1",
	},
	{
		"PK1", "a challenge of one attempt is answered in another", "mfa/passkey.go",
		`return ephemeral.Name(string(ceremony), a.ID, userID, challenge)`,
		`return ephemeral.Name(string(ceremony), userID, challenge)`,
		"./mfa", "PK1",
	},
	{
		"PK2", "a passkey whose counter fell is only used meanwhile", "mfa/passkey.go",
		`if used.Authenticator.CloneWarning {`,
		`if false {`,
		"./mfa", "PK2",
	},
	{
		"PK2", "a passkey that verified somebody once always does", "mfa/passkey.go",
		`UserVerified: r.Response.AuthenticatorData.Flags.HasUserVerified(),`,
		`UserVerified: true,`,
		"./mfa", "PK2|PK1",
	},
	{
		"PK3", "an enrolled factor guards nothing", "mfa/policy.go",
		`case u.Credentials > 0 && AtLeast(p.Reaches(k), ACRTwoFactor):`,
		`case false:`,
		"./mfa", "PK3",
	},
	{
		"TD1", "a trusted device is anybody's", "mfa/devices.go",
		`string(device.ID) != id || device.UserID != u.ID ||`,
		`string(device.ID) != id ||`,
		"./mfa", "TD",
	},
	{
		"TD2", "a trusted device stands in where a class is asked for", "mfa/policy.go",
		`AtLeast(t.Device.ACR, t.Wanted) && AtLeast(ACRPassword, t.Asked)`,
		`AtLeast(t.Device.ACR, t.Wanted)`,
		"./mfa", "TD2",
	},
	{
		"TD3", "a trusted device outlives the password", "mfa/policy.go",
		`t.Device.UserID == t.User.ID && t.Device.PasswordEpoch == t.User.PasswordEpoch &&`,
		`t.Device.UserID == t.User.ID &&`,
		"./mfa", "TD[23]",
	},
}

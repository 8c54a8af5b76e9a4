package main

// accounts are the checks of account changes: who may, and what an owner takes back.
var accounts = []mutant{
	{
		"FE1", "what guards an account changes on any evidence", "account/authorize.go",
		`if mfa.AtLeast(by.reached(s.cfg.Now(), s.cfg.Policy), needs) {`,
		`if needs != "" {`,
		"./account", "FE1",
	},
	{
		"FE1", "what guards an account changes on old evidence", "account/actor.go",
		`since := now.Add(-policy.FreshFor)`,
		`since := now.Add(-1000 * policy.FreshFor)`,
		"./account", "FE1",
	},
	{
		"FE1", "whoever is somebody changes what is anybody's", "account/authorize.go",
		`if by.is(user.ID) && act.self != never {`,
		`if act.self != never {`,
		"./account", "FE1",
	},
	{
		"FE1", "a browser in which nobody signed in changes accounts", "account/authorize.go",
		`		if act.self != never {
			return ErrSignIn`,
		`		if act.self != never {
			return nil`,
		"./account", "FE1",
	},
	{
		"FE1", "a factor is enrolled on old evidence", "login",
		`return mfa.Level(s.Proofs, later(since, s.since()), *s.Policy)`,
		`return mfa.Level(s.Proofs, later(since.AddDate(-1, 0, 0), s.since()), *s.Policy)`,
		"./login/...", "FE1",
	},
	{
		"FE2", "an intruder's own undo outlives the owner's", "storage/sqlstore/recover.go",
		`DELETE FROM former_addresses WHERE user_id = $1 AND epoch >= $2`,
		`DELETE FROM former_addresses WHERE user_id = $1 AND epoch = $2`,
		"./account", "RE4|FE2",
	},
	{
		"FE2", "an intruder's factor outlives the owner's recovery", "storage/sqlstore/recover.go",
		"`DELETE FROM credentials WHERE user_id = $1 AND created_at >= $2`",
		"`DELETE FROM credentials WHERE user_id = $1 AND created_at < $2 AND FALSE`",
		"./account", "FE2",
	},
	{
		"FE2", "an intruder's recovery codes outlive the owner's recovery", "storage/sqlstore/recover.go",
		"`DELETE FROM recovery_codes WHERE user_id = $1 AND created_at >= $2`",
		"`DELETE FROM recovery_codes WHERE user_id = $1 AND created_at < $2 AND FALSE`",
		"./account", "FE2",
	},
	{
		"FE2", "an intruder's number outlives the owner's recovery", "storage/sqlstore/recover.go",
		"WHERE id = $1 AND phone_changed_at >= $2`",
		"WHERE id = $1 AND phone_changed_at >= $2 AND FALSE`",
		"./account", "FE2",
	},
	{
		"FE2", "an intruder's session outlives the owner's recovery", "storage/sqlstore/recover.go",
		`endAccess(ctx, tx, accessEnd{userID: c.UserID, offline: true,`,
		`endAccess(ctx, tx, accessEnd{userID: "", offline: true,`,
		"./storage/sqlstore", "TestContract/sqlite",
	},
	{
		"FE2", "a link that gives an account back works again", "storage/sqlstore/recover.go",
		`return o.moved.Time, o.back.IsZero()`,
		`return o.moved.Time, true`,
		"./storage/sqlstore", "TestContract/sqlite",
	},
	{
		"FE2", "the newest notice voids the owner's older ones", "storage/sqlstore/recover.go",
		`case !c.Since.IsZero() && c.Since.Before(o.moved.Time):`,
		`case !c.Since.IsZero() && c.Since.Before(o.moved.Time) && o.back.IsZero():`,
		"./account", "FE2",
	},
	{
		"FE2", "a notice to an address that may be a stranger's gives the account away", "account/service.go",
		`case !c.user.EmailVerified:`,
		`case false:`,
		"./account", "FE2",
	},
	{
		"FE2", "a message takes back no more than what it tells of", "account/service.go",
		`n.Since = s.Sitting(c.by)`,
		`n.Since = c.now`,
		"./account", "FE2_EachMessage",
	},
	{
		"FE2", "a message about a factor takes back that factor alone", "account/factors.go",
		`Since: earlier(credential.CreatedAt, s.Sitting(by))}`,
		`Since: earlier(credential.CreatedAt, c.now)}`,
		"./account", "FE2_EachMessage",
	},
	{
		"FE2", "stopping a change of address takes nothing back", "account/email.go",
		`if done.Recovers {`,
		`if done.Email == "" {`,
		"./account", "FE2_EachMessage|RE3",
	},
	{
		"FE2", "an undo leaves what was added before the address was moved", "account/email.go",
		`changed.Since = s.Sitting(c.by)`,
		`changed.Since = c.now`,
		"./account", "FE2_EachMessage",
	},
	{
		"FE2", "a message about a recovery code takes back nothing of before", "mfa/attemptlimiter.go",
		`if n.Since = a.Began; n.Since.IsZero() {`,
		`if n.Since = a.Now; n.Since.IsZero() {`,
		"./account", "FE2_EachMessage",
	},
	{
		"FE2", "a message takes back what is older than a reset may remove", "account/recover.go",
		`oldest := now.Add(-max(s.cfg.RecentFactors, s.cfg.Policy.FreshFor))`,
		`oldest := now.Add(-1000 * max(s.cfg.RecentFactors, s.cfg.Policy.FreshFor))`,
		"./account", "FE2_AMessageTakesBackNoMore",
	},
	{
		"FE2", "a reset removes factors of any age", "account/recover.go",
		`return s.cfg.Now().Add(-s.cfg.RecentFactors)`,
		`return s.cfg.Now().Add(-1000 * s.cfg.RecentFactors)`,
		"./account", "FE2",
	},
	{
		"FE3", "a change of address outlives the password that it was asked for under", "storage/sqlstore/account.go",
		"email_canonical IS NOT DISTINCT FROM $6 AND password_epoch = $7`",
		"email_canonical IS NOT DISTINCT FROM $6 AND $7 >= 0`",
		"./account", "FE3",
	},
	{
		"FE3", "an intruder's request races the owner's new password", "storage/sqlstore/users.go",
		`return fmt.Errorf("change under another password: %w", storage.ErrConsumed)`,
		`return errors.Unwrap(fmt.Errorf("change under another password"))`,
		"./storage/sqlstore", "TestContract/sqlite",
	},
	{
		"FE3", "signing out everywhere leaves changes that wait", "storage/sqlstore/sessions.go",
		`if except == "" { // what`,
		`if except == "never" { // what`,
		"./account", "FE3",
	},
	{
		"FE4", "a mailbox ends another browser's sign-up", "account/create.go",
		`		if !fits {`,
		`		if !fits && false {`,
		"./login/...", "FE4",
	},
	{
		"RE1", "a link works that went to an address which the account has left", "account/password.go",
		`r.User.PasswordEpoch == r.Epoch && r.User.Email == r.Email &&`,
		`r.User.PasswordEpoch == r.Epoch &&`,
		"./login/...", "RE1",
	},
	{
		"RE3", "the current address hears nothing of a change that is asked for", "account/email.go",
		`	if c.user.Email != "" {
		asked :=`,
		`	if c.user.Email == "never" {
		asked :=`,
		"./account", "RE3",
	},
	{
		"RE3", "the address that loses an account hears nothing", "account/recover.go",
		`if ident.Canonical(c.user.Email) != ident.Canonical(d.Email) {`,
		`if ident.Canonical(c.user.Email) == "never" {`,
		"./account", "RE3",
	},
	{
		"RE3", "a change of username is not told", "account/profile.go",
		`if err := s.notify(c, message.Notice{Kind: storage.MessageUsernameChanged}); err != nil {`,
		`if err := s.notify(&change{user: &storage.User{}}, message.Notice{Kind: storage.MessageUsernameChanged}); err != nil {`,
		"./account", "RE3",
	},
	{
		"RS1", "links that give an address back outlive a raised epoch", "storage/sqlstore/epoch.go",
		"`DELETE FROM former_addresses`",
		"`DELETE FROM former_addresses WHERE FALSE`",
		"./storage/sqlstore", "TestContract/sqlite",
	},
	{
		"RS1", "links that disown a change outlive a raised epoch", "storage/sqlstore/epoch.go",
		`email_epoch = email_epoch + 1, updated_at`,
		`updated_at`,
		"./storage/sqlstore", "TestContract/sqlite",
	},
	{
		"OT1", "a one-time token outlives its date", "account/onetime/redeem.go",
		`!right || !t.cfg.Now().Before(k.ExpiresAt):`,
		`!right:`,
		"./account/onetime", "OT1",
	},
	{
		"OT2", "a one-time token is spent twice", "account/onetime/entry.go",
		`err = t.entries.TakeIf(ctx, k.version)`,
		`err = ctx.Err()`,
		"./account/onetime", "OT2",
	},
	{
		"TH2", "codes of links may be guessed without end", "account/onetime/redeem.go",
		`if n > codeTries {`,
		`if n < 0 {`,
		"./account/onetime", "TH2",
	},
	{
		"PW1", "a verifier of another cost stays", "account/password/password.go",
		`return err != nil || v.Params != h.cfg.Params || len(v.hash) != hashSize`,
		`return err != nil || len(v.hash) != hashSize`,
		"./account/password", "PW1",
	},
	{
		"PW2", "passwords of any length are taken", "account/password/policy.go",
		`if utf8.RuneCountInString(password) < p.Least(about.WithFactor) {`,
		`if utf8.RuneCountInString(password) < 0 {`,
		"./account/password", "PW2",
	},
	{
		"PW3", "passwords that everybody tries are taken", "account/password/policy.go",
		`	case isCommon(folded):`,
		`	case false:`,
		"./account/password", "PW3",
	},
	{
		"EN2", "somebody who does not exist costs no hash", "account/password/password.go",
		`	_, err := h.Verify(ctx, h.dummy, password)
	return err`,
		`	return ctx.Err()`,
		"./account/password", "EN2",
	},
}

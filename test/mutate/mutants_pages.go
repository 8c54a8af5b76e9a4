package main

// pages are the checks of the hosted pages and of what they keep.
var pages = []mutant{
	{
		"TH3", "a device that is known to anybody is known to everybody", "login",
		`return is && err == nil`,
		`return is && err == nil || sum != ""`,
		"./login/...", "TH3_ADevice",
	},
	{
		"TH3", "a known device has no budget of its own", "login",
		`	if device, known := l.knows(r, user); known {
		return []limit{`,
		`	if device, known := l.knows(r, user); known && device == "" {
		return []limit{`,
		"./login/...", "TH3_Strangers",
	},
	{
		"TH1", "one address may try any number of accounts", "login",
		`return l.limitOf(signInAddress, b, network)`,
		`return l.limitOf(signInAddress, b, network, name)`,
		"./login/...", "TH1_SignIn",
	},
	{
		"TH1", "a person who has two names has two budgets", "login",
		`person = "id:" + string(user.ID)`,
		`person = "name:" + name`,
		"./login/...", "TH1_TwoNames",
	},
	{
		"EN2", "a refusal of somebody who is known writes a row", "login",
		`l.cfg.Hasher.Sum("limit", "throttled", refused.key, addressBucket(r.Context()))`,
		`l.cfg.Hasher.Sum("limit", "throttled", string(userID), addressBucket(r.Context()))`,
		"./login/...", "EN2|DS3",
	},
	{
		"PA1", "a sign-in under way lives for ever", "login",
		`s.cfg.Now().Sub(found.StartedAt) <= maxAge`,
		`s.cfg.Now().Sub(found.StartedAt) <= 1000*maxAge`,
		"./login/...", "PA1_APartialSignInEnds",
	},
	{
		"PA1", "a sign-in under way is completed twice", "login",
		`		return pageerror.AttemptOver(err)
	}
	if err != nil {
		return pageerror.Unavailable("take partial sign-in", err)`,
		`		return nil
	}
	if err != nil {
		return pageerror.Unavailable("take partial sign-in", err)`,
		"./login/...", "PA1_APartialSignInIsCompleted|PA1_OnePartial",
	},
	{
		"PA1", "a sign-in under way is of any flow", "login",
		`case !belongs:`,
		`case !belongs && false:`,
		"./login/...", "PA1_APartialSignInIsOfOneFlow",
	},
	{
		"PA4", "a sign-in under way goes on in another browser", "login",
		`why := found.Binding.differs(bindingOf(r, s.cfg.Binding), s.cfg.Binding)`,
		`why := ""`,
		"./login/...", "PA|Binding|Attempt",
	},
	{
		"CS1", "any form token will do", "ui/csrf.go",
		`return u.cfg.Hasher.Judge(r.PostFormValue(csrfField), "csrf", browser)`,
		`return r.PostFormValue(csrfField) != "", nil`,
		"./ui", "CS1",
	},
	{
		"SE1", "a session begins under another password", "storage/sqlstore/sessions.go",
		"WHERE id = $1 AND password_epoch = $2 AND disabled_at IS NULL`",
		"WHERE id = $1 AND $2 >= 0 AND disabled_at IS NULL`",
		"./login/...", "SE1",
	},
	{
		"SE3", "a session has no end", "storage/sqlstore/sessions.go",
		`WHERE s.secret_hash = $1 AND s.ends_at > $2 AND`,
		`WHERE s.secret_hash = $1 AND $2 > 0 AND`,
		"./login/...", "SE3",
	},
	{
		"SE3", "a step-up makes a session live longer", "login",
		`session.ExpiresAt, session.Remembered = old.ExpiresAt, old.Remembered`,
		`session.Remembered = old.Remembered`,
		"./login/...", "SE3_AStepUp",
	},
	{
		"SE5", "grants outlive their sessions", "storage/sqlstore/endings.go",
		"WHERE revoked_at IS NULL AND NOT offline AND sid IN `",
		"WHERE revoked_at IS NULL AND FALSE AND sid IN `",
		"./storage/sqlstore", "SE5",
	},
	{
		"BL1", "the end of a session is told to nobody", "storage/sqlstore/endings.go",
		`if err != nil || s.cfg.SessionsEnded == nil {`,
		`if err != nil || s.cfg.SessionsEnded != nil {`,
		"./storage/sqlstore", "SE5",
	},
	{
		"TD3", "a session rests on a device that is trusted no more", "storage/sqlstore/endings.go",
		`AND trusted_device <> '' AND ($2 = ''`,
		`AND FALSE AND ($2 = ''`,
		"./storage/sqlstore", "TestContract/sqlite",
	},
	{
		"LG3", "an event that was forged passes for one that waits", "storage/sqlstore/auditverify.go",
		`case !rows[i].proven(s.cfg.Hasher):`,
		`case false:`,
		"./storage/sqlstore", "LG3_WhatIsTampered",
	},
	{
		"LG3", "rows beside the chain are not seen", "storage/sqlstore/auditverify.go",
		`v.found(storage.AuditFinding{Problem: storage.AuditExtra,`,
		`_ = (storage.AuditFinding{Problem: storage.AuditExtra,`,
		"./storage/sqlstore", "LG3",
	},
	{
		"LG3", "a chain that was cut is whole", "storage/sqlstore/auditverify.go",
		`if chain.at != head {`,
		`if false {`,
		"./storage/sqlstore", "LG3",
	},
	{
		"AZ8", "a native client gets codes in silence", "client/client.go",
		`anybodys := c.Type == TypeNative && !strings.HasPrefix(redirectURI, "https://")`,
		`anybodys := c.Type == TypeNative && strings.HasPrefix(redirectURI, "never")`,
		"./client", "AZ8",
	},
	{
		"AZ8", "nobody is asked again for a wider scope", "login",
		`if !answers.ConsentedAt.IsZero() && covers(answers.Consented, asked) {`,
		`if !answers.ConsentedAt.IsZero() {`,
		"./login/...", "AZ|PA5|TestNext",
	},
	{
		"AZ6", "an assurance never ages", "mfa/age.go",
		`reached.Time.Before(oldest)`,
		`reached.Time.Before(oldest.AddDate(-1, 0, 0))`,
		"./mfa", "AZ6",
	},
	{
		"LG3", "an event of somebody who is there may be erased", "storage/sqlstore/chainreader.go",
		`	if !row.erased() {
		return nil, nil`,
		`	if !row.erased() || c != nil {
		return nil, nil`,
		"./storage/sqlstore", "LG3_WhoIsThere",
	},
	{
		"TH1", "a tag makes a mailbox of its own", "internal/ident/canonical.go",
		`tagged && mailbox != ""`,
		`tagged && mailbox == "never"`,
		"./internal/ident", "TH1|Limit",
	},
	{
		"TH1", "neighbouring networks of IPv6 are counted apart", "internal/web/address.go",
		`for _, bits := range []int{56, 48} {`,
		`for _, bits := range []int{} {`,
		"./internal/web", "TH1",
	},
	{
		"TH1", "strangers have any number of messages sent", "login",
		`return append(limits, refilling(l.Hasher, "messages_anonymous", all))`,
		`_ = all
	return limits`,
		"./login/...", "TH1_AllThat",
	},
	{
		"LK1", "strangers spend the messages of who is signed in", "login",
		`refilling(l.Hasher, "messages_member_destination",`,
		`refilling(l.Hasher, "messages_destination",`,
		"./login", "LK1_StrangersSpend",
	},
	{
		"FE4", "a mailbox moves another browser's account", "login",
		`"confirm.email_change", "", nil, true, p.confirmEmail}`,
		`"confirm.email_change", "", nil, false, p.confirmEmail}`,
		"./login/...", "FE4_AChange",
	},
}

package main

// pages are the checks of the hosted pages and of what they keep.
var pages = []mutant{
	{
		"TH3", "a device that is known to anybody is known to everybody", "login/limits/knowndevice.go",
		`return l.cfg.Hasher.Verify(sum, knownDevicePurpose, id, string(user.ID))`,
		`return sum != ""`,
		"./login", "TH3_ADevice",
	},
	{
		"TH3", "a known device has no budget of its own", "login/limits/limits.go",
		`	if device, known := l.knows(r, user); known {
		return []limit{`,
		`	if device, known := l.knows(r, user); known && device == "" {
		return []limit{`,
		"./login", "TH3_Strangers",
	},
	{
		"TH1", "one address may try any number of accounts", "login/limits/limits.go",
		`return l.limitOf(signInAddress, b, network)`,
		`return l.limitOf(signInAddress, b, network, name)`,
		"./login", "TH1_SignIn",
	},
	{
		"TH1", "a person who has two names has two budgets", "login/limits/limits.go",
		`person = "id:" + string(user.ID)`,
		`person = "name:" + name`,
		"./login", "TH1_TwoNames",
	},
	{
		"EN2", "a refusal of somebody who is known writes a row", "login/limits/limits.go",
		`l.cfg.Hasher.Sum("limit", "throttled", refused.key, addressBucket(r.Context()))`,
		`l.cfg.Hasher.Sum("limit", "throttled", string(userID), addressBucket(r.Context()))`,
		"./login", "EN2|DS3",
	},
	{
		"PA1", "a sign-in under way lives for ever", "login/partial/partial.go",
		`s.cfg.Now().Sub(found.StartedAt) <= maxAge`,
		`s.cfg.Now().Sub(found.StartedAt) <= 1000*maxAge`,
		"./login", "PA1_APartialSignInEnds",
	},
	{
		"PA1", "a sign-in under way is completed twice", "login/partial/partial.go",
		`		return pageerror.AttemptOver(err)
	}
	if err != nil {
		return pageerror.Unavailable("take partial sign-in", err)`,
		`		return nil
	}
	if err != nil {
		return pageerror.Unavailable("take partial sign-in", err)`,
		"./login", "PA1_APartialSignInIsCompleted|PA1_OnePartial",
	},
	{
		"PA1", "a sign-in under way is of any flow", "login/partial/partial.go",
		`if !s.cfg.Hasher.Verify(found.Interaction, interactionPurpose, in.ID) {`,
		`if false {`,
		"./login", "PA1_APartialSignInIsOfOneFlow",
	},
	{
		"PA4", "a sign-in under way goes on in another browser", "login/partial/partial.go",
		`why := found.Binding.differs(bindingOf(r, s.cfg.Binding), s.cfg.Binding)`,
		`why := ""`,
		"./login", "PA|Binding|Attempt",
	},
	{
		"CS1", "any form token will do", "login/ui/csrf.go",
		`return browser != "" && u.cfg.Hasher.Verify(r.PostFormValue(csrfField), "csrf", browser)`,
		`return browser != "" && r.PostFormValue(csrfField) != ""`,
		"./login/ui", "CS1",
	},
	{
		"SE1", "a session begins under another password", "storage/sqlstore/sessions.go",
		"WHERE id = $1 AND password_epoch = $2 AND disabled_at IS NULL`",
		"WHERE id = $1 AND $2 >= 0 AND disabled_at IS NULL`",
		"./login/session", "SE1",
	},
	{
		"SE3", "a session has no end", "storage/sqlstore/sessions.go",
		`WHERE s.secret_hash = $1 AND s.ends_at > $2 AND`,
		`WHERE s.secret_hash = $1 AND $2 > 0 AND`,
		"./login", "SE3",
	},
	{
		"SE3", "a step-up makes a session live longer", "login/session/create.go",
		`session.ExpiresAt = old.ExpiresAt // a step-up`,
		`_ = old.ExpiresAt // a step-up`,
		"./login/session", "SE3",
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
}

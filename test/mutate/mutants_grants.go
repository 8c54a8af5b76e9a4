package main

// grants are the checks of what clients prove and exchange: proofs of possession,
// assertions, pushed requests, devices, tokens of others; and of administration.
var grants = []mutant{
	{
		"PR1", "a DPoP proof is used twice", "op/dpop.go",
		`return errProof(errors.New("it was used before"))`,
		`return nil`,
		"./op", "PR1_OfManyUses|PR1_AProof",
	},
	{
		"PR1", "a DPoP proof is for any method", "op/dpop.go",
		`case c.Method != method:`,
		`case false:`,
		"./op", "PR1_WhatADPoPProofIs",
	},
	{
		"PR1", "a DPoP proof is for any address", "op/dpop.go",
		`case !sameAddress(c.Address, address):`,
		`case false:`,
		"./op", "PR1_WhatADPoPProofIs",
	},
	{
		"PR1", "a DPoP proof is of any age", "op/dpop.go",
		`age > proofWindow || age < -proofWindow {`,
		`age > 1000*proofWindow || age < -1000*proofWindow {`,
		"./op", "PR1_WhatADPoPProofIs",
	},
	{
		"PR1", "any JWT is a DPoP proof", "op/dpop.go",
		`if header.Type != dpopType {`,
		`if header.Type == "never" {`,
		"./op", "PR1_WhatADPoPProofIs",
	},
	{
		"PR1", "a DPoP proof is for any token", "op/dpopbinding.go",
		`case !proof.provesToken(shown.Text):`,
		`case false:`,
		"./op", "PR1_ABoundToken",
	},
	{
		"PR1", "a bound token works with any key", "op/dpopbinding.go",
		`case proof.Key != bound.KeyThumbprint:`,
		`case false:`,
		"./op", "PR1_ABoundToken",
	},
	{
		"PR1", "a bound token works as a bearer token", "op/dpopbinding.go",
		`	case !shown.DPoP:
		return fmt.Errorf("%w: it is bound to a key`,
		`	case !shown.DPoP:
		return nil
	case false:
		return fmt.Errorf("%w: it is bound to a key`,
		"./op", "PR1_ABoundToken",
	},
	{
		"PR1", "a refresh token of a public client works with any key", "op/dpopbinding.go",
		`if r.confirmation() == nil || !r.Client.IsPublic() {`,
		`if r.confirmation() == nil || r.Client != nil {`,
		"./op", "PR1_RefreshTokens",
	},
	{
		"PR1", "a token that is bound to a certificate works with another", "op/mutualtls.go",
		`case certificateThumbprint(chain[0]) != bound.Certificate:`,
		`case false:`,
		"./op", "PR1_ABoundTokenNeedsItsCertificate",
	},
	{
		"CL2", "anybody vouches for a certificate", "op/clientauth_tls.go",
		`if err := p.cfg.MutualTLS.vouched(chain, p.cfg.Now()); err != nil {`,
		`if err := p.cfg.MutualTLS.vouched(chain, p.cfg.Now()); err != nil && c == nil {`,
		"./op", "CL2_CertificatesOfClients",
	},
	{
		"CL2", "a certificate is any client's", "op/clientauth_tls.go",
		`len(chain) == 0 || !c.FitsCertificate(chain[0]) {`,
		`len(chain) == 0 {`,
		"./op", "CL2_CertificatesOfClients",
	},
	{
		"PA4", "anybody may say whose certificate they have", "internal/clientcert/clientcert.go",
		`	case !trusted:
		return nil, nil`,
		`	case false:
		return nil, nil`,
		"./internal/clientcert", "PA4_WhoMayVouch",
	},
	{
		"PR1", "an assertion is used twice", "op/clientauth_assertion.go",
		`return errInvalidClient(errors.New("the client assertion was used before"))`,
		`return nil`,
		"./op", "PR1_AnAssertion|CL1_Assertions",
	},
	{
		"PR1", "a pushed request is used twice", "op/par.go",
		`return goneRequestPage(errors.New("its request_uri was used before"))`,
		`return nil`,
		"./op", "PR1_APushed|PR1_Spent|PR1_OfMany|PR1_OnePushed",
	},
	{
		"PR1", "a device code is any client's", "op/grant_devicecode.go",
		`case d.Request.ClientID != r.Client.ID:`,
		`case false:`,
		"./op", "PR1_ADeviceCode",
	},
	{
		"PR1", "the request of a device is decided twice", "interaction/devices.go",
		`if d.ID != of.ID || !d.Pending(now) {`,
		`if d.ID != of.ID {`,
		"./interaction", "PR1_|DC1_",
	},
	{
		"DC1", "a device gets tokens before anybody allowed it", "op/grant_devicecode.go",
		`	case d.Approval == nil:
		return nil, p.notYet(ctx, code, d)`,
		`	case d.Approval == nil && d.Unanswered:
		return nil, p.notYet(ctx, code, d)`,
		"./op", "TK7|DC1",
	},
	{
		"DC1", "a device that was denied gets tokens", "op/grant_devicecode.go",
		`case d.Refusal != nil:`,
		`case false:`,
		"./op", "DC1_ADeviceIsDenied|TK7|DC1",
	},
	{
		"TK7", "codes of devices may be guessed without end", "login/devicepage.go",
		`if err := p.limits.UserCode(r, user); err != nil {`,
		`if err := p.limits.UserCode(r, user); err != nil && r == nil {`,
		"./login/...", "TK7_Guessing",
	},
	{
		"TX1", "a token that concerns somebody else is exchanged", "op/grant_tokenexchange.go",
		`if token.Claims.ClientID != r.Client.ID && !concerns(p.cfg.Access, token.Claims.Audience, r.Client.ID) {`,
		`if false {`,
		"./op", "TX1",
	},
	{
		"TX1", "an exchange widens scopes", "op/grant_tokenexchange.go",
		`		if !slices.Contains(allowed, scope) {
			return nil, invalidScope(`,
		`		if scope == "" {
			return nil, invalidScope(`,
		"./op", "TX1",
	},
	{
		"TX1", "an exchanged token outlives the one that was sent", "op/grant_tokenexchange.go",
		`if end := time.Unix(subject.Claims.ExpiresAt, 0); end.Before(expires) {`,
		`if end := time.Unix(subject.Claims.ExpiresAt, 0); end.IsZero() {`,
		"./op", "TX1",
	},
	{
		"AC1", "an exchanged token outlives the access that it came from", "op/accesstoken.go",
		`if claims.GrantClient != "" {`,
		`if false {`,
		"./op", "AC1_AnExchanged",
	},
	{
		"TK5", "an opaque token for a resource server works here", "op/sealedtoken.go",
		`if !s.NotOurs {`,
		`if true {`,
		"./op", "OneRefreshTokenServes",
	},
	{
		"TX1", "a token names one who may act, and another does", "op/grant_tokenexchange.go",
		`if subject.MayAct != nil && subject.MayAct.Subject != r.Client.ID {`,
		`if false {`,
		"./op", "TX1_MayAct",
	},
	{
		"TX1", "a token is exchanged without end", "op/grant_tokenexchange.go",
		`if subject.Act.depth() >= maxActors {`,
		`if false {`,
		"./op", "TX1_Actors",
	},
	{
		"AC1", "who may not use a client has tokens exchanged there", "op/grant_tokenexchange.go",
		`d.Outcome != access.Allowed {`,
		`d.Outcome != access.Allowed && d.By == "never" {`,
		"./op", "AC1_TokenExchange",
	},
	{
		"AD1", "any scope and role does for an operation", "admin/api/caller.go",
		`may := who.may.Has(o.scope)`,
		`may := who != nil`,
		"./admin/api", "AD1",
	},
	{
		"AD1", "one factor administers", "admin/api/caller.go",
		`case !mfa.AtLeast(t.Shown.ACR, a.cfg.ACR):`,
		`case !mfa.AtLeast(a.cfg.ACR, a.cfg.ACR):`,
		"./admin/api", "AD1",
	},
	{
		"FE1", "an old token does what is grave", "account/actor.go",
		`if !a.shown.Time.Before(since) && `,
		`if `,
		"./admin/api", "FE1",
	},
	{
		"AD1", "people administer themselves", "account/duty.go",
		`return !by.is(user.ID) && (`,
		`return (`,
		"./account", "AD1",
	},
	{
		"AD1", "a help desk reaches those who administer", "account/duty.go",
		`(by.duties&DutyOwner != 0 || !s.Administers(user))`,
		`(by.duties != 0 || !s.Administers(user))`,
		"./account", "AD1",
	},
	{
		"AD1", "a duty is any other", "account/duty.go",
		`return by.duties&act.duty != 0 && s.Reaches(by, user)`,
		`return by.duties != 0 && s.Reaches(by, user)`,
		"./account", "AD1",
	},
	{
		"AD1", "people raise themselves by a group of theirs", "account/duty.go",
		`case slices.Contains(user.Groups, group):`,
		`case slices.Contains(user.Groups, group) && group == "":`,
		"./account", "AD1",
	},
	{
		"SE5", "a lockdown leaves sessions and grants", "storage/sqlstore/lockdown.go",
		`accessEnd{userID: l.UserID, offline: true,`,
		`accessEnd{userID: "", offline: true,`,
		"./storage/sqlstore", "TestContract/sqlite",
	},
	{
		"FE3", "links of before work after a lockdown", "storage/sqlstore/lockdown.go",
		`password_epoch = password_epoch + 1, updated_at = $1
			WHERE id = $3`,
		`updated_at = $1
			WHERE id = $3`,
		"./account", "FE2|FE3",
	},
	{
		"FE2", "a mailbox opens an account that is held for the help desk", "storage/sqlstore/recover.go",
		"lift+` AND NOT lock_held`",
		"lift",
		"./account", "FE2",
	},
	{
		"AZ8", "a client that registered itself gets codes in silence", "client/client.go",
		`case c.Registered(), anybodys:`,
		`case anybodys:`,
		"./client", "AZ8|DR1",
	},
}

package main

// protocol are the checks of the protocol: clients, codes, tokens.
var protocol = []mutant{
	{
		"AZ1", "a redirect URI may differ in what follows the host", "client/redirect.go",
		`return ok && host == registeredHost && rest == registeredRest`,
		`return ok && host == registeredHost && len(rest)+len(registeredRest) >= 0`,
		"./client", "AZ1",
	},
	{
		"AZ1", "any client may choose the port of a loopback address", "client/redirect.go",
		`	if t != TypeNative {
		return false
	}
	host, rest, ok`,
		`	host, rest, ok`,
		"./client", "AZ1",
	},
	{
		"AZ1", "a redirect URI may hold what parsers disagree about", "client/redirect.go",
		`if strings.IndexFunc(uri, isTroublesome) >= 0 {`,
		`if false {`,
		"./client", "AZ1",
	},
	{
		"AZ2", "any method of PKCE is taken", "op/authrequest.go",
		`method != string(oidc.CodeChallengeMethodS256):`,
		`false:`,
		"./op", "AZ2",
	},
	{
		"AZ2", "any challenge is taken", "op/authrequest.go",
		`case !isS256Challenge(challenge):`,
		`case false:`,
		"./op", "AZ2",
	},
	{
		"AZ2", "a client that needs PKCE may go without", "op/authrequest.go",
		`case challenge == "" && required:`,
		`case false && required:`,
		"./op", "AZ2",
	},
	{
		"AZ2", "a challenge that was taken out of the request is not missed", "op/codebinding.go",
		`case b.Challenge == "" && p.Verifier != "":`,
		`case false:`,
		"./op", "TK3|AZ2",
	},
	{
		"AZ4", "a client gets codes that is not registered for them", "op/authrequest.go",
		`if !c.client.AllowsResponseType(asked) {`,
		`if false {`,
		"./op", "TestAuthorizationRequest_IsRefused",
	},
	{
		"TK1", "a code may wait for an hour", "op/code.go",
		`const maxCodeLifetime = time.Minute`,
		`const maxCodeLifetime = time.Hour`,
		"./op", "TK1_ALonger",
	},
	{
		"TK1", "a code whose exchange was not answered lives anew", "op/code.go",
		`left := min(code.ExpiresAt.Sub(now), p.cfg.CodeLifetime)`,
		`left := p.cfg.CodeLifetime`,
		"./op", "TK1_ACodeOfAFailedExchange",
	},
	{
		"TK2", "a valid replay of a code ends nothing", "op/replay.go",
		`if err := p.revokeAfterAttack(ctx, r, g, storage.RevokedCodeReplay, storage.EventCodeReplay); err != nil {`,
		`if err := ctx.Err(); err != nil {`,
		"./op", "TK2",
	},
	{
		"TK2", "an onlooker who replays a code ends the grant", "op/replay.go",
		`if err := bound.check(shown); err != nil {`,
		`if err := bound.check(shown); err != nil && false {`,
		"./op", "TK2",
	},
	{
		"TK3", "another client may exchange a code", "op/codebinding.go",
		`case p.ClientID != b.ClientID:`,
		`case false:`,
		"./op", "TK3",
	},
	{
		"TK3", "a code is not bound to its redirect URI", "op/codebinding.go",
		`case p.RedirectURI != b.RedirectURI:`,
		`case false:`,
		"./op", "TK3",
	},
	{
		"TK3", "any verifier fits", "op/codebinding.go",
		`case b.Challenge != "" && !verifierMatches(b.Challenge, p.Verifier):`,
		`case false:`,
		"./op", "TK3",
	},
	{
		"TK5", "a token for another audience works here", "op/accesstoken.go",
		`if !slices.Contains(claims.Audience, p.cfg.Issuer) {`,
		`if false {`,
		"./op", "TK5",
	},
	{
		"TK5", "anybody may introspect any token", "op/introspect.go",
		`return caller.IntrospectAny || caller.ID == clientID || concerns(p.cfg.Access, audience, caller.ID)`,
		`return true`,
		"./op", "TK5|TK8",
	},
	{
		"TK8", "a client revokes tokens of another", "op/revoke.go",
		`if claims.ClientID != r.Client.ID {`,
		`if false {`,
		"./op", "TK8",
	},
	{
		"TK8", "a revocation that was not written is a success", "op/revoke.go",
		`	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return unavailable("revoke grant", err)`,
		`	if false {
		return unavailable("revoke grant", err)`,
		"./op", "TK8",
	},
	{
		"RF2", "a refresh token that is used again ends nothing", "op/grant_refresh.go",
		`err := p.revokeAfterAttack(ctx, r, &g.Grant, storage.RevokedReuse, storage.EventRefreshReuse)`,
		`var err error`,
		"./op", "RF2_Reuse",
	},
	{
		"RF3", "the grace has no end", "op/staleness.go",
		`case r.Grace > 0 && g.Generation-r.Generation == 1 && r.Now.Before(g.RotatedAt.Add(r.Grace)):`,
		`case g.Generation-r.Generation == 1:`,
		"./op", "RF2|RF3",
	},
	{
		"RF4", "an access token outlives its grant", "storage/sqlstore/accesstokens.go",
		`WHERE g.id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2`,
		`WHERE g.id = $1 AND g.expires_at > $2`,
		"./storage/sqlstore", "TestContract/sqlite",
	},
	{
		"RF4", "a grant that nobody uses lives on", "storage/sqlstore/grants.go",
		"` AND g.idle_expires_at > ` + now + ` AND ` + enabled",
		"` AND ` + enabled",
		"./op", "RF4",
	},
	{
		"RF5", "a scope that a client lost is refreshed", "op/grant_refresh.go",
		`return nil, errBadRefreshToken(errors.New("the client is no longer registered for " + scope))`,
		`continue`,
		"./op", "RF5",
	},
	{
		"RF5", "a grant outlives the session that it rests on", "storage/sqlstore/grants.go",
		"session := `(g.offline OR g.sid IS NULL OR",
		"session := `(TRUE OR g.offline OR g.sid IS NULL OR",
		"./op", "RF5",
	},
	{
		"AC1", "who may not use a client any more refreshes", "op/grant_refresh.go",
		`if err := p.checkAccess(ctx, r, g); err != nil {`,
		`if err := ctx.Err(); err != nil {`,
		"./op", "AC1",
	},
	{
		"AC1", "who may not use a client any more exchanges a code", "op/grant_code.go",
		`if err := p.checkAccess(ctx, r, g); err != nil {`,
		`if err := ctx.Err(); err != nil {`,
		"./op", "AC1",
	},
	{
		"CL1", "a secret that has expired proves the client", "op/clientsecret.go",
		`if s.Verifier == "" || !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt) {`,
		`if s.Verifier == "" || now.IsZero() {`,
		"./op", "CL1",
	},
	{
		"CL1", "a client authenticates by a method that it is not registered for", "op/clientauth.go",
		`if found != nil && !found.AllowsAuthMethod(c.method.name) {`,
		`if false {`,
		"./op", "CL1",
	},
	{
		"TH1", "secrets of clients may be guessed without end", "op/clientauth.go",
		`if wait := p.failures.wait(key, now); wait > 0 {`,
		`if wait := p.failures.wait(key, now); wait < 0 {`,
		"./op", "TH1",
	},
	{
		"SE5", "a code outlives its session", "storage/sqlstore/grantcreate.go",
		`withSession := g.SID != ""`,
		`withSession := g.SID == "never"`,
		"./op", "SE5_Code",
	},
	{
		"SE5", "a form on another site puts the ID token into an address", "op/endsession.go",
		`if name != "id_token_hint" {`,
		`if name != "" {`,
		"./op", "SE5",
	},
	{
		"CS1", "any form signs people out", "op/endsession.go",
		`case !confirmed:`,
		`case !confirmed && false:`,
		"./op", "CS1",
	},
	{
		"CS3", "a sign-out goes to any address", "op/endsession.go",
		`if !c.MatchesPostLogout(redirectURI) {`,
		`if false {`,
		"./op", "CS3",
	},
	{
		"AZ3", "an interaction is anybody's who has its id", "interaction/store.go",
		`case !own:`,
		`case !own && false:`,
		"./interaction", "AZ3",
	},
	{
		"LK1", "a browser that goes wild spends its network's budget", "interaction/pending.go",
		`	if secret := s.cfg.Cookies.Browser(r); secret != "" {`,
		`	if secret := s.cfg.Cookies.Browser(r); secret == "never" {`,
		"./interaction", "LK1",
	},
	{
		"LK2", "an image starts a sign-in", "interaction/pending.go",
		`if !web.Navigates(r) {`,
		`if false {`,
		"./interaction", "LK2",
	},
	{
		"KY3", "a sealed value opens in another row", "keys/sealer.go",
		`for _, part := range []string{a.Table, a.Column, a.Row} {`,
		`for _, part := range []string{a.Table, a.Column} {`,
		"./keys", "KY3",
	},
	{
		"KY5", "a refresh token of an unknown key is a forged one", "op/grant_refresh.go",
		`return nil, unavailable("read refresh token", err)`,
		`return nil, fmt.Errorf("%w: of an unknown key", errRefreshToken)`,
		"./op", "KY5",
	},
	{
		"KY5", "a token of an unknown key is none of ours", "keys/token.go",
		`	if err := h.KnowsTag(tag); err != nil {
		return "", err
	}`,
		`	if err := h.KnowsTag(tag); err != nil {
		return "", ErrNoToken
	}`,
		"./keys", "KY5",
	},
	{
		"KY6", "what a revoked hash key made cannot be judged", "keys/hasher.go",
		`	if h.revoked[tag] {
		return ErrRevokedKey
	}`,
		`	_ = ErrRevokedKey`,
		"./keys", "KY6",
	},
	{
		"PA4", "anybody says where they come from", "internal/web/middleware.go",
		`trusted := isTrusted(cfg.TrustedProxies, peer)`,
		`trusted := true`,
		"./internal/web", "PA4",
	},
}

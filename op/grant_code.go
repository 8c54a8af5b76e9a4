package op

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// authorizationCode is the grant of a code for tokens (RFC 6749 section 4.1.3,
// RFC 7636 section 4.5).
var authorizationCode = grantType{
	name:       client.GrantAuthorizationCode,
	parameters: []string{"code", "redirect_uri", "code_verifier", "resource"},
	required:   []string{"code", "redirect_uri"},
	issue:      (*Provider).exchangeCode,
}

// errBadCode is what a client is told of a code that does not work. It does not
// say whether the code ever existed.
func errBadCode(cause error) error {
	return invalidGrant("the code is invalid, expired or already used", cause)
}

// exchangeCode trades a code for tokens. That it happens once is the database's to
// say: the grant's row is unique by the code's hash, so that of any number of
// requests one goes on, and a cache that brings the code back changes nothing
// (replay, requirement TK1). The code itself is read, and taken away afterwards: a
// store that fails in between has lost nothing. A code that was shown with the
// wrong proof is taken at once.
func (p *Provider) exchangeCode(ctx context.Context, r *tokenRequest) (*tokenResponse, error) {
	shown := codeProof{
		ClientID: r.Client.ID, RedirectURI: r.Form.Get("redirect_uri"), Verifier: r.Form.Get("code_verifier"),
	}
	if r.Proof != nil {
		shown.Key = r.Proof.Key
	}
	text := r.Form.Get("code")
	hash, err := p.codes.Hash(text) // of what may be no code at all
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, errBadCode(err)
	case err != nil:
		return nil, unavailable("find code", err)
	}
	code, version, err := p.codes.Get(ctx, text)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, p.refuseReplay(ctx, r, hash, shown)
	case err != nil:
		return nil, unavailable("read code", err)
	}
	if err := p.checkCode(r, &code, shown); err != nil {
		return nil, p.spoilCode(ctx, text, err)
	}
	if err := p.spendProof(ctx, r.Proof); err != nil {
		return nil, err
	}
	created, err := p.createGrant(ctx, r, &code, hash)
	switch {
	case code.Unanswered && (err == nil || errors.Is(err, storage.ErrConsumed)):
		created, err = p.grantOfRetry(ctx, r, text, hash, shown)
	case errors.Is(err, storage.ErrConsumed):
		return nil, p.refuseReplay(ctx, r, hash, shown)
	case errors.Is(err, storage.ErrNotFound):
		return nil, errBadCode(errors.New("the session that the code came from has ended, or the password was changed"))
	case err != nil:
		p.markUnanswered(ctx, version, &code, r.Now)
		return nil, unavailable("create grant", err)
	default:
		p.forgetCode(ctx, version)
	}
	if err != nil {
		return nil, err
	}
	return p.firstTokens(ctx, r, created)
}

// createGrant writes the row that the code turns into, and its event.
func (p *Provider) createGrant(ctx context.Context, r *tokenRequest, code *issuedCode, hash string) (*storage.GrantUser, error) {
	grant, err := p.newGrant(r, code, hash)
	if err != nil {
		return nil, err
	}
	event, err := p.event(ctx, r, storage.EventGrantIssued, grant)
	if err != nil {
		return nil, err
	}
	start := storage.GrantStart{PasswordEpoch: code.PasswordEpoch, Subject: client.Subject(r.Client, code.UserID)}
	return p.cfg.Grants.Create(ctx, grant, start, event)
}

// grantOfRetry returns the grant of a code whose first exchange we did not see
// the end of: its row may have been written then, and the client was told to try
// again. Nobody has any token of it yet, so this is that exchange (idempotent), and
// no replay. Of many such requests the one that takes the code goes on.
func (p *Provider) grantOfRetry(ctx context.Context, r *tokenRequest, text, hash string, shown codeProof) (*storage.GrantUser, error) {
	_, err := p.codes.Take(ctx, text)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, p.refuseReplay(ctx, r, hash, shown)
	case err != nil:
		return nil, unavailable("take code", err)
	}
	created, err := p.grantOfCode(ctx, hash)
	if err != nil {
		return nil, err
	}
	grant := &created.Grant
	replayed := grant.RevokedReason == storage.RevokedCodeReplay // meanwhile: see firstTokens
	if grant.Generation != 1 || !replayed && !grant.Live(created.Now) {
		return nil, p.refuseReplay(ctx, r, hash, shown)
	}
	return created, nil
}

// grantOfCode returns the grant that was made for a code, with its person.
func (p *Provider) grantOfCode(ctx context.Context, hash string) (*storage.GrantUser, error) {
	g, err := p.cfg.Grants.ByCodeHash(ctx, []string{hash})
	if err != nil {
		return nil, unavailable("look up the grant of a code", err)
	}
	created, err := p.cfg.Grants.ByID(ctx, g.ID)
	if err != nil {
		return nil, unavailable("read the grant of a code", err)
	}
	return created, nil
}

// checkCode refuses a code that may not be used so, and chooses the resource that its
// token is for.
func (p *Provider) checkCode(r *tokenRequest, code *issuedCode, shown codeProof) error {
	if !r.Now.Before(code.ExpiresAt.Add(clockTolerance)) {
		return errBadCode(errors.New("the code expired"))
	}
	request := &code.Request
	if request.CodeChallenge == "" && r.Client.RequiresPKCE() {
		return errBadCode(errors.New("the code has no challenge and the client needs one"))
	}
	bound := codeBinding{
		ClientID: request.ClientID, RedirectURI: request.RedirectURI, Challenge: request.CodeChallenge, Key: request.DPoPKey,
	}
	if err := bound.check(shown); err != nil {
		return errBadCode(err)
	}
	var err error
	r.Resource, err = p.make.chooseResource(r, allowed{scopes: request.Scopes, resources: request.Resources, redirectURI: request.RedirectURI})
	return err
}

// newGrant is the row that a code turns into. Where the client may refresh, the
// grant lives as long as its refresh tokens: with offline_access beyond the
// session, without it no longer than that. Otherwise it lives as long as its one
// access token, but never less than the code, of whose use it is the record.
func (p *Provider) newGrant(r *tokenRequest, code *issuedCode, hash string) (*storage.Grant, error) {
	refreshable := r.Client.AllowsGrant(client.GrantRefreshToken) && code.Origin != storage.OriginImplicit
	offline := refreshable && code.Request.HasScope(client.ScopeOfflineAccess)
	g := &storage.Grant{
		ID:             code.GrantID,
		ClientID:       r.Client.ID,
		UserID:         code.UserID,
		Origin:         code.Origin,
		SID:            code.SID,
		CodeHash:       hash,
		CodeChallenge:  code.Request.CodeChallenge,
		RedirectURI:    code.Request.RedirectURI,
		Scopes:         code.Request.Scopes,
		Resource:       code.Request.Resources,
		Nonce:          code.Request.Nonce,
		Claims:         code.Request.Claims,
		Authentication: code.Authentication,
		Address:        code.Address,
		Offline:        offline,
		Refreshable:    refreshable,
		Generation:     1,
		Salt:           make([]byte, saltSize),
		RotatedAt:      r.Now,
		CreatedAt:      r.Now,
		ExpiresAt:      r.Now.Add(r.Client.Lifetimes.AccessToken),
	}
	g.Claims.ACRName = code.Request.ACRNames[code.Authentication.ACR]
	if g.ExpiresAt.Before(code.ExpiresAt) {
		g.ExpiresAt = code.ExpiresAt
	}
	g.IdleExpiresAt = g.ExpiresAt
	if refreshable {
		g.ExpiresAt = r.Now.Add(r.Client.Lifetimes.Refresh)
		g.IdleExpiresAt = r.Now.Add(r.Client.Lifetimes.RefreshIdle)
	}
	if refreshable && !offline && code.SessionExpiresAt.Before(g.ExpiresAt) && !code.SessionExpiresAt.IsZero() {
		g.ExpiresAt = code.SessionExpiresAt
	}
	if !offline {
		g.Scopes = slices.DeleteFunc(slices.Clone(g.Scopes), func(scope string) bool {
			return scope == client.ScopeOfflineAccess
		})
	}
	var err error
	if g.Confirmation, err = r.rowConfirmation(); err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(p.cfg.Random, g.Salt); err != nil {
		return nil, fmt.Errorf("read randomness for a grant: %w", err)
	}
	return g, nil
}

// firstTokens answers with the tokens of a grant that was just created. The
// person was read with that: an account disabled since the sign-in gets nothing.
// That a replay may have ended the grant meanwhile is no reason to fail: of many
// requests one succeeds, and what it gets does not work.
func (p *Provider) firstTokens(ctx context.Context, r *tokenRequest, g *storage.GrantUser) (*tokenResponse, error) {
	if g.User.Disabled() {
		return nil, errBadCode(errors.New("the account was disabled meanwhile"))
	}
	bound, err := r.rowConfirmation()
	switch {
	case err != nil:
		return nil, err
	case g.Grant.Confirmation != bound: // a retry
		return nil, errBadCode(errors.New("its grant is bound to another key than that of the DPoP proof"))
	}
	if err := p.checkAccess(ctx, r, g); err != nil {
		return nil, err
	}
	grant := &g.Grant
	response, err := p.issue(ctx, r, g, grant.Scopes, grant.Nonce)
	if err != nil || !grant.Refreshable {
		return response, err
	}
	first := refreshToken{GrantID: grant.ID, Generation: grant.Generation, Salt: [saltSize]byte(grant.Salt)}
	response.RefreshToken, err = p.refreshTokens.encode(first, r.Client.ID)
	if err != nil {
		return nil, err
	}
	return response, nil
}

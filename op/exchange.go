package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// codePurpose separates the keyed hashes of codes from others.
const codePurpose = "code"

func codeKey(hash string) string { return "code:" + hash }

// errBadCode is what a client is told of a code that does not work. It does not
// say whether the code ever existed.
func errBadCode(cause error) error {
	return invalidGrant("the code is not valid, expired or was used before", cause)
}

// exchange trades a code for tokens (RFC 6749 section 4.1.3). The code is taken
// before anything else is looked at, so that of any number of requests one goes
// on; and the grant's row is unique by the code's hash, so that a cache that
// brings the code back changes nothing.
func (s *server) exchange(ctx context.Context, c call, r *oidc.AccessTokenRequest) (*tokenResponse, error) {
	hashes := s.cfg.Hasher.Sums(codePurpose, r.Code)
	shown := codeProof{ClientID: c.client.ID, RedirectURI: r.RedirectURI, Verifier: r.CodeVerifier}
	code, hash, err := s.takeCode(ctx, hashes)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, s.replayed(ctx, c, hashes, shown)
	}
	if err != nil {
		return nil, err
	}
	if err := checkCode(c, code, shown); err != nil {
		return nil, err
	}
	grant, err := s.newGrant(c, code, hash)
	if err != nil {
		return nil, err
	}
	event, err := s.event(ctx, c, storage.EventGrantIssued, grant)
	if err != nil {
		return nil, err
	}
	created, err := s.cfg.Grants.Create(ctx, grant, event)
	switch {
	case errors.Is(err, storage.ErrConsumed):
		return nil, s.replayed(ctx, c, hashes, shown)
	case errors.Is(err, storage.ErrNotFound):
		return nil, errBadCode(errors.New("the session that the code came from has ended, or the password was changed"))
	case err != nil:
		return nil, unavailable("create grant", err)
	}
	return s.firstTokens(c, created)
}

// takeCode removes the code from the ephemeral store and returns what it stands
// for, with the hash it was kept under.
func (s *server) takeCode(ctx context.Context, hashes []string) (*storage.AuthorizationCode, string, error) {
	for _, hash := range hashes {
		raw, err := s.cfg.Ephemeral.Take(ctx, codeKey(hash))
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, "", unavailable("take code", err)
		}
		var code storage.AuthorizationCode
		if err := json.Unmarshal(raw, &code); err != nil {
			return nil, "", fmt.Errorf("decode what a code stands for: %w", err)
		}
		return &code, hash, nil
	}
	return nil, "", storage.ErrNotFound
}

// checkCode refuses a code that was taken but may not be used so.
func checkCode(c call, code *storage.AuthorizationCode, shown codeProof) error {
	if !c.now.Before(code.ExpiresAt) {
		return errBadCode(errors.New("the code expired"))
	}
	request := &code.Request
	if request.CodeChallenge == "" && c.client.RequiresPKCE() {
		return errBadCode(errors.New("the code has no challenge and the client needs one"))
	}
	bound := codeBinding{ClientID: request.ClientID, RedirectURI: request.RedirectURI, Challenge: request.CodeChallenge}
	if err := bound.check(shown); err != nil {
		return errBadCode(err)
	}
	return nil
}

// newGrant is the row that a code turns into. Without offline_access there is
// no refresh token, and the grant lives as long as its one access token, but
// never less than the code, of whose use it is the record.
func (s *server) newGrant(c call, code *storage.AuthorizationCode, hash string) (*storage.Grant, error) {
	offline := code.Request.HasScope(client.ScopeOfflineAccess) && c.client.AllowsGrant(client.GrantRefreshToken)
	g := &storage.Grant{
		ID:             code.GrantID,
		ClientID:       c.client.ID,
		UserID:         code.UserID,
		SID:            code.SID,
		CodeHash:       hash,
		CodeChallenge:  code.Request.CodeChallenge,
		RedirectURI:    code.Request.RedirectURI,
		Scopes:         code.Request.Scopes,
		Nonce:          code.Request.Nonce,
		Claims:         code.Request.Claims,
		Authentication: code.Authentication,
		PasswordEpoch:  code.PasswordEpoch,
		Offline:        offline,
		Refreshable:    offline,
		Generation:     1,
		Salt:           make([]byte, saltSize),
		RotatedAt:      c.now,
		CreatedAt:      c.now,
		ExpiresAt:      c.now.Add(c.client.Lifetimes.AccessToken),
	}
	if g.ExpiresAt.Before(code.ExpiresAt) {
		g.ExpiresAt = code.ExpiresAt
	}
	g.IdleExpiresAt = g.ExpiresAt
	if offline {
		g.ExpiresAt = c.now.Add(c.client.Lifetimes.Refresh)
		g.IdleExpiresAt = c.now.Add(c.client.Lifetimes.RefreshIdle)
	} else {
		g.Scopes = slices.DeleteFunc(slices.Clone(g.Scopes), func(scope string) bool {
			return scope == client.ScopeOfflineAccess
		})
	}
	if _, err := io.ReadFull(s.cfg.Random, g.Salt); err != nil {
		return nil, fmt.Errorf("read randomness for a grant: %w", err)
	}
	return g, nil
}

// firstTokens answers with the tokens of a grant that was just created. The
// person was read with that: an account disabled since the sign-in gets nothing.
// That a replay may have ended the grant meanwhile is no reason to fail: of many
// requests one succeeds, and what it gets does not work.
func (s *server) firstTokens(c call, g *storage.GrantUser) (*tokenResponse, error) {
	if g.User.Disabled() {
		return nil, errBadCode(errors.New("the account was disabled meanwhile"))
	}
	grant := &g.Grant
	response, err := s.issue(c, g, grant.Scopes, grant.Nonce)
	if err != nil || !grant.Refreshable {
		return response, err
	}
	first := refreshToken{GrantID: grant.ID, Generation: grant.Generation, Salt: [saltSize]byte(grant.Salt)}
	response.RefreshToken, err = s.refreshTokens.encode(first, c.client.ID)
	if err != nil {
		return nil, err
	}
	return response, nil
}

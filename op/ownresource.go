package op

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Bearer is who calls a resource server that is part of this process: what an access
// token that works right now says.
type Bearer struct {
	Client *client.Client
	// User is the person on whose behalf the client calls, with their groups and roles
	// as they are now, and nothing of passwords and factors; nil where a client acts for
	// itself.
	User   *storage.User
	SID    storage.ID
	Scopes []string
	// Authentication is that of the grant.
	Authentication storage.Authentication
	TokenID        string
	ExpiresAt      time.Time
}

// Authenticate returns who calls a resource server of ours with the audience, by the
// access token in the request's header, which must be for it (RFC 9068 section 4): one
// for userinfo or for another resource server is refused, and so is one whose grant has
// ended. It costs one round trip to the store. What it answers is an [Error]; see
// [Provider.Refusal].
func (p *Provider) Authenticate(w http.ResponseWriter, r *http.Request, audience string) (*Bearer, error) {
	bare := r.WithContext(r.Context())
	bare.Method = http.MethodGet // the resource reads its bodies itself: the token is in the header, or nowhere
	shown, err := accessTokenOf(w, bare)
	if err != nil {
		return nil, err
	}
	claims, err := p.access.decode(r.Context(), shown.Text, p.cfg.Now())
	if err == nil && !slices.Contains(claims.Audience, audience) {
		err = fmt.Errorf("%w: for another audience", errInvalidToken)
	}
	var active *activeToken
	if err == nil {
		active, err = p.checkAccessTokenState(r.Context(), claims, p.cfg.Now())
	}
	if err == nil {
		err = p.checkPossession(w, r, shown, &active.Claims)
	}
	if errors.Is(err, errInvalidToken) {
		return nil, &Error{
			Code: codeInvalidToken, Description: "the access token is not valid here, expired or revoked", Cause: err,
		}
	}
	if err != nil {
		return nil, errorOf(atResource(err))
	}
	scopes := slices.DeleteFunc(active.Claims.Scopes(), func(scope string) bool { return !active.Client.AllowsScope(scope) }) // withdrawn since
	b := &Bearer{
		Client: active.Client, Scopes: scopes, TokenID: active.Claims.ID, ExpiresAt: time.Unix(active.Claims.ExpiresAt, 0),
	}
	if g := active.Grant; g != nil {
		b.User, b.SID, b.Authentication = &g.User, g.Grant.SID, g.Grant.Authentication
	}
	return b, nil
}

// Refusal is how a resource server of ours answers a request that [Provider.Authenticate]
// refused: the status, the challenges (RFC 6750 section 3, RFC 9449 section 7.1; none
// where we are at fault), which say where the resource server is described (RFC 9728
// section 5.1), and words that are safe to show.
func (p *Provider) Refusal(r *http.Request, err error, identifier string) (status int, challenges []string, detail string) {
	shown := errorOf(err)
	if status = shown.status(); status < http.StatusInternalServerError {
		challenges = p.challenges(shown, usesDPoP(r), p.ResourceMetadata(identifier))
	}
	return status, challenges, shown.Description
}

package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// errInvalidClient is the one answer to every failed authentication: whether
// the client exists, and what was wrong, stays here (requirement CL3).
func errInvalidClient(cause error) error {
	return oidc.ErrInvalidClient().WithDescription("client authentication failed").WithParent(cause)
}

// credentials is how a client presented itself at an endpoint, already decoded.
type credentials struct {
	ID     string
	Secret string
	// Method is the one that was used: client_secret_basic, client_secret_post
	// or none.
	Method string
}

// presented tells from a request's header and decoded fields which method was
// used. The strict front let at most one through.
func presented(header http.Header, id, secret string) credentials {
	c := credentials{ID: id, Secret: secret, Method: client.AuthMethodNone}
	switch {
	case header.Get("Authorization") != "":
		c.Method = client.AuthMethodBasic
	case secret != "":
		c.Method = client.AuthMethodPost
	}
	return c
}

// clientAuthenticator knows clients by their secrets.
type clientAuthenticator struct {
	clients clients
	hasher  *keys.Hasher
	now     func() time.Time
}

// authenticate returns the client that the credentials are of, by a method that
// it is registered for. No slow hash is computed for who shows none (requirement
// LK2): whoever can send a request could fill the queue that sign-ins wait in.
func (a *clientAuthenticator) authenticate(ctx context.Context, c credentials) (*client.Client, error) {
	found, err := a.clients.Client(ctx, c.ID)
	if err != nil && !errors.Is(err, client.ErrUnknown) {
		return nil, unavailable("authenticate client", err)
	}
	if c.Method == client.AuthMethodNone {
		if found == nil || !found.IsPublic() {
			return nil, errInvalidClient(whyRefused(found, c))
		}
		return found, nil
	}
	var secrets []client.Secret
	if found != nil && found.AllowsAuthMethod(c.Method) {
		secrets = found.Secrets
	}
	if !a.matches(secrets, c) {
		return nil, errInvalidClient(whyRefused(found, c))
	}
	return found, nil
}

// whyRefused tells the operator what was wrong; the client is never told. A nil
// client is unknown.
func whyRefused(found *client.Client, c credentials) error {
	switch {
	case found == nil:
		return errors.New("no client has this id")
	case !found.AllowsAuthMethod(c.Method):
		return fmt.Errorf("the client is registered for %s, and %s was used", strings.Join(found.AuthMethods(), " and "), c.Method)
	}
	return errors.New("the secret is none of the client's, or has expired")
}

// matches compares a secret with the verifier of each that has not expired.
// Against a timing side channel that tells which clients exist, an unknown
// client costs the keyed hash that a known one does.
func (a *clientAuthenticator) matches(secrets []client.Secret, c credentials) bool {
	if c.Secret == "" {
		return false
	}
	now, hashed := a.now(), false
	for _, s := range secrets {
		if s.Verifier == "" || !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt) {
			continue
		}
		hashed = true
		if a.hasher.Verify(s.Verifier, client.SecretPurpose, c.ID, c.Secret) {
			return true
		}
	}
	if !hashed {
		a.hasher.Sum(client.SecretPurpose, c.ID, c.Secret) // result ignored: there is nothing to match
	}
	return false
}

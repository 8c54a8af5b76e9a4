package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// The purposes of the keyed hashes of client secrets: of strong ones, which are
// verifiers, and of weak ones that a slow hash has found right.
const (
	clientSecretPurpose = "client_secret"
	provenSecretPurpose = "proven_client_secret"
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
	c := credentials{ID: id, Secret: secret, Method: storage.AuthMethodNone}
	switch {
	case header.Get("Authorization") != "":
		c.Method = storage.AuthMethodBasic
	case secret != "":
		c.Method = storage.AuthMethodPost
	}
	return c
}

// clientAuthenticator knows clients by their secrets.
type clientAuthenticator struct {
	clients  *Registry
	hasher   *keys.Hasher
	password passwordVerifier
	now      func() time.Time
	proven   provenSecrets
}

// authenticate returns the client that the credentials are of, by exactly the
// method it is registered for.
func (a *clientAuthenticator) authenticate(ctx context.Context, c credentials) (*storage.Client, error) {
	client, known := a.clients.Client(c.ID)
	if c.Method == storage.AuthMethodNone {
		if !known || !client.IsPublic() {
			return nil, errInvalidClient(whyRefused(client, c))
		}
		return client, nil
	}
	var secrets []storage.ClientSecret
	if known && client.AuthMethod == c.Method {
		secrets = client.Secrets
	}
	matches, err := a.matches(ctx, secrets, c)
	if err != nil {
		return nil, err
	}
	if !matches {
		return nil, errInvalidClient(whyRefused(client, c))
	}
	return client, nil
}

// whyRefused tells the operator what was wrong; the client is never told. A nil
// client is unknown.
func whyRefused(client *storage.Client, c credentials) error {
	switch {
	case client == nil:
		return errors.New("no client has this id")
	case client.AuthMethod != c.Method:
		return fmt.Errorf("the client is registered for %s, and %s was used", client.AuthMethod, c.Method)
	}
	return errors.New("the secret is none of the client's, or has expired")
}

// matches compares a secret with every verifier that has not expired. Where
// none matches it has done the same work for an unknown client as for a known
// one: a keyed hash and, if any client has a weak secret, a slow hash.
func (a *clientAuthenticator) matches(ctx context.Context, secrets []storage.ClientSecret, c credentials) (bool, error) {
	if c.Secret == "" {
		return false, nil
	}
	now := a.now()
	var didKeyed, didSlow bool
	for _, s := range secrets {
		if s.Verifier == "" || !s.ExpiresAt.IsZero() && !now.Before(s.ExpiresAt) {
			continue
		}
		if isSlow(s.Verifier) {
			didSlow = true
		} else {
			didKeyed = true
		}
		if ok, err := a.verify(ctx, s.Verifier, c); ok || err != nil {
			return ok, err
		}
	}
	if !didKeyed {
		a.hasher.Sum(clientSecretPurpose, c.ID, c.Secret)
	}
	if didSlow {
		return false, nil
	}
	return false, a.verifyDecoy(ctx, c)
}

func (a *clientAuthenticator) verify(ctx context.Context, verifier string, c credentials) (bool, error) {
	if !isSlow(verifier) {
		return a.hasher.Verify(verifier, clientSecretPurpose, c.ID, c.Secret), nil
	}
	proof := a.hasher.Sum(provenSecretPurpose, verifier, c.ID, c.Secret)
	if a.proven.holds(verifier, proof) {
		return true, nil
	}
	ok, err := a.verifySlowly(ctx, verifier, c)
	if ok && err == nil {
		a.proven.add(verifier, proof)
	}
	return ok, err
}

func (a *clientAuthenticator) verifySlowly(ctx context.Context, verifier string, c credentials) (bool, error) {
	ok, err := a.password.Verify(ctx, verifier, c.Secret)
	if err != nil {
		return false, unavailable("verify client secret", err)
	}
	return ok, nil
}

// verifyDecoy compares the secret with some client's weak one, if any client
// has one, and forgets the outcome.
func (a *clientAuthenticator) verifyDecoy(ctx context.Context, c credentials) error {
	for _, client := range a.clients.All() {
		for _, s := range client.Secrets {
			if isSlow(s.Verifier) {
				_, err := a.verifySlowly(ctx, s.Verifier, c)
				return err
			}
		}
	}
	return nil
}

// isSlow reports whether a verifier is a password hash (a PHC string) rather
// than a keyed hash.
func isSlow(verifier string) bool { return strings.HasPrefix(verifier, "$") }

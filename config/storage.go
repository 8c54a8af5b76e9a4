package config

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/latchkey-id/latchkey/storage"
)

// SecretHasher makes the verifier of a client's secret. strong says that the
// secret has 256 bits, so that a keyed hash is enough; any other needs a slow one.
type SecretHasher func(clientID, secret string, strong bool) (verifier string, err error)

// StorageClients returns the clients as the provider uses them, with verifiers
// in place of secrets.
func (c *Config) StorageClients(hash SecretHasher) ([]storage.Client, error) {
	clients := make([]storage.Client, 0, len(c.Clients))
	for i := range c.Clients {
		client, err := c.Clients[i].storageClient(hash)
		if err != nil {
			return nil, fmt.Errorf("client %q: %w", c.Clients[i].ID, err)
		}
		clients = append(clients, client)
	}
	return clients, nil
}

func (c *Client) storageClient(hash SecretHasher) (storage.Client, error) {
	secrets, err := c.verifiers(hash)
	if err != nil {
		return storage.Client{}, err
	}
	return storage.Client{
		ID:                     c.ID,
		Name:                   c.Name,
		Type:                   c.Type,
		AuthMethod:             c.AuthMethod,
		Secrets:                secrets,
		RedirectURIs:           c.RedirectURIs,
		PostLogoutRedirectURIs: c.PostLogoutRedirectURIs,
		GrantTypes:             c.GrantTypes,
		ResponseTypes:          c.ResponseTypes,
		ResponseModes:          c.ResponseModes,
		Scopes:                 c.Scopes,
		Audience:               c.Audience,
		Origins:                c.allowedOrigins(),
		RequirePKCE:            c.RequirePKCE,
		Consent:                c.Consent,
		IDTokenSigningAlg:      c.IDTokenSigningAlg,
		AccessTokenFormat:      c.AccessTokenFormat,
		AccessTokenAlg:         c.AccessTokenSigningAlg,
		AccessTokenLifetime:    *c.AccessTokenLifetime,
		IDTokenLifetime:        *c.IDTokenLifetime,
		RefreshIdleLifetime:    *c.RefreshIdleLifetime,
		RefreshLifetime:        *c.RefreshLifetime,
		RefreshGrace:           *c.RefreshGrace,
		DefaultMaxAge:          c.DefaultMaxAge,
		DefaultACR:             c.DefaultACRValues,
		RequireVerifiedEmail:   c.RequireVerifiedEmail,
		RequireMFA:             c.RequireMFA,
		TrustDevices:           c.TrustDevices,
		Factors:                c.Factors,
		AccentColor:            c.AccentColor,
		IntrospectAny:          c.IntrospectAny,
		LogoURI:                c.LogoURI,
		ClientURI:              c.ClientURI,
		PolicyURI:              c.PolicyURI,
		TOSURI:                 c.TOSURI,
	}, nil
}

func (c *Client) verifiers(hash SecretHasher) ([]storage.ClientSecret, error) {
	var secrets []storage.ClientSecret
	for _, s := range c.allSecrets() {
		text := s.Value.Reveal()
		if text == "" {
			return nil, errors.New("hash an empty secret") // refused by Load: never let it match
		}
		verifier, err := hash(c.ID, text, strengthOf(text) == strong)
		if err != nil {
			return nil, fmt.Errorf("hash secret: %w", err)
		}
		secrets = append(secrets, storage.ClientSecret{Verifier: verifier, ExpiresAt: s.ExpiresAt})
	}
	return secrets, nil
}

// allowedOrigins returns the origins that were written down, or for an
// application in the browser those it is redirected to.
func (c *Client) allowedOrigins() []string {
	if c.Origins != nil || c.Type != storage.ClientPublic {
		return c.Origins
	}
	var origins []string
	for _, a := range c.RedirectURIs {
		u, err := url.Parse(a)
		if err != nil {
			continue // Load refused it
		}
		if origin := u.Scheme + "://" + withoutDefaultPort(u); !contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins
}

// allSecrets returns secret and secrets as one list.
func (c *Client) allSecrets() []ClientSecret {
	if c.Secret.IsZero() {
		return c.Secrets
	}
	return append([]ClientSecret{{Value: c.Secret}}, c.Secrets...)
}

// Bytes returns the key's material, or nil where it is no base64 or hexadecimal.
func (k SecretKey) Bytes() []byte {
	key, err := decodeKey(k.Key.Reveal())
	if err != nil {
		return nil
	}
	return key
}

package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/latchkey-id/latchkey/client"
)

// SecretHasher makes the verifier of a client's secret: a keyed hash. Guessing a
// secret from its verifier would take the key, and verifiers are in no store.
type SecretHasher func(clientID, secret string) (verifier string)

// ClientList returns the clients as the provider uses them, with verifiers
// in place of secrets.
func (c *Config) ClientList(hash SecretHasher) ([]client.Client, error) {
	clients := make([]client.Client, 0, len(c.Clients))
	for i := range c.Clients {
		written := &c.Clients[i]
		secrets, err := written.verifiers(hash)
		if err != nil {
			return nil, fmt.Errorf("client %q: %w", written.ID, err)
		}
		made := client.New(written.ID, written.metadata(), secrets, c.Tokens.lifetimes())
		if err := made.Pair(c.Secrets.pairwiseKey()); err != nil {
			return nil, fmt.Errorf("client %q: %w", written.ID, err)
		}
		clients = append(clients, made)
	}
	return clients, nil
}

// metadata is what was written down, in the names of RFC 7591.
func (c *Client) metadata() client.Metadata {
	return client.Metadata{
		Name:                   c.Name,
		Type:                   c.Type,
		AuthMethod:             c.AuthMethod,
		RedirectURIs:           c.RedirectURIs,
		PostLogoutRedirectURIs: c.PostLogoutRedirectURIs,
		GrantTypes:             c.GrantTypes,
		ResponseTypes:          c.ResponseTypes,
		ResponseModes:          c.ResponseModes,
		Scopes:                 c.Scopes,
		Audience:               c.Audience,
		Origins:                c.Origins,
		RequirePKCE:            &c.RequirePKCE,
		Consent:                c.Consent,
		IDTokenSigningAlg:      c.IDTokenSigningAlg,
		IDTokenClaims:          c.IDTokenClaims,
		UserInfoClaims:         c.UserInfoClaims,
		AccessTokenClaims:      c.AccessTokenClaims,
		Access:                 rulesOf(c.Access),
		Groups:                 c.Groups.spelling(),
		Resources:              c.Resources,
		TokenExchange:          exchangesOf(c.TokenExchange),
		TrustedSubjects:        trustedOf(c.TrustedSubjects),
		MayAct:                 c.MayAct,
		Workload:               c.Workload.workload(),
		SubjectType:            c.SubjectType,
		SectorIdentifierURI:    c.SectorIdentifierURI,
		AccessTokenFormat:      c.AccessTokenFormat,
		AccessTokenAlg:         c.AccessTokenSigningAlg,
		AccessTokenTypeHeader:  c.AccessTokenTypeHeader,
		AccessTokenLifetime:    (*client.Seconds)(c.AccessTokenLifetime),
		IDTokenLifetime:        (*client.Seconds)(c.IDTokenLifetime),
		RefreshIdleLifetime:    (*client.Seconds)(c.RefreshIdleLifetime),
		RefreshLifetime:        (*client.Seconds)(c.RefreshLifetime),
		RefreshGrace:           (*client.Seconds)(c.RefreshGrace),
		DefaultMaxAge:          (*client.Seconds)(c.DefaultMaxAge),
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
		Description:            c.Description,
		Unlisted:               !c.Listed,
		InitiateLoginURI:       c.InitiateLoginURI,

		OfflineAtSignOut: c.OfflineAtSignOut,

		RequirePushed: c.RequirePushed, DPoPBound: c.DPoPBound,
		TLSSubjectDN: c.TLSSubjectDN, TLSSANDNS: c.TLSSANDNS, TLSSANURI: c.TLSSANURI, TLSSANIP: c.TLSSANIP, TLSSANEmail: c.TLSSANEmail,
		CertificateBound: c.CertificateBound,
		JWKSURI:          c.JWKSURI, JWKS: c.keySet(),
		UserInfoAlg:          c.UserInfoAlg,
		AuthorizationAlg:     c.AuthorizationAlg,
		IntrospectionAlg:     c.IntrospectionAlg,
		IDTokenEncryptionAlg: c.IDTokenEncAlg, IDTokenEncryptionEnc: c.IDTokenEncEnc,
		UserInfoEncryptionAlg: c.UserInfoEncAlg, UserInfoEncryptionEnc: c.UserInfoEncEnc,
		IntrospectionEncryptionAlg: c.IntrospectionEncAlg, IntrospectionEncryptionEnc: c.IntrospectionEncEnc,
		AuthorizationEncryptionAlg: c.AuthorizationEncAlg, AuthorizationEncryptionEnc: c.AuthorizationEncEnc,
		RequestObjectEncryptionAlg: c.RequestObjectEncAlg, RequestObjectEncryptionEnc: c.RequestObjectEncEnc,
		RequestObjectSigningAlg: c.RequestObjectAlg, RequestURIs: c.RequestURIs,
		BackchannelLogoutURI: c.BackchannelLogoutURI, BackchannelLogoutSession: c.BackchannelSession,
		FrontchannelLogoutURI: c.FrontchannelLogoutURI, FrontchannelLogoutSession: c.FrontchannelSession,
	}
}

// workload is nil where nothing was written.
func (w WorkloadIdentity) workload() *client.Workload {
	if w.Issuer == "" && w.Subject == "" && w.Claims == nil {
		return nil
	}
	made := client.Workload(w)
	return &made
}

// trustedOf are the rules about subjects of trusted issuers, in the terms of package client.
func trustedOf(written []TrustedSubject) []client.TrustedSubject {
	var rules []client.TrustedSubject
	for _, rule := range written {
		rules = append(rules, client.TrustedSubject(rule))
	}
	return rules
}

// exchangesOf are the rules of token exchange, in the terms of package client.
func exchangesOf(written []TokenExchange) []client.ExchangeRule {
	var rules []client.ExchangeRule
	for _, rule := range written {
		rules = append(rules, client.ExchangeRule(rule))
	}
	return rules
}

// keySet is what jwks holds; nil where that is nothing, or cannot be read.
func (c *Client) keySet() *client.KeySet {
	var set client.KeySet
	if c.JWKS == "" || json.Unmarshal([]byte(c.JWKS), &set) != nil {
		return nil
	}
	return &set
}

// completed is metadata with the defaults that apply.
func (c *Client) completed(t Tokens) client.Metadata {
	m := c.metadata()
	m.Complete(t.lifetimes())
	return m
}

// lifetimes are those of clients that have none of their own.
func (t Tokens) lifetimes() client.Lifetimes {
	return client.Lifetimes{
		AccessToken: t.AccessTokenLifetime, IDToken: t.IDTokenLifetime,
		RefreshIdle: t.RefreshIdleLifetime, Refresh: t.RefreshLifetime, RefreshGrace: t.RefreshGrace,
	}
}

func (c *Client) verifiers(hash SecretHasher) ([]client.Secret, error) {
	var secrets []client.Secret
	for _, s := range c.allSecrets() {
		text := s.Value.Reveal()
		if text == "" {
			return nil, errors.New("hash an empty secret") // refused by Load: never let it match
		}
		made := client.Secret{Verifier: hash(c.ID, text), ExpiresAt: s.ExpiresAt}
		if c.AuthMethod == client.AuthMethodSecretJWT {
			made.Key = client.HMACKey(text)
		}
		secrets = append(secrets, made)
	}
	return secrets, nil
}

// allSecrets returns secret and secrets as one list.
func (c *Client) allSecrets() []ClientSecret {
	if c.Secret.IsZero() {
		return c.Secrets
	}
	return append([]ClientSecret{{Value: c.Secret}}, c.Secrets...)
}

// pairwiseKey is nil where there is none, or none that can be used.
func (s Secrets) pairwiseKey() []byte {
	key, err := decodeKey(s.PairwiseKey.Reveal())
	if err != nil {
		return nil
	}
	return key
}

// SectorKey is the key of pairwise subjects; nil where there is none.
func (s Secrets) SectorKey() []byte { return s.pairwiseKey() }

// ClientPolicy is what the metadata of clients is judged against that no file holds.
func (c *Config) ClientPolicy(dev bool) client.Policy {
	return client.Policy{Dev: dev, SigningAlgs: c.SigningKeys.Algs, Factors: c.MFA.Factors, Catalog: c.Catalog, Pairwise: c.Secrets.Pairwise(), TrustedIssuers: slices.Collect(maps.Keys(c.Trusted())), Certificates: c.MutualTLS.Known(), CertificateAuthorities: c.MutualTLS.CAFile != ""}
}

// ClientLifetimes are those of clients that have none of their own.
func (c *Config) ClientLifetimes() client.Lifetimes { return c.Tokens.lifetimes() }

// Pairwise reports whether clients may have pairwise subjects.
func (s Secrets) Pairwise() bool { return len(s.pairwiseKey()) >= client.MinPairwiseKey }

// Bytes returns the key's material, or nil where it is no base64 or hexadecimal.
func (k SecretKey) Bytes() []byte {
	key, err := decodeKey(k.Key.Reveal())
	if err != nil {
		return nil
	}
	return key
}

package client

import (
	"cmp"
	"slices"
)

// What a client is issued where its metadata does not say. Every relying party
// must know RS256 (OpenID Connect Core 15.1); access tokens are for resource
// servers, where an algorithm that is forty times cheaper serves.
const (
	DefaultIDTokenAlg     = "RS256"
	DefaultAccessTokenAlg = "ES256"
)

// New makes a client of metadata, which is completed, and of the verifiers of
// its secrets. The metadata must have passed [Metadata.Validate].
func New(id string, m Metadata, secrets []Secret, defaults Lifetimes) Client {
	m.Complete(defaults)
	m.Name = cmp.Or(m.Name, id)
	return Client{
		ID: id, Metadata: m, Secrets: secrets,
		Lifetimes: m.lifetimes(),
	}
}

// Complete fills in every default: those that depend on the type and grants of
// the client, and the provider's lifetimes. It is idempotent. The result is
// documented in docs/configuration.md: change both.
func (m *Metadata) Complete(defaults Lifetimes) {
	m.Type = cmp.Or(m.Type, m.impliedType())
	m.completeByType()
	m.IDTokenSigningAlg = cmp.Or(m.IDTokenSigningAlg, DefaultIDTokenAlg)
	m.AuthorizationAlg = cmp.Or(m.AuthorizationAlg, DefaultIDTokenAlg)
	m.AccessTokenAlg = cmp.Or(m.AccessTokenAlg, DefaultAccessTokenAlg)
	m.IntrospectionAlg = cmp.Or(m.IntrospectionAlg, DefaultIDTokenAlg)
	m.completeEncryption()
	m.AccessTokenFormat = cmp.Or(m.AccessTokenFormat, AccessTokenJWT)
	m.AccessTokenTypeHeader = cmp.Or(m.AccessTokenTypeHeader, TypeHeaderAccessToken)
	preset(&m.AccessTokenLifetime, Seconds(defaults.AccessToken))
	preset(&m.IDTokenLifetime, Seconds(defaults.IDToken))
	preset(&m.RefreshGrace, Seconds(defaults.RefreshGrace))
	preset(&m.RefreshLifetime, Seconds(defaults.Refresh))
	// A client that only shortens its refresh lifetime means both.
	preset(&m.RefreshIdleLifetime, min(Seconds(defaults.RefreshIdle), *m.RefreshLifetime))
}

// impliedType is the type of a client that names none, as one that registers by
// RFC 7591 does.
func (m *Metadata) impliedType() Type {
	switch {
	case m.ApplicationType == "native":
		return TypeNative
	case m.AuthMethod == AuthMethodNone:
		return TypePublic
	case slices.Equal(m.GrantTypes, []string{GrantClientCredentials}):
		return TypeService
	}
	return TypeConfidential
}

func (m *Metadata) completeByType() {
	if m.AuthMethod == "" && m.Type.KeepsNoSecret() {
		m.AuthMethod = AuthMethodNone
	}
	if m.Type == TypeService {
		presetList(&m.GrantTypes, GrantClientCredentials)
		return
	}
	presetList(&m.Scopes, ScopeOpenID, ScopeProfile, ScopeEmail)
	for _, t := range m.ResponseTypes {
		if m.GrantTypes == nil && CanonicalResponseType(t) != ResponseTypeCode {
			m.GrantTypes = m.impliedGrants()
		}
	}
	if m.AllowsScope(ScopeOfflineAccess) {
		presetList(&m.GrantTypes, GrantAuthorizationCode, GrantRefreshToken)
	}
	presetList(&m.GrantTypes, GrantAuthorizationCode)
	if m.AllowsGrant(GrantAuthorizationCode) {
		presetList(&m.ResponseTypes, ResponseTypeCode)
	}
	if m.UsesBrowsers() && m.AllowsGrant(GrantImplicit) {
		presetList(&m.ResponseModes, ResponseModeQuery, ResponseModeFragment, ResponseModeFormPost)
	} else if m.UsesBrowsers() {
		presetList(&m.ResponseModes, ResponseModeQuery, ResponseModeFormPost)
	}
	if m.Type == TypePublic {
		presetList(&m.Origins, originsOf(m.RedirectURIs)...)
	}
}

// impliedGrants are the grants that the response types need, and refresh tokens where
// offline_access may be asked for with a code.
func (m *Metadata) impliedGrants() []string {
	var grants []string
	for _, t := range m.ResponseTypes {
		for _, grant := range grantsOf(t) {
			if !slices.Contains(grants, grant) {
				grants = append(grants, grant)
			}
		}
	}
	if m.AllowsScope(ScopeOfflineAccess) && slices.Contains(grants, GrantAuthorizationCode) {
		grants = append(grants, GrantRefreshToken)
	}
	return grants
}

func preset(field **Seconds, value Seconds) {
	if *field == nil {
		*field = &value
	}
}

// presetList fills in a list that is absent; an empty one was meant.
func presetList[L ~[]string](field *L, values ...string) {
	if *field == nil {
		*field = values
	}
}

package client

import "github.com/latchkey-id/latchkey/storage"

// Values of metadata that are enumerations. They are the only lists of them:
// the schema and the documentation of the configuration are made from these.

// The typ header of JWT access tokens.
const (
	TypeHeaderAccessToken = "at+jwt" // RFC 9068 section 2.1
	TypeHeaderJWT         = "JWT"    // for resource servers that refuse any other
)

// Types lists the client types.
func Types() []Type { return []Type{TypeConfidential, TypePublic, TypeNative, TypeService} }

// AuthMethods lists the token endpoint authentication methods.
func AuthMethods() []string {
	return []string{AuthMethodBasic, AuthMethodPost, AuthMethodSecretJWT, AuthMethodPrivateKeyJWT, AuthMethodTLS, AuthMethodSelfSignedTLS, AuthMethodNone}
}

// RequestObjectAlgs lists the algorithms of request objects.
func RequestObjectAlgs() []string {
	return []string{"none", "RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"}
}

// GrantTypes lists the grant types.
func GrantTypes() []string {
	return []string{GrantAuthorizationCode, GrantImplicit, GrantRefreshToken, GrantClientCredentials, GrantDeviceCode, GrantTokenExchange, GrantJWTBearer}
}

// ConsentPolicies lists the consent policies.
func ConsentPolicies() []ConsentPolicy {
	return []ConsentPolicy{ConsentImplied, ConsentRemember, ConsentAlways}
}

// OfflinePolicies lists what becomes of offline grants at a sign-out.
func OfflinePolicies() []OfflinePolicy { return []OfflinePolicy{OfflineKept, OfflineEnded} }

// AccessTokenFormats lists the formats of access tokens.
func AccessTokenFormats() []AccessTokenFormat {
	return []AccessTokenFormat{AccessTokenJWT, AccessTokenOpaque}
}

// AccessTokenTypeHeaders lists what the typ header of an access token may be.
func AccessTokenTypeHeaders() []string { return []string{TypeHeaderAccessToken, TypeHeaderJWT} }

// SecondFactors lists the kinds of factor that may count beside the first.
func SecondFactors() []storage.FactorKind {
	return []storage.FactorKind{
		storage.FactorPasskey, storage.FactorTOTP, storage.FactorRecovery, storage.FactorEmail, storage.FactorSMS,
	}
}

// SigningAlgs lists the algorithms of JWTs that the provider can sign with.
func SigningAlgs() []string { return []string{"RS256", "PS256", "ES256", "ES384", "EdDSA"} }

// PersonClaims lists the claims about a person that tokens and userinfo can
// hold (OpenID Connect Core 5.1).
func PersonClaims() []string {
	return []string{
		"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
		"website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "email", "email_verified", "address",
		"phone_number", "phone_number_verified",
	}
}

// ProtocolClaims lists the claims that tokens have whatever is known of a person: no
// other claim can take their names.
func ProtocolClaims() []string {
	return []string{
		"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "sid", "at_hash", "c_hash",
		"client_id", "scope", "gid", "gcl", "cnf", "act", "may_act", "events", "s_hash", "_claim_names", "_claim_sources",
	}
}

// ACRs lists the authentication context classes of package mfa, the least first.
func ACRs() []string { return []string{"aal1", "mfa", "aal2", "phr"} }

package client

import (
	"slices"
	"strings"
)

// Response types (OAuth 2.0 Multiple Response Type Encoding Practices 1.0). Their words
// are in alphabetical order: see [CanonicalResponseType].
const (
	ResponseTypeCode             = "code"
	ResponseTypeIDToken          = "id_token"
	ResponseTypeIDTokenToken     = "id_token token"
	ResponseTypeCodeIDToken      = "code id_token"
	ResponseTypeCodeToken        = "code token"
	ResponseTypeCodeIDTokenToken = "code id_token token"
)

// Response modes (RFC 6749, OAuth 2.0 Form Post Response Mode 1.0, and JWT Secured
// Authorization Response Mode, JARM). [ResponseModeJWT] is that of the two before it
// that is the default of the response type.
const (
	ResponseModeQuery       = "query"
	ResponseModeFragment    = "fragment"
	ResponseModeFormPost    = "form_post"
	ResponseModeQueryJWT    = "query.jwt"
	ResponseModeFragmentJWT = "fragment.jwt"
	ResponseModeFormPostJWT = "form_post.jwt"
	ResponseModeJWT         = "jwt"
)

// ResponseTypes lists the response types.
func ResponseTypes() []string {
	return []string{
		ResponseTypeCode, ResponseTypeIDToken, ResponseTypeIDTokenToken,
		ResponseTypeCodeIDToken, ResponseTypeCodeToken, ResponseTypeCodeIDTokenToken,
	}
}

// ResponseModes lists the response modes.
func ResponseModes() []string {
	return []string{
		ResponseModeQuery, ResponseModeFragment, ResponseModeFormPost,
		ResponseModeJWT, ResponseModeQueryJWT, ResponseModeFragmentJWT, ResponseModeFormPostJWT,
	}
}

// CanonicalResponseType returns a response type with its words in the order of
// [ResponseTypes]: which order they come in means nothing.
func CanonicalResponseType(text string) string {
	words := strings.Fields(text)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// InResponseType reports whether a response type has a word: code, id_token or token.
func InResponseType(responseType, word string) bool {
	return slices.Contains(strings.Fields(responseType), word)
}

// grantsOf are the grant types that a response type needs (RFC 7591 section 2.1).
func grantsOf(responseType string) []string {
	var grants []string
	if InResponseType(responseType, "code") {
		grants = append(grants, GrantAuthorizationCode)
	}
	if InResponseType(responseType, "id_token") || InResponseType(responseType, "token") {
		grants = append(grants, GrantImplicit)
	}
	return grants
}

// AllowsResponseType reports whether the client is registered for the response type,
// which is canonical, and for the grants that it needs.
func (m *Metadata) AllowsResponseType(responseType string) bool {
	registered := slices.ContainsFunc(m.ResponseTypes, func(t string) bool { return CanonicalResponseType(t) == responseType })
	return registered && !slices.ContainsFunc(grantsOf(responseType), func(grant string) bool { return !m.AllowsGrant(grant) })
}

// UsesBrowsers reports whether the client sends browsers to the authorization endpoint.
func (m *Metadata) UsesBrowsers() bool {
	return m.AllowsGrant(GrantAuthorizationCode) || m.AllowsGrant(GrantImplicit)
}

// responses checks that response types and grants go together, and what else follows
// from tokens that the authorization endpoint issues.
func (v *validation) responses() {
	implicit := false
	for i, t := range v.ResponseTypes {
		for _, grant := range grantsOf(t) {
			implicit = implicit || grant == GrantImplicit
			if !v.AllowsGrant(grant) {
				v.add(indexed("response_types", i), "%q needs %s in %s", t, grant, v.spell("grant_types"))
			}
		}
		if InResponseType(t, "token") && v.DPoPBound {
			v.add(indexed("response_types", i), "%q issues a token that is bound to no key, against dpop_bound_access_tokens; use code", t)
		}
		if InResponseType(t, "token") && v.CertificateBound {
			v.add(indexed("response_types", i), "%q issues a token that is bound to no certificate, against tls_client_certificate_bound_access_tokens; use code", t)
		}
	}
	if !implicit && v.AllowsGrant(GrantImplicit) {
		v.add("grant_types", "implicit has no effect without a response type that has id_token or token; remove it")
	}
}

// adviseImplicit tells what is wrong with tokens in addresses.
func (v *validation) adviseImplicit() {
	for i, t := range v.ResponseTypes {
		if InResponseType(t, "token") {
			v.add(indexed("response_types", i),
				"%q puts an access token into the browser's address, where histories, scripts and other applications find it, and which nothing binds to the client (RFC 9700 section 2.1.2): use code with PKCE, which the client's library can do", t)
		}
	}
}

package client

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// Policy is what metadata is judged against: what the provider does, and how
// whoever wrote the metadata spells its fields.
type Policy struct {
	// Dev lets any client have http redirect URIs, origins and pages on loopback.
	Dev bool
	// SigningAlgs are those that a key signs with.
	SigningAlgs []string
	// EncryptionAlgs are those of a JWE that may be made to a key of ours.
	EncryptionAlgs []string
	// Factors are the second factors that count at all.
	Factors []storage.FactorKind
	// Pairwise says that there is a key for pairwise subjects.
	Pairwise bool
	// Certificates says that TLS certificates of clients are known, and
	// CertificateAuthorities that there are some who vouch for them (RFC 8705).
	Certificates, CertificateAuthorities bool
	// TrustedIssuers are who may vouch for subjects.
	TrustedIssuers []string
	// Catalog has the claims, scopes and resource servers that there are besides the
	// standard ones; nil has none.
	Catalog *access.Catalog
	// Spell gives a field the name that messages call it by; nil keeps RFC 7591's.
	Spell func(field string) string
}

// Problem is one thing to be put right.
type Problem struct {
	// Field is the member of the metadata in RFC 7591's name, with an index
	// where it is about one of a list: redirect_uris[1].
	Field string
	// Message says what is wrong and what to do. It never holds a secret.
	Message string
}

var (
	idSyntax    = regexp.MustCompile(`^[!-~]{1,256}$`)
	colorSyntax = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
)

// IsID reports whether text can be a client_id.
func IsID(text string) bool { return idSyntax.MatchString(text) }

// IsColor reports whether text is a color as #rrggbb.
func IsColor(text string) bool { return colorSyntax.MatchString(text) }

// Validate returns every problem of completed metadata (see [Metadata.Complete]),
// whether an administrator, the admin API or the client itself wrote it. The
// order is that of the fields' meaning: what follows from one problem comes
// after it.
func (m *Metadata) Validate(p Policy) []Problem {
	v := validation{Metadata: m, policy: p}
	if !v.enumerations() {
		return v.problems // what is right depends on the type
	}
	v.authentication()
	v.grants()
	v.responses()
	v.addresses()
	v.frames()
	v.scopes()
	v.keys()
	v.certificates()
	v.encryption()
	v.tokens()
	v.claims()
	v.access()
	v.exchange()
	v.trusted()
	v.workload()
	v.pairwise()
	v.signInRules()
	return v.problems
}

// validation collects the problems of one client.
type validation struct {
	*Metadata
	policy   Policy
	problems []Problem
}

func (v *validation) add(field, format string, args ...any) {
	v.problems = append(v.problems, Problem{Field: field, Message: fmt.Sprintf(format, args...)})
}

// spell is the name of a field in messages.
func (v *validation) spell(field string) string {
	if v.policy.Spell == nil {
		return field
	}
	return v.policy.Spell(field)
}

// enumerations checks fields that have few values, and reports whether the type is one.
func (v *validation) enumerations() (typed bool) {
	typed = oneOf(v, "client_type", v.Type, Types())
	if v.AuthMethod != "" {
		oneOf(v, "token_endpoint_auth_method", v.AuthMethod, AuthMethods())
	}
	if v.Consent != "" {
		oneOf(v, "consent", v.Consent, ConsentPolicies())
	}
	if v.OfflineAtSignOut != "" {
		oneOf(v, "offline_grants_at_sign_out", v.OfflineAtSignOut, OfflinePolicies())
	}
	oneOf(v, "access_token_format", v.AccessTokenFormat, AccessTokenFormats())
	oneOf(v, "access_token_type_header", v.AccessTokenTypeHeader, AccessTokenTypeHeaders())
	eachOneOf(v, "grant_types", v.GrantTypes, GrantTypes())
	canonical := make([]string, len(v.ResponseTypes))
	for i, t := range v.ResponseTypes {
		canonical[i] = CanonicalResponseType(t)
	}
	eachOneOf(v, "response_types", canonical, ResponseTypes())
	eachOneOf(v, "response_modes", v.ResponseModes, ResponseModes())
	return typed
}

func oneOf[T ~string](v *validation, field string, value T, values []T) bool {
	if slices.Contains(values, value) {
		return true
	}
	v.add(field, "%q is not supported; use %s", value, OrList(values))
	return false
}

func eachOneOf(v *validation, field string, given, values []string) {
	for i, value := range given {
		oneOf(v, indexed(field, i), value, values)
	}
}

func (v *validation) addresses() {
	redirect := func(text string) error { return checkRedirect(text, v.Type, v.policy.Dev) }
	v.each("redirect_uris", v.RedirectURIs, redirect)
	v.each("post_logout_redirect_uris", v.PostLogoutRedirectURIs, redirect)
	v.each("request_uris", v.RequestURIs, func(text string) error { return CheckPage(text, v.policy.Dev) })
	v.each("origins", v.Origins, func(text string) error { return checkOrigin(text, v.policy.Dev) })
	for _, page := range []struct{ field, text string }{
		{"logo_uri", v.LogoURI}, {"client_uri", v.ClientURI}, {"policy_uri", v.PolicyURI}, {"tos_uri", v.TOSURI},
		{"initiate_login_uri", v.InitiateLoginURI}, {"jwks_uri", v.JWKSURI}, {"sector_identifier_uri", v.SectorIdentifierURI},
		{"backchannel_logout_uri", v.BackchannelLogoutURI}, {"frontchannel_logout_uri", v.FrontchannelLogoutURI},
	} {
		if page.text == "" {
			continue
		}
		if err := CheckPage(page.text, v.policy.Dev); err != nil {
			v.add(page.field, "%q: %v", page.text, err)
		}
	}
}

// frames checks what OpenID Connect Front-Channel Logout 1.0 section 2 wants: what is
// opened in a frame is of the client.
func (v *validation) frames() {
	const field = "frontchannel_logout_uri"
	u, err := url.Parse(v.FrontchannelLogoutURI)
	if v.FrontchannelLogoutURI == "" || err != nil {
		return
	}
	if !slices.Contains(originsOf(v.RedirectURIs), OriginOf(u)) {
		v.add(field, "%q does not have the origin of a redirect URI", v.FrontchannelLogoutURI)
	}
}

func (v *validation) scopes() {
	v.each("scope", v.Scopes, func(scope string) error {
		if ident.Scope(scope) != nil {
			return errors.New("a scope is printable ASCII without spaces, quotes and backslashes")
		}
		if aboutPeople(scope) && !v.ActsForPeople() {
			return errors.New("this scope is about a person, so it needs the authorization_code or the device_code grant")
		}
		return nil
	})
	if v.AllowsScope(ScopeOfflineAccess) && v.ActsForPeople() && !v.AllowsGrant(GrantRefreshToken) {
		v.add("scope", "offline_access needs refresh_token in %s", v.spell("grant_types"))
	}
	if v.OfflineAtSignOut == OfflineEnded && !v.AllowsScope(ScopeOfflineAccess) {
		v.add("offline_grants_at_sign_out", "it has no effect without offline_access in %s: all grants end with their session; remove it", v.spell("scope"))
	}
}

func aboutPeople(scope string) bool {
	switch scope {
	case ScopeOpenID, ScopeProfile, ScopeEmail, ScopeAddress, ScopePhone, ScopeOfflineAccess, access.ScopeGroups, access.ScopeRoles, access.ScopeEntitlements:
		return true
	}
	return false
}

func (v *validation) keys() {
	if v.AuthMethod == AuthMethodPrivateKeyJWT && v.JWKS == nil && v.JWKSURI == "" {
		v.add("jwks_uri", "private_key_jwt needs the client's keys: their address here, or themselves in jwks")
	}
	if alg := v.RequestObjectSigningAlg; alg != "" {
		oneOf(v, "request_object_signing_alg", alg, RequestObjectAlgs())
	}
	if v.JWKS == nil {
		return
	}
	if v.JWKSURI != "" {
		v.add("jwks", "give the keys or their address, not both; remove one")
	}
	if n := len(v.JWKS.Keys); n == 0 || n > MaxKeys {
		v.add("jwks", "use 1 to %d keys", MaxKeys)
	}
}

func (v *validation) tokens() {
	for _, a := range []struct {
		field, alg string
		unused     bool
	}{
		{"id_token_signed_response_alg", v.IDTokenSigningAlg, false},
		{"userinfo_signed_response_alg", v.UserInfoAlg, v.UserInfoAlg == ""},
		{"introspection_signed_response_alg", v.IntrospectionAlg, false},
		{"authorization_signed_response_alg", v.AuthorizationAlg, !v.UsesBrowsers()},
		{"access_token_signed_response_alg", v.AccessTokenAlg, v.AccessTokenFormat == AccessTokenOpaque},
	} {
		if !a.unused && !slices.Contains(v.policy.SigningAlgs, a.alg) {
			v.add(a.field, "no key signs with %s; add it to signing_keys.algs or use %s", a.alg, OrList(v.policy.SigningAlgs))
		}
	}
	v.problems = append(v.problems, v.lifetimes().Check()...)
	if v.DefaultMaxAge != nil && v.DefaultMaxAge.Duration() < time.Second {
		v.add("default_max_age", "use at least 1s, or remove it")
	}
	if slices.Contains(v.DefaultACR, "") {
		v.add("default_acr_values", "a value is empty; remove it")
	}
}

// pairwise checks what OpenID Connect Core 8.1 wants of pairwise subjects.
func (v *validation) pairwise() {
	switch v.SubjectType {
	case "", SubjectPublic:
		if v.SectorIdentifierURI != "" {
			v.add("sector_identifier_uri", "it has no effect without %s: pairwise; remove it", v.spell("subject_type"))
		}
	case SubjectPairwise:
		switch {
		case v.Type == TypeService:
			v.add("subject_type", "it has no effect for a service client, which acts for no person; remove it")
		case !v.policy.Pairwise:
			v.add("subject_type", "pairwise needs secrets.pairwise_key; set that")
		case v.sectorName() == "":
			v.add("subject_type", "pairwise needs one host that all redirect URIs have, or sector_identifier_uri")
		}
	default:
		v.add("subject_type", "%q is not supported; use %s", v.SubjectType, OrList(SubjectTypes()))
	}
	switch v.ApplicationType {
	case "", "web", "native":
	default:
		v.add("application_type", "%q is not supported; use web or native", v.ApplicationType)
	}
}

// signInRules checks what the client asks of the people who go there.
func (v *validation) signInRules() {
	if v.AccentColor != "" && !IsColor(v.AccentColor) {
		v.add("accent_color", "%q is not a color; write it like #1f6feb", v.AccentColor)
	}
	if v.Type == TypeService {
		for _, p := range []struct {
			field string
			set   bool
		}{
			{"require_verified_email", v.RequireVerifiedEmail},
			{"require_mfa", v.RequireMFA},
			{"trust_devices", v.TrustDevices},
			{"factors", len(v.Factors) > 0},
			{"backchannel_logout_uri", v.BackchannelLogoutURI != ""},
			{"frontchannel_logout_uri", v.FrontchannelLogoutURI != ""},
		} {
			if p.set {
				v.add(p.field, "it has no effect for a service client, which acts for no person; remove it")
			}
		}
		return
	}
	if v.Factors == nil {
		return
	}
	v.problems = append(v.problems, CheckFactors("factors", v.Factors)...)
	for i, kind := range v.Factors {
		if !slices.Contains(v.policy.Factors, kind) {
			v.add(indexed("factors", i), "%s is not among mfa.factors, so nobody can have it; add it there or remove it", kind)
		}
	}
}

// CheckFactors returns the problems of a list of kinds that count as a second factor.
func CheckFactors(field string, kinds []storage.FactorKind) []Problem {
	var v validation
	v.noRepeats(field, texts(kinds))
	if len(kinds) == 0 || len(kinds) == 1 && kinds[0] == storage.FactorRecovery {
		v.add(field, "name at least one factor that people can enroll: passkey or totp, or email or sms, which are weaker")
	}
	return v.problems
}

// each reports the values of a list that check refuses, and repeats.
func (v *validation) each(field string, values []string, check func(string) error) {
	v.noRepeats(field, values)
	for i, value := range values {
		if err := check(value); err != nil {
			v.add(indexed(field, i), "%q: %v", value, err)
		}
	}
}

// noRepeats reports values that a list holds twice.
func (v *validation) noRepeats(field string, values []string) {
	seen := map[string]bool{}
	for i, value := range values {
		if seen[value] && value != "" {
			v.add(indexed(field, i), "%q is listed twice; remove one", value)
		}
		seen[value] = true
	}
}

func indexed(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// OrList joins words as in "a, b or c".
func OrList[T ~string](words []T) string {
	list := texts(words)
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}

func texts[T ~string](words []T) []string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	return list
}

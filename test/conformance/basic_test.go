package conformance

import "testing"

// basicModules are those of oidcc-basic-certification-test-plan.
var basicModules = []named{
	{"oidcc-server", server},
	{"oidcc-response-type-missing", responseTypeMissing},
	{"oidcc-idtoken-signature", idTokenSignature},
	{"oidcc-idtoken-unsigned", idTokenUnsigned},
	{"oidcc-userinfo-get", userinfoGet},
	{"oidcc-userinfo-post-header", userinfoPostHeader},
	{"oidcc-userinfo-post-body", userinfoPostBody},
	{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow", withoutNonce},
	{"oidcc-scope-profile", scope("profile")},
	{"oidcc-scope-email", scope("email")},
	{"oidcc-scope-address", scope("address")},
	{"oidcc-scope-phone", scope("phone")},
	{"oidcc-scope-all", scope("profile", "email", "address", "phone")},
	{"oidcc-alternate-happy-flow", alternateHappyFlow},
	{"oidcc-display-page", with("display", "page")},
	{"oidcc-display-popup", with("display", "popup")},
	{"oidcc-prompt-login", promptLogin},
	{"oidcc-prompt-none-not-logged-in", promptNoneNobody},
	{"oidcc-prompt-none-logged-in", promptNoneSignedIn},
	{"oidcc-max-age-1", maxAge1},
	{"oidcc-max-age-10000", maxAge10000},
	{"oidcc-ensure-request-with-unknown-parameter-succeeds", with("extra", "foobar")},
	{"oidcc-id-token-hint", idTokenHint},
	{"oidcc-login-hint", loginHint},
	{"oidcc-ui-locales", with("ui_locales", "se fr-CA")},
	{"oidcc-claims-locales", with("claims_locales", "se", "scope", "openid profile")},
	{"oidcc-ensure-request-with-acr-values-succeeds", acrValues},
	{"oidcc-codereuse", codeReuse},
	{"oidcc-codereuse-30seconds", codeReuse30Seconds},
	{"oidcc-ensure-registered-redirect-uri", registeredRedirectURI},
	{"oidcc-ensure-post-request-succeeds", postRequest},
	{"oidcc-server-client-secret-post", secretPost},
	{"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", requestObject},
	{"oidcc-ensure-request-object-with-redirect-uri", requestObjectRedirect},
	{"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", requestURI},
	{"oidcc-claims-essential", claimsEssential},
	{"oidcc-refresh-token", refreshToken},
	{"oidcc-ensure-request-with-valid-pkce-succeeds", validPKCE},
}

func TestBasic(t *testing.T) {
	t.Parallel()
	start(t, nil).run(t, "", basicModules)
}

// TestFormPost runs oidcc-formpost-basic-certification-test-plan: the same
// modules, whose answers are posted, errors too.
func TestFormPost(t *testing.T) {
	t.Parallel()
	start(t, nil).run(t, "form_post", basicModules)
}

// TestPushed runs the modules of a request that is pushed first (RFC 9126), as
// fapi2-security-profile asks of it.
func TestPushed(t *testing.T) {
	t.Parallel()
	start(t, nil).run(t, "", []named{
		{"fapi2-security-profile-final-happy-flow", pushedHappyFlow},
		{"fapi2-security-profile-final-par-attempt-reuse-request_uri", pushedReuse},
		{"fapi2-security-profile-final-attempt-to-use-request_uri-for-different-client", pushedForAnother},
		{"fapi2-security-profile-final-par-endpoint-request-with-request_uri", pushedRequestURI},
		{"fapi2-security-profile-final-state-only-outside-request-object-not-used", pushedStateOutside},
	})
}

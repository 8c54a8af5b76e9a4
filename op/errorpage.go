package op

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// errorPagePath is, with a code behind it, a page for developers about one error: the
// error_uri of every answer (RFC 6749 sections 4.1.2.1 and 5.2). It is the same for all
// who meet the error, so it tells nothing of whom or what.
const errorPagePath = "/errors/"

var errorPageEndpoint = endpoint{
	path:  errorPagePath,
	mount: func(p *Provider, to routes, path string) { to.Handle("GET "+path+"{code}", to.page(p.showError)) },
}

// errorText says what a code means, where it is defined, and what a developer does.
type errorText struct{ spec, means, do string }

// errorTexts are the pages, by code: each code that we answer has one.
var errorTexts = map[string]errorText{
	codeAccessDenied:                    {"RFC 6749 section 4.1.2.1", "The person, or a rule of this provider, said no.", "Tell the person so, and offer another account. The administrator finds the rule with `latchkey explain USER CLIENT`."},
	codeAuthorizationPending:            {"RFC 8628 section 3.5", "Nobody has decided yet what the device asks for.", "Keep polling, at the interval that you were told."},
	"account_selection_required":        {"OpenID Connect Core section 3.1.2.6", "The person has to choose an account, and prompt=none forbids asking.", "Send the person through sign-in without prompt=none."},
	"consent_required":                  {"OpenID Connect Core section 3.1.2.6", "The person has to be asked what the application may have, and prompt=none forbids asking.", "Send the person through sign-in without prompt=none."},
	codeExpiredToken:                    {"RFC 8628 section 3.5", "Nobody typed the user code in time.", "Ask the device authorization endpoint for another one."},
	codeInsufficientScope:               {"RFC 6750 section 3.1", "The access token is not for this.", "Ask for the scope that the answer names when you send the person to sign in."},
	"interaction_required":              {"OpenID Connect Core section 3.1.2.6", "There is something to ask the person, and prompt=none forbids asking.", "Send the person through sign-in without prompt=none."},
	codeInvalidClient:                   {"RFC 6749 section 5.2", "The client could not be authenticated: an id that is not known, a wrong or expired secret, another method than the registered one, or an assertion that is not for this provider, too old or used before.", "Compare id, secret and method with the registration. A secret with + or % in it has to be form-encoded in a Basic header. Which of them it was is in the log of the provider, and is not told to strangers."},
	codeInvalidClientMetadata:           {"RFC 7591 section 3.2.2", "A field of the registration is refused, or the client lacks a key that its registration calls for.", "error_description names the field and what to write instead."},
	codeInvalidDPoPProof:                {"RFC 9449 sections 5 and 7", "The DPoP proof is missing where one is required, names another method or address, is more than a minute off, or was used before.", "Make a new proof for each request, with the address from discovery and a clock that is right."},
	codeInvalidGrant:                    {"RFC 6749 section 5.2", "The code or refresh token was used before, has expired, was revoked, belongs to another client, redirect URI or verifier, or its person may not use the client any more.", "Send the person through sign-in again. If it happens often, look for two processes that use one refresh token, or for a code that is exchanged twice."},
	"invalid_redirect_uri":              {"RFC 7591 section 3.2.2", "A redirect URI of the registration is refused.", "error_description names which and why. Use https and no fragment."},
	codeInvalidRequest:                  {"RFC 6749 sections 4.1.2.1 and 5.2", "A parameter is missing, repeated, or not what it may be.", "error_description names the parameter."},
	codeInvalidRequestObject:            {"RFC 9101 section 7", "The request object is not signed by a key of the client, not encrypted as registered, expired, or for somebody else.", "Sign it with a key of the client's jwks or jwks_uri, with the registered algorithm, and aud set to the issuer."},
	codeInvalidRequestURI:               {"RFC 9101 section 7", "The request_uri could not be fetched.", "Serve it by https from an address that the provider reaches, without redirects."},
	codeInvalidScope:                    {"RFC 6749 sections 4.1.2.1 and 5.2", "A scope exists here and is not for this client.", "Ask for what is registered, or have it registered."},
	codeInvalidTarget:                   {"RFC 8707 section 2", "The resource is not known, not for this client, or was not granted.", "Name one resource, by the identifier that the provider has for it."},
	codeInvalidToken:                    {"RFC 6750 section 3.1", "The access token is not valid here: expired, revoked, for another audience, or bound to a key that was not proven.", "Refresh it. One that is bound to a key goes with Authorization: DPoP and a proof."},
	"login_required":                    {"OpenID Connect Core section 3.1.2.6", "Nobody is signed in, or not recently enough, and prompt=none forbids asking.", "Send the person through sign-in without prompt=none."},
	"registration_not_supported":        {"OpenID Connect Core section 3.1.2.6", "The parameter registration is not supported.", "Register the client beforehand."},
	"invalid_software_statement":        {"RFC 7591 section 3.2.2", "The software statement is not valid.", "Use one that is signed by an issuer which this provider trusts, and that has not expired."},
	"unapproved_software_statement":     {"RFC 7591 section 3.2.2", "The software statement is not one that this provider approves.", "Ask the administrator to trust its issuer."},
	codeRequestNotSupported:             {"OpenID Connect Core section 3.1.2.6", "Request objects are not taken from this client, or not encrypted ones.", "Register keys of the client in jwks or jwks_uri."},
	codeRequestURINotSupported:          {"OpenID Connect Core section 3.1.2.6", "The request_uri is not registered for the client.", "Register it among request_uris, or push the request (RFC 9126)."},
	codeServerError:                     {"RFC 6749 section 4.1.2.1", "The fault is on the side of the provider.", "Try again later. The administrator finds the cause in the log by the request id of the answer."},
	codeSlowDown:                        {"RFC 8628 section 3.5", "The device polls too often.", "Wait five seconds longer between polls, from now on."},
	codeTemporarilyUnavailable:          {"RFC 6749 section 4.1.2.1", "Something that is needed to answer does not answer itself.", "Try again after the time in Retry-After. What you sent is still good."},
	codeUnauthorizedClient:              {"RFC 6749 sections 4.1.2.1 and 5.2", "The client is not registered for this grant or response type.", "Have it added to grant_types or response_types, or use another."},
	"unmet_authentication_requirements": {"OpenID Connect Core Unmet Authentication Requirements 1.0", "The class of sign-in that the request insists on cannot be reached.", "Ask for one of acr_values_supported, or let the person add a factor first."},
	codeUnsupportedGrantType:            {"RFC 6749 section 5.2", "The grant type is not known here.", "Use one of grant_types_supported."},
	codeUnsupportedResponseType:         {"RFC 6749 section 4.1.2.1", "The response type is not known here.", "Use one of response_types_supported."},
	codeUseDPoPNonce:                    {"RFC 9449 section 8", "The proof has to hold a nonce of this provider.", "Send the request once more, with the DPoP-Nonce of this answer in the proof."},
}

// errorURI is the page about a code.
func (p *Provider) errorURI(code string) string { return p.cfg.Issuer + errorPagePath + code }

// showError is the page about a code: for developers, in the language of the
// specifications.
func (p *Provider) showError(w http.ResponseWriter, r *http.Request) error {
	code := r.PathValue("code")
	text, known := errorTexts[code]
	if !known {
		return notFound(w, r)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=3600")
	w.WriteHeader(http.StatusOK)
	var page strings.Builder
	fmt.Fprintf(&page, "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>%s</title></head><body><main><h1>%s</h1>", code, code)
	for _, part := range []struct{ title, text string }{{"What it means", text.means}, {"What to do", text.do}, {"Defined in", text.spec}} {
		fmt.Fprintf(&page, "<h2>%s</h2><p>%s</p>", part.title, html.EscapeString(part.text))
	}
	page.WriteString("</main></body></html>")
	write(w, []byte(page.String()))
	return nil
}

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
	codeAccessDenied:                    {"RFC 6749 section 4.1.2.1", "The person or an access rule refused.", "Tell the person, and offer to use another account. The administrator can find the rule with `latchkey explain USER CLIENT`."},
	codeAuthorizationPending:            {"RFC 8628 section 3.5", "The person has not yet allowed or refused what the device asks for.", "Keep polling at the interval in the device authorization response."},
	"account_selection_required":        {"OpenID Connect Core section 3.1.2.6", "The person has to choose an account, but prompt=none forbids asking.", "Send the person through sign-in without prompt=none."},
	"consent_required":                  {"OpenID Connect Core section 3.1.2.6", "The person has to be asked for consent, but prompt=none forbids asking.", "Send the person through sign-in without prompt=none."},
	codeExpiredToken:                    {"RFC 8628 section 3.5", "The user code was not entered in time.", "Request a new one from the device authorization endpoint."},
	codeInsufficientScope:               {"RFC 6750 section 3.1", "The access token does not cover this request.", "Request the scope named in the response when you send the person to sign in."},
	"interaction_required":              {"OpenID Connect Core section 3.1.2.6", "The person has to be asked something, but prompt=none forbids asking.", "Send the person through sign-in without prompt=none."},
	codeInvalidClient:                   {"RFC 6749 section 5.2", "The client could not be authenticated: its id is unknown, its secret is wrong or expired, the method is not the registered one, or the assertion is for another provider, expired or already used.", "Compare id, secret and method with the registration. A secret that contains + or % must be form-encoded in a Basic header. The provider's log says which it was; the response does not, because anyone could ask."},
	codeInvalidClientMetadata:           {"RFC 7591 section 3.2.2", "A field of the registration is refused, or the client lacks a key that its registration requires.", "error_description names the field and what to write instead."},
	codeInvalidDPoPProof:                {"RFC 9449 sections 5 and 7", "The DPoP proof is required but missing, names another method or address, is more than a minute off, or was already used.", "Make a new proof for each request, with the address from discovery, and check the clock."},
	codeInvalidGrant:                    {"RFC 6749 section 5.2", "The code or refresh token was already used, has expired, was revoked, belongs to another client, redirect URI or verifier, or its person may no longer use the client.", "Send the person through sign-in again. If this happens often, look for two processes that share a refresh token, or for a code that is exchanged twice."},
	"invalid_redirect_uri":              {"RFC 7591 section 3.2.2", "A redirect URI of the registration is refused.", "error_description says which and why. Use https and no fragment."},
	codeInvalidRequest:                  {"RFC 6749 sections 4.1.2.1 and 5.2", "A parameter is missing, repeated or invalid.", "error_description names the parameter."},
	codeInvalidRequestObject:            {"RFC 9101 section 7", "The request object is not signed by a key of the client, not encrypted as registered, expired, or meant for another provider.", "Sign it with a key of the client's jwks or jwks_uri, with the registered algorithm, and aud set to the issuer."},
	codeInvalidRequestURI:               {"RFC 9101 section 7", "The request_uri could not be fetched.", "Serve it over https, without redirects, from an address that the provider can reach."},
	codeInvalidScope:                    {"RFC 6749 sections 4.1.2.1 and 5.2", "A scope exists here, but this client is not registered for it.", "Request only registered scopes, or have the scope added to the client."},
	codeInvalidTarget:                   {"RFC 8707 section 2", "The resource is unknown, not available to this client, or was not granted.", "Name one resource, by the identifier configured at the provider."},
	codeInvalidToken:                    {"RFC 6750 section 3.1", "The access token is not valid here: it is expired, revoked, for another audience, or bound to a key that the request does not prove.", "Refresh it. Send a token bound to a key with Authorization: DPoP and a proof."},
	"login_required":                    {"OpenID Connect Core section 3.1.2.6", "Nobody is signed in, or the sign-in is too old, but prompt=none forbids asking.", "Send the person through sign-in without prompt=none."},
	"registration_not_supported":        {"OpenID Connect Core section 3.1.2.6", "The parameter registration is not supported.", "Register the client first."},
	"invalid_software_statement":        {"RFC 7591 section 3.2.2", "The software statement is not valid.", "Use one that has not expired and is signed by an issuer that this provider trusts."},
	"unapproved_software_statement":     {"RFC 7591 section 3.2.2", "This provider does not accept this software statement.", "Ask the administrator to trust its issuer."},
	codeRequestNotSupported:             {"OpenID Connect Core section 3.1.2.6", "This client may not send request objects, or not encrypted ones.", "Register keys of the client in jwks or jwks_uri."},
	codeRequestURINotSupported:          {"OpenID Connect Core section 3.1.2.6", "The request_uri is not registered for the client.", "Add it to the client's request_uris, or push the request (RFC 9126)."},
	codeServerError:                     {"RFC 6749 section 4.1.2.1", "Something went wrong at the provider.", "Try again later. The administrator can find the cause in the log by the response's request ID."},
	codeSlowDown:                        {"RFC 8628 section 3.5", "The device polls too often.", "Wait five more seconds between polls from now on."},
	codeTemporarilyUnavailable:          {"RFC 6749 section 4.1.2.1", "The provider cannot reach something it needs, such as its database.", "Try again after the time in Retry-After. The code or token that you sent is still valid."},
	codeUnauthorizedClient:              {"RFC 6749 sections 4.1.2.1 and 5.2", "The client is not registered for this grant or response type.", "Have it added to the client's grant_types or response_types, or use another."},
	"unmet_authentication_requirements": {"OpenID Connect Core Unmet Authentication Requirements 1.0", "The request requires an authentication class (acr) that this person cannot reach.", "Request one of acr_values_supported, or have the person add a factor first."},
	codeUnsupportedGrantType:            {"RFC 6749 section 5.2", "The grant type is not supported here.", "Use one of grant_types_supported."},
	codeUnsupportedResponseType:         {"RFC 6749 section 4.1.2.1", "The response type is not supported here.", "Use one of response_types_supported."},
	codeUseDPoPNonce:                    {"RFC 9449 section 8", "The proof must contain a nonce from this provider.", "Send the request again, with this response's DPoP-Nonce in the proof."},
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

package client

import "strings"

// consentToResource begins what consent to a resource server is remembered as: people may
// be asked for one without any scope of it, and it stands among the scopes then.
const consentToResource = "resource:"

// ConsentTo is how consent to tokens for a resource server is remembered, among scopes.
func ConsentTo(resource string) string { return consentToResource + resource }

// ConsentedResource is the resource server that [ConsentTo] was of.
func ConsentedResource(scope string) (identifier string, is bool) {
	return strings.CutPrefix(scope, consentToResource)
}

package client

import "encoding/base64"

// logosPath is where logos of clients are served whose addresses nobody here chose.
const logosPath = "/client-logos/"

// LogosPath is the pattern of those addresses, for a mux.
const LogosPath = logosPath + "{client}"

// LogoPath is where the logo of a client is served from our origin: fetched by us, so
// that nobody learns from a picture who is about to sign in (tracking).
func LogoPath(id string) string { return logosPath + base64.RawURLEncoding.EncodeToString([]byte(id)) }

// OfLogo is the id of the client whose logo is at a path.
func OfLogo(encoded string) (id string, ok bool) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	return string(text), err == nil && IsID(string(text))
}

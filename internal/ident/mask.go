package ident

import (
	"strings"
	"unicode/utf8"
)

// masked stands for what is not shown.
const masked = "•••"

// Mask shows as much of an address or phone number as its owner needs to know
// it, and no more: "a•••@example.com", "•••42". Addresses of machines are not
// shown.
func Mask(destination string) string {
	local, domain, ok := cutLast(destination, "@")
	if !ok {
		return masked + destination[max(len(destination)-2, 0):]
	}
	first, size := utf8.DecodeRuneInString(local)
	if size == 0 {
		return masked
	}
	if isAddressLiteral(domain) || strings.HasPrefix(domain, "[") {
		domain = masked
	}
	return string(first) + masked + "@" + domain
}

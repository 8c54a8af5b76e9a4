package ident

import (
	"net/mail"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// maxEmail bounds an address, in bytes (RFC 5321 section 4.5.3.1.3, less the angle brackets).
const maxEmail = 254

// Email returns a typed email address as it is kept and shown: in Unicode
// normalization form C, without full-width forms. Its local part is otherwise
// the mail provider's own affair. The error is an [*Error].
func Email(typed string) (string, error) {
	refuse := func(why Reason) (string, error) {
		return "", &Error{What: "email address", Text: typed, Reason: why}
	}
	text := norm.NFC.String(width.Fold.String(typed))
	if len(text) > maxEmail {
		return refuse(TooLong)
	}
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || parsed.Name != "" || !utf8.ValidString(text) {
		return refuse(Malformed)
	}
	if strings.ContainsFunc(text, unseen) {
		return refuse(Invisible)
	}
	local, domain, _ := cutLast(text, "@")
	if why := confusable(local); why != "" {
		return refuse(why)
	}
	if _, err := Host(domain); err != nil && !isAddressLiteral(domain) {
		return refuse(Malformed)
	}
	return text, nil
}

// isAddressLiteral reports whether a domain is an address literal (RFC 5321 section 4.1.3).
func isAddressLiteral(domain string) bool {
	inner, ok := strings.CutPrefix(domain, "[")
	if !ok {
		return false
	}
	inner = strings.TrimPrefix(strings.TrimSuffix(inner, "]"), "IPv6:")
	_, err := netip.ParseAddr(inner)
	return err == nil
}

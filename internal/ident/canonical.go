package ident

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Canonical is the form in which email addresses and usernames are unique,
// found, compared and counted against rate limits (requirement TH1). Case,
// compatibility forms (full width among them), normalization, characters that
// show nothing and surrounding space are folded, and an internationalized domain
// becomes its A-labels (RFC 5891). It accepts any text, since it is asked about
// whatever somebody types; for a username that [Username] accepts it is that of
// the PRECIS profile UsernameCaseMapped (RFC 8265 section 3.3). Where it changes, the
// next migration brings stored names along and reports those that clash.
func Canonical(identifier string) string {
	text := dropInvisible(norm.NFKC.String(dropInvisible(strings.ToValidUTF8(identifier, "\ufffd"))))
	// Lower case can leave a text that is not normalized, and the capital İ of
	// Turkish an i with two dots, one above the other, which is seen as an i.
	text = softDots.Replace(norm.NFKC.String(strings.ToLower(text)))
	text = strings.TrimSpace(text)
	if local, domain, ok := cutLast(text, "@"); ok {
		text = local + "@" + canonicalDomain(domain)
	}
	return text
}

var softDots = strings.NewReplacer("i\u0307", "i", "j\u0307", "j")

// LimitKey is the mailbox that an address stands for, for rate limits alone: it
// folds the tag after a + too, which many providers deliver to the same mailbox
// (mail bombing). Two people may share one, so it must not identify anybody.
func LimitKey(identifier string) string {
	canonical := Canonical(identifier)
	local, domain, ok := cutLast(canonical, "@")
	if !ok {
		return canonical
	}
	if mailbox, _, tagged := strings.Cut(local, "+"); tagged && mailbox != "" {
		local = mailbox
	}
	return local + "@" + domain
}

// dropInvisible removes default-ignorable code points (Unicode, section 5.21),
// control characters and whatever else formats and shows nothing.
func dropInvisible(text string) string {
	return strings.Map(func(r rune) rune {
		if isInvisible(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// hosts turns domains into A-labels, as one that is looked up (UTS #46, not transitional).
var hosts = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// Host returns a host name with A-labels, in lower case ("bücher.example" is
// "xn--bcher-kva.example"), or an error where it cannot be a host name.
func Host(name string) (string, error) {
	ascii, err := hosts.ToASCII(name)
	if err != nil {
		return "", &Error{What: "host name", Text: name, Reason: Malformed}
	}
	return ascii, nil
}

// canonicalDomain is what stands after the @ of an address in canonical form,
// or the same text where that is no domain.
func canonicalDomain(domain string) string {
	domain = strings.TrimSuffix(domain, ".")
	if ascii, err := hosts.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
}

func cutLast(text, sep string) (before, after string, found bool) {
	i := strings.LastIndex(text, sep)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(sep):], true
}

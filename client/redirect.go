package client

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// MatchesRedirect reports whether codes and errors may be sent to uri.
func (c *Client) MatchesRedirect(uri string) bool {
	return matchesAny(c.RedirectURIs, c.Type, uri)
}

// MatchesPostLogout reports whether a browser may be sent to uri after sign-out
// (OpenID Connect RP-Initiated Logout 1.0 section 3).
func (c *Client) MatchesPostLogout(uri string) bool {
	return matchesAny(c.PostLogoutRedirectURIs, c.Type, uri)
}

// matchesAny reports whether browsers may be sent to uri: it is one of the
// registered addresses, character by character (RFC 9700 section 2.1), and one
// that every parser reads the same way. Only for native clients, and only where
// http on loopback was registered, the port may be any: the operating system
// picks it as the application starts (RFC 8252 section 7.3).
func matchesAny(registered []string, t Type, uri string) bool {
	if !isPlainAddress(uri, t) {
		return false
	}
	if slices.Contains(registered, uri) {
		return true
	}
	if t != TypeNative {
		return false
	}
	host, rest, ok := cutLoopback(uri)
	return ok && slices.ContainsFunc(registered, func(r string) bool {
		registeredHost, registeredRest, ok := cutLoopback(r)
		return ok && host == registeredHost && rest == registeredRest
	})
}

// isPlainAddress refuses what could be read in two ways or reach somebody else,
// even if it was registered: the registration is checked as well, but a
// redirect is where a mistake there would cost most.
func isPlainAddress(uri string, t Type) bool {
	if strings.IndexFunc(uri, isTroublesome) >= 0 {
		return false
	}
	u, err := url.Parse(uri)
	if err != nil || u.User != nil || !strings.HasPrefix(uri, u.Scheme+":") {
		return false
	}
	switch u.Scheme {
	case "https":
		return u.Hostname() != "" && u.Opaque == ""
	case "http":
		return IsLoopback(u.Hostname()) && u.Opaque == ""
	}
	return t == TypeNative && strings.Contains(u.Scheme, ".")
}

// isTroublesome reports whether r has no place in a redirect URI: what is not
// printable ASCII, fragments, wildcards, and what parsers disagree about.
func isTroublesome(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("#*\\\"<>^`{|}", r)
}

// IsLoopback reports whether a URL's host never leaves the machine: localhost
// and names below it (RFC 6761 section 6.3), 127.0.0.0/8 and ::1, without
// brackets. It is the only rule for this; validation, matching and the pages
// share it.
func IsLoopback(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// cutLoopback splits an http address on loopback into its host and what
// follows the port. It works on the text: nothing is decoded or normalised.
func cutLoopback(uri string) (host, rest string, ok bool) {
	authority, ok := strings.CutPrefix(uri, "http://")
	if !ok {
		return "", "", false
	}
	if end := strings.IndexAny(authority, "/?"); end >= 0 {
		authority, rest = authority[:end], authority[end:]
	}
	host = authority
	if colon := strings.LastIndexByte(authority, ':'); colon > strings.LastIndexByte(authority, ']') {
		port, err := strconv.ParseUint(authority[colon+1:], 10, 16)
		if err != nil || port == 0 {
			return "", "", false
		}
		host = authority[:colon]
	}
	return host, rest, IsLoopback(strings.Trim(host, "[]"))
}

// StaysOnMachine reports whether every one of the addresses is of a program on the
// person's own machine: http on loopback, or a scheme of its own. Of none it is not so.
func StaysOnMachine(uris []string) bool {
	return len(uris) > 0 && !slices.ContainsFunc(uris, func(uri string) bool {
		u, err := url.Parse(uri)
		return err != nil || u.Scheme == "https" || u.Scheme == "http" && !IsLoopback(u.Hostname())
	})
}

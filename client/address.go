package client

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// checkRedirect says why a client of a type may not register an address to
// redirect to (requirement AZ1; RFC 9700 section 2.1, RFC 8252 section 7).
func checkRedirect(text string, t Type, dev bool) error {
	u, err := ParseAddress(text)
	if err != nil {
		return err
	}
	switch u.Scheme {
	case "https":
		return CheckAuthority(u)
	case "http":
		if err := CheckAuthority(u); err != nil {
			return err
		}
		if !IsLoopback(u.Hostname()) {
			return errors.New("http is only for loopback; use https")
		}
		if t != TypeNative && !dev {
			return fmt.Errorf("http on loopback is only for clients of type native; a %s client needs https", t)
		}
		return nil
	}
	if t != TypeNative {
		return fmt.Errorf("the scheme %s is only for clients of type native; use https", u.Scheme)
	}
	if !strings.Contains(u.Scheme, ".") {
		return fmt.Errorf("any app can claim the scheme %s; use a domain of yours in reverse, such as com.example.app", u.Scheme)
	}
	return nil
}

// ParseAddress parses an absolute URL that every parser reads the same way.
func ParseAddress(text string) (*url.URL, error) {
	if i := strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`\"<>^{|}`+"`", r) }); i >= 0 {
		return nil, errors.New("only printable ASCII without spaces, backslashes and quotes can be in an address")
	}
	if strings.Contains(text, "*") {
		return nil, errors.New("wildcards are not supported; list each address")
	}
	if strings.Contains(text, "#") {
		return nil, errors.New("it must not have a fragment (#)")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return nil, errors.New("it is not an absolute address, such as https://app.example.com/callback")
	}
	if u.User != nil {
		return nil, errors.New("it must not hold a user name or password")
	}
	if u.Scheme+":" != text[:len(u.Scheme)+1] {
		return nil, errors.New("write the scheme in lower case")
	}
	if hasDotSegments(u.EscapedPath()) {
		return nil, errors.New("write the path without . and .. segments")
	}
	return u, nil
}

// CheckAuthority checks the host and port of an http or https address.
func CheckAuthority(u *url.URL) error {
	switch {
	case u.Hostname() == "" || u.Opaque != "":
		return errors.New("it has no host")
	case u.Host != strings.ToLower(u.Host):
		return errors.New("write the host in lower case")
	case strings.HasSuffix(u.Hostname(), "."), strings.Contains(u.Host, "%"), strings.HasSuffix(u.Host, ":"):
		return fmt.Errorf("%s is not a plain host name", u.Host)
	}
	return nil
}

// hasDotSegments reports whether browsers would rewrite the path: then what
// was registered is never what arrives.
func hasDotSegments(escapedPath string) bool {
	path := strings.ReplaceAll(strings.ToLower(escapedPath), "%2e", ".")
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// checkOrigin says why text is no web origin that may be allowed (CORS).
func checkOrigin(text string, dev bool) error {
	u, err := ParseAddress(text)
	if err != nil {
		return err
	}
	if err := checkWeb(u, dev); err != nil {
		return err
	}
	if origin := OriginOf(u); origin != text {
		return fmt.Errorf("an origin has no path and no default port; write %s", origin)
	}
	return nil
}

// CheckPage says why text is no address to show to people: https, or under dev
// also http on loopback.
func CheckPage(text string, dev bool) error {
	u, err := ParseAddress(text)
	if err != nil {
		return err
	}
	return checkWeb(u, dev)
}

func checkWeb(u *url.URL, dev bool) error {
	if u.Scheme != "https" && (u.Scheme != "http" || !dev || !IsLoopback(u.Hostname())) {
		return errors.New("use https")
	}
	return CheckAuthority(u)
}

// OriginOf returns the web origin of an http or https address as browsers send
// it: without a default port (RFC 6454 section 6.2).
func OriginOf(u *url.URL) string {
	defaultPort := ":80"
	if u.Scheme == "https" {
		defaultPort = ":443"
	}
	return u.Scheme + "://" + strings.TrimSuffix(u.Host, defaultPort)
}

// originsOf lists the web origins of addresses, each once.
func originsOf(addresses []string) []string {
	var origins []string
	for _, a := range addresses {
		u, err := url.Parse(a)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			continue // validation refuses it
		}
		if origin := OriginOf(u); !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins
}

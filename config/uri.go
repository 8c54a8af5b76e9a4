package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/client"
)

// checkRedirectURI says why a client of a type may not register an address to
// redirect to (requirement AZ1; RFC 9700 section 2.1, RFC 8252 section 7).
func checkRedirectURI(text string, t client.Type, dev bool) error {
	u, err := parsePlainURL(text)
	if err != nil {
		return err
	}
	switch u.Scheme {
	case "https":
		return checkAuthority(u)
	case "http":
		if err := checkAuthority(u); err != nil {
			return err
		}
		if !client.IsLoopback(u.Hostname()) {
			return errors.New("http is only for loopback; use https")
		}
		if t != client.TypeNative && !dev {
			return fmt.Errorf("http on loopback is only for clients of type native; a %s client needs https", t)
		}
		return nil
	}
	if t != client.TypeNative {
		return fmt.Errorf("the scheme %s is only for clients of type native; use https", u.Scheme)
	}
	if !strings.Contains(u.Scheme, ".") {
		return fmt.Errorf("the scheme %s may belong to anyone; use a domain of yours backwards, such as com.example.app", u.Scheme)
	}
	return nil
}

// parsePlainURL parses an absolute URL that every parser reads the same way.
func parsePlainURL(text string) (*url.URL, error) {
	if i := strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`\"<>^{}|`+"`", r) }); i >= 0 {
		return nil, errors.New("only printable ASCII without spaces, backslashes and quotes can be in an address")
	}
	if strings.Contains(text, "*") {
		return nil, errors.New("wildcards are not supported; write each address out")
	}
	if strings.Contains(text, "#") {
		return nil, errors.New("it must not have a fragment (#)")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" {
		return nil, errors.New("it is no absolute address, such as https://app.example.com/callback")
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

// checkAuthority checks the host and port of an http or https address.
func checkAuthority(u *url.URL) error {
	switch {
	case u.Hostname() == "" || u.Opaque != "":
		return errors.New("it has no host")
	case u.Host != strings.ToLower(u.Host):
		return errors.New("write the host in lower case")
	case strings.HasSuffix(u.Hostname(), "."), strings.Contains(u.Host, "%"), strings.HasSuffix(u.Host, ":"):
		return fmt.Errorf("%s is no plain host name", u.Host)
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
	u, err := parsePlainURL(text)
	if err != nil {
		return err
	}
	if err := checkWeb(u, dev); err != nil {
		return err
	}
	if origin := u.Scheme + "://" + u.Host; origin != text || hasDefaultPort(u) {
		return fmt.Errorf("an origin has no path and no default port; write %s://%s", u.Scheme, withoutDefaultPort(u))
	}
	return nil
}

// checkPage says why text is no address to show to people.
func checkPage(text string, dev bool) error {
	u, err := parsePlainURL(text)
	if err != nil {
		return err
	}
	return checkWeb(u, dev)
}

func checkWeb(u *url.URL, dev bool) error {
	if u.Scheme != "https" && (u.Scheme != "http" || !dev || !client.IsLoopback(u.Hostname())) {
		return errors.New("use https")
	}
	return checkAuthority(u)
}

func hasDefaultPort(u *url.URL) bool { return withoutDefaultPort(u) != u.Host }

func withoutDefaultPort(u *url.URL) string {
	if u.Scheme == "https" {
		return strings.TrimSuffix(u.Host, ":443")
	}
	return strings.TrimSuffix(u.Host, ":80")
}

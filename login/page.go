package login

import (
	"net/url"

	"github.com/latchkey-id/latchkey/storage"
)

// redirectOrigin is what form-action must allow for a form whose answer
// redirects, by way of the provider, to the client: the origin, or for a native
// application's own scheme the scheme.
func redirectOrigin(redirectURI string) []string {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme == "" {
		return nil
	}
	if u.Host == "" {
		return []string{u.Scheme + ":"}
	}
	return []string{u.Scheme + "://" + u.Host}
}

// DisplayName is how a page speaks of a person.
func DisplayName(u *storage.User) string {
	for _, name := range []string{u.Profile.Name, u.Username, u.Email} {
		if name != "" {
			return name
		}
	}
	return string(u.ID)
}

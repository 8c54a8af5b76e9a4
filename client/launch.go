package client

import (
	"net/url"

	"github.com/latchkey-id/latchkey/access"
)

// Launch is the address at which a person opens the client of their own accord: where it
// begins a sign-in by itself, with the issuer as parameter iss (third-party-initiated
// login, OpenID Connect Core 4), or its home page. Empty is none: the client cannot be
// opened from here, acts for no person, or is not to be listed.
func (m *Metadata) Launch(issuer string) string {
	switch {
	case m.Unlisted, !m.AllowsGrant(GrantAuthorizationCode):
		return ""
	case m.InitiateLoginURI == "":
		return m.ClientURI
	}
	u, err := url.Parse(m.InitiateLoginURI)
	if err != nil {
		return ""
	}
	query := u.Query()
	query.Set("iss", issuer)
	u.RawQuery = query.Encode()
	return u.String()
}

// Describe says in one of the languages, the best first, what the client is for; empty
// where nobody wrote it.
func (m *Metadata) Describe(languages ...string) string {
	return access.InLanguage(m.Description, languages...)
}

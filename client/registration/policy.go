package registration

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// Mode is what a client has to show to register itself.
type Mode string

// The modes.
const (
	ModeOff       Mode = "off"
	ModeOpen      Mode = "open"      // nothing
	ModeToken     Mode = "token"     // an initial access token
	ModeStatement Mode = "statement" // a software statement of an issuer that is trusted
)

// Modes lists the modes.
func Modes() []Mode { return []Mode{ModeOff, ModeOpen, ModeToken, ModeStatement} }

// Policy is what clients that register themselves may have.
type Policy struct {
	Mode Mode
	// GrantTypes, ResponseTypes and Scopes are what they may have at most.
	GrantTypes, ResponseTypes, Scopes []string
	// RedirectHosts are those of their redirect URIs: a host, *.example.com for all below
	// it, localhost for all of loopback, or a scheme with a colon. Empty: any.
	RedirectHosts []string
	// PublicOnly registers every client as one without a secret.
	PublicOnly bool
	// Most is how many clients there may be that showed nothing; zero: any number.
	Most int
	// UnusedFor and LastsFor say when a client ends; see [client.StoredConfig].
	UnusedFor, LastsFor time.Duration
}

// allows reports whether codes may be sent to an address.
func (p *Policy) allows(redirectURI string) bool {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return len(p.RedirectHosts) == 0 || slices.ContainsFunc(p.RedirectHosts, func(pattern string) bool {
		switch {
		case strings.HasSuffix(pattern, ":"):
			return u.Scheme+":" == pattern
		case u.Scheme != "https" && u.Scheme != "http":
			return false
		}
		return client.MatchesHost(pattern, host)
	})
}

// narrow takes away what the policy does not allow. The client is told by the answer what
// it got (RFC 7591 section 3.2.1): many ask for whatever they know of, and are content
// with less. Where nothing is left that was asked for, that is a problem.
func (p *Policy) narrow(m *client.Metadata) []client.Problem {
	var problems []client.Problem
	cut := func(field string, list *[]string, allowed []string, spelled func(string) string) {
		if *list == nil {
			return
		}
		asked := len(*list)
		*list = slices.DeleteFunc(slices.Clone(*list), func(v string) bool { return !slices.Contains(allowed, spelled(v)) })
		if asked > 0 && len(*list) == 0 {
			problems = append(problems, client.Problem{Field: field, Message: fmt.Sprintf("it may not be registered here; use %s", client.OrList(allowed))})
		}
	}
	same := func(v string) string { return v }
	if p.PublicOnly {
		m.AuthMethod = client.AuthMethodNone
	}
	cut("grant_types", &m.GrantTypes, p.GrantTypes, same)
	cut("response_types", &m.ResponseTypes, p.ResponseTypes, client.CanonicalResponseType)
	scopes := []string(m.Scopes)
	cut("scope", &scopes, p.Scopes, same)
	m.Scopes = scopes
	if m.Scopes == nil {
		m.Scopes = slices.Clone(p.Scopes)
	}
	return problems
}

// exceeded returns what completing metadata brought in that the policy does not allow.
func (p *Policy) exceeded(m *client.Metadata) []client.Problem {
	var problems []client.Problem
	for _, list := range []struct {
		field          string
		given, allowed []string
	}{{"grant_types", m.GrantTypes, p.GrantTypes}, {"response_types", m.ResponseTypes, p.ResponseTypes}, {"scope", m.Scopes, p.Scopes}} {
		for _, value := range list.given {
			if !slices.Contains(list.allowed, client.CanonicalResponseType(value)) {
				problems = append(problems, client.Problem{Field: list.field, Message: fmt.Sprintf("%q may not be registered here", value)})
			}
		}
	}
	return problems
}

// fit makes grants, response types and scopes go together that narrowing took apart.
func (p *Policy) fit(m *client.Metadata) {
	if !slices.Contains(m.GrantTypes, client.GrantRefreshToken) && m.GrantTypes != nil {
		m.Scopes = slices.DeleteFunc(m.Scopes, func(s string) bool { return s == client.ScopeOfflineAccess })
	}
	if m.GrantTypes == nil && !slices.Contains(p.GrantTypes, client.GrantRefreshToken) {
		m.Scopes = slices.DeleteFunc(m.Scopes, func(s string) bool { return s == client.ScopeOfflineAccess })
	}
}

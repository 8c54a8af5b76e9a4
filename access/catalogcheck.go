package access

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

var claimSyntax = regexp.MustCompile(`^[!#-\[\]-~]{1,128}$`)

// claimName says what is wrong with the name of a claim.
func claimName(name string) string {
	switch {
	case name == "":
		return "required"
	case !claimSyntax.MatchString(name):
		return fmt.Sprintf("%q is not a claim name: use at most 128 printable ASCII characters without spaces, quotes and backslashes", name)
	}
	return ""
}

// catalogCheck collects what is wrong with a [Config].
type catalogCheck struct {
	*Config
	problems []Problem
	known    map[string]bool // claims
}

func checkCatalog(cfg *Config) []Problem {
	c := &catalogCheck{Config: cfg, known: map[string]bool{}}
	for _, name := range append(BuiltIn(), cfg.Standard...) {
		c.known[name] = true
	}
	c.claims()
	c.allResources()
	c.allScopes()
	return c.problems
}

func (c *catalogCheck) add(field, format string, args ...any) {
	c.problems = append(c.problems, Problem{field, fmt.Sprintf(format, args...)})
}

func (c *catalogCheck) claims() {
	for i, claim := range c.Claims {
		at := indexed("claims", i) + ".name"
		switch wrong := claimName(claim.Name); {
		case wrong != "":
			c.add(at, "%s", wrong)
		case slices.Contains(c.Protocol, claim.Name):
			c.add(at, "%q is reserved by the protocol; choose another name", claim.Name)
		case c.known[claim.Name]:
			c.add(at, "%q already exists; choose another name", claim.Name)
		}
		c.known[claim.Name] = true
	}
}

var scopeSyntax = regexp.MustCompile(`^[!#-\[\]-~]+$`) // RFC 6749 section 3.3

// reservedScopes begins what consent to a resource server is remembered as, among scopes.
const reservedScopes = "resource:"

func (c *catalogCheck) allScopes() {
	seen := map[string]bool{"openid": true, "profile": true, "email": true, "address": true, "phone": true, "offline_access": true}
	for _, name := range BuiltIn() {
		seen[name] = true
	}
	for i, scope := range c.Scopes {
		at := indexed("scopes", i)
		switch {
		case !scopeSyntax.MatchString(scope.Name):
			c.add(at+".name", "%q is not a scope: use printable ASCII without spaces, quotes and backslashes", scope.Name)
		case seen[scope.Name]:
			c.add(at+".name", "%q already exists; choose another name", scope.Name)
		case strings.HasPrefix(scope.Name, reservedScopes):
			c.add(at+".name", "%q begins with %s, which is reserved for consent to resource servers; choose another name", scope.Name, reservedScopes)
		}
		seen[scope.Name] = true
		c.allKnown(at+".claims", scope.Claims)
		if scope.Resource != "" && !slices.ContainsFunc(c.Resources, func(r Resource) bool { return r.Identifier == scope.Resource }) {
			c.add(at+".resource", "%q is not among resources; add it there", scope.Resource)
		}
	}
}

func (c *catalogCheck) allKnown(field string, claims []string) {
	for i, name := range claims {
		if !c.known[name] {
			c.add(indexed(field, i), "there is no claim %q; add it to claims", name)
		}
	}
}

func (c *catalogCheck) allResources() {
	seen := map[string]bool{}
	for i, r := range c.Resources {
		at := indexed("resources", i)
		switch u, err := url.Parse(r.Identifier); {
		case err != nil || !u.IsAbs() || u.Fragment != "" || strings.Contains(r.Identifier, "#") || strings.ContainsAny(r.Identifier, " \t"):
			c.add(at+".identifier", "%q is not an absolute URI without a fragment, such as https://api.example.com (RFC 8707)", r.Identifier)
		case seen[r.Identifier]:
			c.add(at+".identifier", "%q is listed twice; remove one", r.Identifier)
		}
		seen[r.Identifier] = true
		switch r.Format {
		case "", "jwt", "opaque":
		default:
			c.add(at+".access_token.format", "%q is neither jwt nor opaque", r.Format)
		}
		if r.Lifetime != 0 && (r.Lifetime < time.Second || r.Lifetime > 24*time.Hour) {
			c.add(at+".access_token.lifetime", "use 1s to 24h")
		}
		if r.SigningAlg != "" && !slices.Contains(c.SigningAlgs, r.SigningAlg) {
			c.add(at+".access_token.signing_alg", "no key signs with %s; add it to signing_keys.algs or use one of %s", r.SigningAlg, strings.Join(c.SigningAlgs, ", "))
		}
		c.allKnown(at+".access_token.claims", r.Claims)
	}
}

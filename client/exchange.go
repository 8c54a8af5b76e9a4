package client

import (
	"errors"
	"slices"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// GrantTokenExchange is of services that call others in somebody's name (RFC 8693).
const GrantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"

// ExchangeSemantics says what a token that was exchanged tells of who did (RFC 8693
// section 1.1).
type ExchangeSemantics string

// The semantics.
const (
	// ExchangeDelegation has the act claim name the client: it acts for somebody.
	ExchangeDelegation ExchangeSemantics = "delegation"
	// ExchangeImpersonation leaves no trace of the client but its client_id.
	ExchangeImpersonation ExchangeSemantics = "impersonation"
)

// ExchangeSemanticsList lists them.
func ExchangeSemanticsList() []ExchangeSemantics {
	return []ExchangeSemantics{ExchangeDelegation, ExchangeImpersonation}
}

// ExchangeRule is what a client may exchange tokens for that it was sent. Without one it
// may not at all.
type ExchangeRule struct {
	// From are the clients whose tokens it may exchange; empty is any, of tokens that are
	// for it.
	From []string `json:"from,omitempty"`
	// Resources are the resource servers that the new tokens may be for, each for one.
	Resources []string `json:"resources"`
	// Scopes may be in the new token besides those of the old one.
	Scopes []string `json:"scopes,omitempty"`
	// Semantics is delegation where it is empty.
	Semantics ExchangeSemantics `json:"semantics,omitempty"`
}

// Fits reports whether the rule is about tokens of a client, for a resource server.
func (r *ExchangeRule) Fits(from, resource string) bool {
	return (len(r.From) == 0 || slices.Contains(r.From, from)) && slices.Contains(r.Resources, resource)
}

// Delegates reports whether tokens name who acts.
func (r *ExchangeRule) Delegates() bool { return r.Semantics != ExchangeImpersonation }

// exchange checks who may exchange tokens, and for what.
func (v *validation) exchange() {
	const field = "token_exchange"
	if v.MayAct != "" && !IsID(v.MayAct) {
		v.add("may_act", "it must be the id of the one client that may act with this client's tokens")
	}
	switch may := v.AllowsGrant(GrantTokenExchange); {
	case may && v.Type.KeepsNoSecret():
		v.add("grant_types", "token exchange needs a client that authenticates; a %s client cannot", v.Type)
	case may && len(v.TokenExchange) == 0 && len(v.TrustedSubjects) == 0:
		v.add(field, "add a rule that says what it may exchange tokens for; without one it may exchange none")
	case !may && len(v.TokenExchange) > 0:
		v.add(field, "it has no effect without %s in %s; add it or remove this", GrantTokenExchange, v.spell("grant_types"))
	}
	for i, rule := range v.TokenExchange {
		at := indexed(field, i)
		if rule.Semantics != "" {
			oneOf(v, at+".semantics", rule.Semantics, ExchangeSemanticsList())
		}
		if len(rule.Resources) == 0 {
			v.add(at+".resources", "name the resource servers that the new tokens may be for")
		}
		v.each(at+".from", rule.From, func(id string) error {
			if !IsID(id) {
				return errors.New("it is the id of a client")
			}
			return nil
		})
		v.each(at+".resources", rule.Resources, func(identifier string) error {
			if v.policy.Catalog.Resource(identifier) == nil {
				return errors.New("no resource server has this identifier; add it to resources")
			}
			return nil
		})
		v.each(at+".scopes", rule.Scopes, func(scope string) error {
			switch {
			case ident.Scope(scope) != nil:
				return errors.New("a scope is printable ASCII without spaces, quotes and backslashes")
			case scope == ScopeOpenID || scope == ScopeOfflineAccess:
				return errors.New("an exchanged token says nothing about a sign-in here; remove it")
			}
			return nil
		})
	}
}

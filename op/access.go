package op

import (
	"context"
	"errors"
	"net/netip"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// MayUse is the one decision whether the person of a grant may use its client, as things
// are now: their groups, roles and attributes came with the grant. How they signed in, and
// from where, is what it was when they allowed the client; the back end that calls us
// is in another network, which says nothing of them (authorization, requirement AC1).
// Each endpoint asks it, and so does whoever explains what they would answer.
func MayUse(catalog *access.Catalog, c *client.Client, g *storage.GrantUser) access.Decision {
	if g.User.Disabled() {
		by := "the account is disabled"
		if g.User.Locked() {
			by = "the account is locked down"
		}
		return access.Decision{Outcome: access.Refused, Rule: access.NoRule, By: by}
	}
	at, _ := netip.ParseAddr(g.Grant.Address) // none is in no network
	request := access.Request{Address: at, ACR: g.Grant.Authentication.ACR}
	return catalog.Policy(c.Access).Decide(access.SubjectOf(&g.User), request, mfa.AtLeast)
}

func (p *Provider) decideAccess(c *client.Client, g *storage.GrantUser) access.Decision {
	return MayUse(p.cfg.Access, c, g)
}

// checkAccess refuses tokens to a person who may not use the client any more, and ends
// the grant: its refresh token was rotated, and what goes on with the old one would
// look like a thief. Who may again, signs in again. The event names the rule.
func (p *Provider) checkAccess(ctx context.Context, r *tokenRequest, g *storage.GrantUser) error {
	decision := p.decideAccess(r.Client, g)
	if decision.Outcome == access.Allowed {
		return nil
	}
	ctx, cancel := uncancelled(ctx)
	defer cancel()
	event, err := p.event(ctx, r, storage.EventAccessRefused, &g.Grant)
	if err != nil {
		return err
	}
	event.Outcome, event.Detail = storage.Failure, decision.By
	err = p.cfg.Grants.Revoke(ctx, g.Grant.ID, r.Now, storage.RevokedAccess, event)
	if err != nil && !errors.Is(err, storage.ErrNotFound) { // it ended meanwhile: as good
		return unavailable("end a grant", err)
	}
	why := "the person may not use this client"
	if decision.Outcome == access.StepUp {
		why = "the person has to sign in with more: send them to the authorization endpoint"
	}
	return invalidGrant(why, errors.New(decision.By))
}

// browserAddress is where the request came from; empty where that is not known.
func browserAddress(ctx context.Context) string {
	if address := web.ClientAddress(ctx); address.IsValid() {
		return address.String()
	}
	return ""
}

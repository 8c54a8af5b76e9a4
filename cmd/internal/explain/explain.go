package explain

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/op"
	"github.com/latchkey-id/latchkey/storage"
)

// Provider is what answers depend on besides the question.
type Provider struct {
	Issuer  string
	Catalog *access.Catalog
	Policy  mfa.Policy
	Log     *slog.Logger
	Now     time.Time
}

// Question is somebody on the way to an application.
type Question struct {
	User   *storage.User
	Client *client.Client
	// Address is where their browser is; the zero value is in no network.
	Address netip.Addr
	// ACR is the class that they have reached already; empty: they are not signed in,
	// and go through every step.
	ACR string
	// Scopes are what the application asks for; nil is all that it is registered for.
	Scopes []string
	// Resource is the resource server that the access token is for; empty: none.
	Resource string
	// Unserved says why no node serves the client, such as that it is locked down; empty
	// where they do.
	Unserved string
}

// Answer is what would happen.
type Answer struct {
	Outcome access.Outcome `json:"outcome"`
	// By names what decided, and Rules how each rule stood.
	By    string           `json:"by"`
	Rules []access.Finding `json:"rules,omitempty"`
	// ACR is the class that has to be reached.
	ACR string `json:"acr,omitempty"`
	// Elsewhere says that another network would help.
	Elsewhere bool `json:"elsewhere,omitempty"`
	// Steps are what sign-in would ask for, in their order.
	Steps []string `json:"steps"`
	// Preview is nil where nothing would be issued.
	*op.Preview
}

// Allowed reports whether the person gets in, if need be after the steps.
func (a *Answer) Allowed() bool { return a.Preview != nil }

// actsForPeople reports whether the client gets tokens about people in any way.
func actsForPeople(c *client.Client) bool {
	return c.ActsForPeople() || c.AllowsGrant(client.GrantTokenExchange)
}

// refuse says that nothing would be issued, whatever the rules of access say.
func (a *Answer) refuse(by string) {
	a.Outcome, a.By, a.ACR, a.Elsewhere = access.Refused, by, "", false
}

// Explain answers a question.
func (p *Provider) Explain(q Question) (*Answer, error) {
	subject, at := access.SubjectOf(q.User), access.Request{Address: q.Address, ACR: q.ACR}
	decision := op.MayUse(p.Catalog, q.Client, p.grant(q, nil, storage.Authentication{ACR: q.ACR}))
	answer := &Answer{
		Outcome: decision.Outcome, By: decision.By, ACR: decision.ACR, Elsewhere: decision.Elsewhere,
		Rules: p.Catalog.Policy(q.Client.Access).Findings(subject, at), Steps: []string{},
	}
	switch {
	case q.Unserved != "":
		answer.refuse(q.Unserved)
	case !actsForPeople(q.Client):
		answer.refuse("the client acts for nobody but itself")
	}
	if q.User.Disabled() || q.Unserved != "" || !actsForPeople(q.Client) {
		answer.Steps = []string{StepRefused}
		return answer, nil
	}
	steps, reached := p.steps(q)
	answer.Steps = steps
	if decision.Outcome == access.Refused {
		return answer, nil
	}
	if slices.Contains(steps, StepUnreachable) {
		answer.refuse("the required authentication cannot be reached")
		return answer, nil
	}
	scopes := q.Scopes
	if scopes == nil {
		scopes = q.Client.Scopes
	}
	for _, scope := range scopes {
		if !q.Client.AllowsScope(scope) {
			return nil, fmt.Errorf("the client %s is not registered for the scope %s", q.Client.ID, scope)
		}
	}
	preview, err := op.NewPreview(p.Issuer, p.Catalog, p.Log, q.Client, p.grant(q, scopes, reached), scopes, q.Resource, p.Now)
	if err != nil {
		return nil, fmt.Errorf("say what tokens would hold: %w", err)
	}
	answer.Preview = preview
	return answer, nil
}

// grant is what the person would have allowed.
func (p *Provider) grant(q Question, scopes []string, reached storage.Authentication) *storage.GrantUser {
	g := storage.Grant{ClientID: q.Client.ID, UserID: q.User.ID, Scopes: scopes, Authentication: reached, CreatedAt: p.Now}
	if len(q.Client.RedirectURIs) > 0 {
		g.RedirectURI = q.Client.RedirectURIs[0]
	}
	if q.Address.IsValid() {
		g.Address = q.Address.String()
	}
	return &storage.GrantUser{Grant: g, User: *q.User, Now: p.Now}
}

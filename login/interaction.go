package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/storage"
)

// accountPath is the first page of the account.
const accountPath = "/account"

// resumePath is where the provider takes an interaction back.
const resumePath = "/authorize/resume"

// interactionParam names the interaction in the address of each of its pages.
const interactionParam = "interaction"

// errInteractionGone sends people back to where they came from: what they were
// signing in for is not known any more.
var errInteractionGone = &web.Error{
	Status: http.StatusBadRequest, Key: "interaction_gone",
	Title:  "This sign-in has ended",
	Detail: "It was finished in another tab, or it took too long. Start again from the app: nothing is lost.",
}

// interactions keeps what waits for a person; interaction.Store in the binary.
type interactions interface {
	// Start keeps a new one, bound to the browser. Its [web.Error] is for the person.
	Start(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) error
	// Load answers storage.ErrNotFound and interaction.ErrForeign.
	Load(r *http.Request, id string) (*interaction.Interaction, error)
	// Update and Answer are compare-and-swap; they answer storage.ErrNotFound where
	// the interaction is over.
	Update(ctx context.Context, in *interaction.Interaction, change func(*interaction.Interaction)) error
	Answer(ctx context.Context, in *interaction.Interaction, user storage.ID, change func(*interaction.Answers)) error
	// Owns reports whether a keyed hash is that of the request's browser.
	Owns(r *http.Request, browser string) bool
}

// interaction loads the interaction that the request names. It must have been
// started by this browser (requirement AZ3): to any other it does not exist.
func (p *Pages) interaction(r *http.Request) (*interaction.Interaction, error) {
	return p.loadInteraction(r, r.URL.Query().Get(interactionParam))
}

// optionalInteraction loads the interaction where the address names one.
func (p *Pages) optionalInteraction(r *http.Request) (*interaction.Interaction, error) {
	if !r.URL.Query().Has(interactionParam) {
		return nil, nil
	}
	return p.interaction(r)
}

func (p *Pages) loadInteraction(r *http.Request, id string) (*interaction.Interaction, error) {
	in, err := p.cfg.Interactions.Load(r, id)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, interaction.ErrForeign):
		gone := *errInteractionGone
		gone.Cause = err
		return nil, &gone
	case err != nil:
		return nil, pageerror.Unavailable("load interaction", err)
	}
	return in, nil
}

// updateInteraction writes what a page adds to the interaction.
func (p *Pages) updateInteraction(ctx context.Context, in *interaction.Interaction, change func(*interaction.Interaction)) error {
	return interactionSaved(p.cfg.Interactions.Update(ctx, in, change))
}

// answer writes what a person answered in the interaction.
func (p *Pages) answer(ctx context.Context, in *interaction.Interaction, user storage.ID, change func(*interaction.Answers)) error {
	return interactionSaved(p.cfg.Interactions.Answer(ctx, in, user, change))
}

// interactionSaved says in terms of pages how writing to an interaction went. One
// that the provider took meanwhile is over, and does not come back for a second code.
func interactionSaved(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, storage.ErrNotFound):
		return errInteractionGone
	}
	return pageerror.Unavailable("save interaction", err)
}

// Asked is what a page of the account asks of the flow.
type Asked = interaction.PageRequest

// ask starts an interaction of our own, as the provider does for a client.
func (p *Pages) ask(w http.ResponseWriter, r *http.Request, page interaction.PageRequest) (*interaction.Interaction, error) {
	if !isOurPath(page.ReturnTo) {
		return nil, fmt.Errorf("return to %q, which is no path of ours", page.ReturnTo)
	}
	in := interaction.ForPage(page, p.cfg.Now())
	err := p.cfg.Interactions.Start(w, r, in)
	if shown := (*web.Error)(nil); err == nil || errors.As(err, &shown) {
		return in, err
	}
	return nil, pageerror.Unavailable("start interaction", err)
}

// isOurPath reports whether a redirect to the path stays here: browsers take //
// and /\ for the beginning of another host (requirement CS3).
func isOurPath(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.Contains(path, `\`)
}

// Ask sends the browser into the flow for what a page of the account asks; it
// comes back to the page with that.
func (p *Pages) Ask(w http.ResponseWriter, r *http.Request, asked Asked) error {
	in, err := p.ask(w, r, asked)
	if err != nil {
		return err
	}
	return p.again(w, r, in, nil)
}

// address returns the address of a page of the interaction.
func address(path string, in *interaction.Interaction) string {
	if in == nil {
		return path
	}
	return path + "?" + url.Values{interactionParam: {in.ID}}.Encode()
}

package op

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// interactions keeps requests that wait for a person; interaction.Store in the binary.
type interactions interface {
	// Start keeps a new one, bound to the browser. Its [web.Error] is for the person.
	Start(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) error
	// Load answers storage.ErrNotFound and interaction.ErrForeign.
	Load(r *http.Request, id string) (*interaction.Interaction, error)
	// Take ends one: of many callers one does, the others get storage.ErrNotFound.
	Take(ctx context.Context, in *interaction.Interaction) error
}

// loadInteraction returns the authorization request that an address names. Its
// error is a page.
func (p *Provider) loadInteraction(r *http.Request, id string) (*interaction.Interaction, error) {
	in, err := p.cfg.Interactions.Load(r, id)
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && !in.ForClient():
		return nil, goneInteractionPage(err)
	case errors.Is(err, interaction.ErrForeign):
		return nil, foreignInteractionPage()
	case err != nil:
		return nil, web.Unavailable(err)
	}
	return in, nil
}

// startInteraction stores a request that waits for a person, bound to the browser
// that made it (requirement AZ3).
func (p *Provider) startInteraction(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) error {
	err := p.cfg.Interactions.Start(w, r, in)
	if shown := (*web.Error)(nil); err == nil || errors.As(err, &shown) {
		return err
	}
	return unavailable("keep interaction", err)
}

// takeInteraction ends the interaction. Of several requests that come this far
// one goes on (security.md L2). Its error is a page.
func (p *Provider) takeInteraction(ctx context.Context, in *interaction.Interaction) error {
	err := p.cfg.Interactions.Take(ctx, in)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return goneInteractionPage(err)
	case err != nil:
		return web.Unavailable(err)
	}
	return nil
}

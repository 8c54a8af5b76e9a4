package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// interactionTTL is how long a request waits for its person.
const interactionTTL = time.Hour

// resumePath is where the provider takes an interaction back.
const resumePath = "/authorize/resume"

// interactionParam names the interaction in the address of each of its pages.
const interactionParam = "interaction"

// errInteractionGone sends people back to where they came from: what they were
// signing in for is not known any more.
var errInteractionGone = &web.Error{
	Status: http.StatusBadRequest, Key: "interaction_gone",
	Title:  "This sign-in has ended",
	Detail: "It was finished in another tab, or waited for too long. Go back to the application and start again: nothing is lost.",
}

// interaction loads the interaction that the request names. It must have been
// started by this browser (requirement AZ3): to any other it does not exist.
func (p *Pages) interaction(r *http.Request) (*storage.Interaction, error) {
	id := r.URL.Query().Get(interactionParam)
	raw, err := p.getInteraction(r.Context(), id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errInteractionGone
	}
	if err != nil {
		return nil, unavailable("load interaction", err)
	}
	in := &storage.Interaction{ID: id}
	if err := json.Unmarshal(raw, in); err != nil {
		return nil, fmt.Errorf("decode interaction: %w", err)
	}
	browser := p.cfg.Cookies.Browser(r)
	if browser == "" || !p.cfg.Hasher.Verify(in.BrowserHash, "browser", browser) {
		gone := *errInteractionGone
		gone.Cause = errors.New("the interaction belongs to another browser")
		return nil, &gone
	}
	return in, nil
}

func (p *Pages) getInteraction(ctx context.Context, id string) ([]byte, error) {
	for _, hash := range p.cfg.Hasher.Sums("interaction", id) {
		raw, err := p.cfg.Ephemeral.Get(ctx, "interaction:"+hash)
		if !errors.Is(err, storage.ErrNotFound) {
			return raw, err
		}
	}
	return nil, storage.ErrNotFound
}

// saveInteraction writes what a page added to the interaction.
func (p *Pages) saveInteraction(ctx context.Context, in *storage.Interaction) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode interaction: %w", err)
	}
	key := "interaction:" + p.cfg.Hasher.Sum("interaction", in.ID)
	if err := p.cfg.Ephemeral.Put(ctx, key, raw, interactionTTL); err != nil {
		return unavailable("save interaction", err)
	}
	return nil
}

// unavailable says that a store did not answer: the person may try again, and
// nobody gets in meanwhile (requirement TH5).
func unavailable(attempted string, err error) error {
	return &web.Error{
		Status: http.StatusServiceUnavailable, Key: "signin_unavailable", RetryAfter: 5 * time.Second,
		Title:  "Signing in is not possible right now",
		Detail: "The fault is on our side. Please try again in a moment.",
		Cause:  fmt.Errorf("%s: %w", attempted, err),
	}
}

// address returns the address of a page of the interaction.
func address(path string, in *storage.Interaction) string {
	if in == nil {
		return path
	}
	return path + "?" + url.Values{interactionParam: {in.ID}}.Encode()
}

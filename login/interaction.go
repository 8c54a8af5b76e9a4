package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// The purposes of keyed hashes, shared with package op.
const (
	interactionPurpose = "interaction"
	browserPurpose     = "browser"
)

// accountPath is the first page of the account.
const accountPath = "/account"

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
	Detail: "It was finished in another tab, or it took too long. Start again from the app: nothing is lost.",
}

// interaction loads the interaction that the request names. It must have been
// started by this browser (requirement AZ3): to any other it does not exist.
func (p *Pages) interaction(r *http.Request) (*storage.Interaction, error) {
	return p.loadInteraction(r, r.URL.Query().Get(interactionParam))
}

// optionalInteraction loads the interaction where the address names one.
func (p *Pages) optionalInteraction(r *http.Request) (*storage.Interaction, error) {
	if !r.URL.Query().Has(interactionParam) {
		return nil, nil
	}
	return p.interaction(r)
}

func (p *Pages) loadInteraction(r *http.Request, id string) (*storage.Interaction, error) {
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
	if browser == "" || !p.cfg.Hasher.Verify(in.BrowserHash, browserPurpose, browser) {
		gone := *errInteractionGone
		gone.Cause = errors.New("the interaction belongs to another browser")
		return nil, &gone
	}
	return in, nil
}

func (p *Pages) getInteraction(ctx context.Context, id string) ([]byte, error) {
	for _, hash := range p.cfg.Hasher.Sums(interactionPurpose, id) {
		raw, err := p.cfg.Ephemeral.Get(ctx, "interaction:"+hash)
		if !errors.Is(err, storage.ErrNotFound) {
			return raw, err
		}
	}
	return nil, storage.ErrNotFound
}

// saveInteraction writes what a page added to the interaction. One that the
// provider took meanwhile is over, and does not come back for a second code.
func (p *Pages) saveInteraction(ctx context.Context, in *storage.Interaction) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode interaction: %w", err)
	}
	for _, hash := range p.cfg.Hasher.Sums(interactionPurpose, in.ID) {
		err = p.cfg.Ephemeral.Replace(ctx, "interaction:"+hash, raw, interactionTTL)
		if !errors.Is(err, storage.ErrNotFound) {
			break
		}
	}
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return errInteractionGone
	case err != nil:
		return unavailable("save interaction", err)
	}
	return nil
}

// keepInteraction writes a new one.
func (p *Pages) keepInteraction(ctx context.Context, in *storage.Interaction) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode interaction: %w", err)
	}
	key := "interaction:" + p.cfg.Hasher.Sum(interactionPurpose, in.ID)
	if err := p.cfg.Ephemeral.Put(ctx, key, raw, interactionTTL); err != nil {
		return unavailable("keep interaction", err)
	}
	return nil
}

// unavailable says that a store did not answer: the person may try again, and
// nobody gets in meanwhile (requirement TH5).
func unavailable(attempted string, err error) error {
	return &web.Error{
		Status: http.StatusServiceUnavailable, Key: "signin_unavailable", RetryAfter: 5 * time.Second,
		Title:  "You can’t sign in right now",
		Detail: "The problem is on our side. Please try again in a moment.",
		Cause:  fmt.Errorf("%s: %w", attempted, err),
	}
}

// Asked is what a page of the account asks of the flow.
type Asked struct {
	// ReturnTo is the path where the browser goes when nothing is missing.
	ReturnTo string
	// Fresh wants every proof to be no older; zero takes those of the session.
	Fresh time.Duration
	// Enrol wants a factor of the kind to be added.
	Enrol storage.FactorKind
	// Verify wants the person's e-mail address to be confirmed.
	Verify bool
	// Locales are the languages that the person chose.
	Locales []string
}

// ask starts an interaction of our own, as the provider does for a client.
func (p *Pages) ask(w http.ResponseWriter, r *http.Request, asked Asked) (*storage.Interaction, error) {
	if asked.ReturnTo != "" && !isOurPath(asked.ReturnTo) {
		return nil, fmt.Errorf("return to %q, which is no path of ours", asked.ReturnTo)
	}
	if err := p.countPending(r); err != nil {
		return nil, err
	}
	in := &storage.Interaction{
		ID: web.NewSecret(), ReturnTo: asked.ReturnTo, Enrol: asked.Enrol, Verify: asked.Verify, CreatedAt: p.cfg.Now(),
		BrowserHash: p.cfg.Hasher.Sum(browserPurpose, p.cfg.Cookies.EnsureBrowser(w, r)),
		Request:     storage.AuthorizationRequest{UILocales: asked.Locales},
	}
	if asked.Fresh > 0 {
		seconds := int64(asked.Fresh / time.Second)
		in.Request.MaxAge = &seconds
	}
	return in, p.keepInteraction(r.Context(), in)
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
func address(path string, in *storage.Interaction) string {
	if in == nil {
		return path
	}
	return path + "?" + url.Values{interactionParam: {in.ID}}.Encode()
}

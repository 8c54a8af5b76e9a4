package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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

// errInteractionGone sends people back to where they came from: what they were
// signing in for is not known any more.
var errInteractionGone = &web.Error{
	Status: http.StatusBadRequest, Key: "interaction_gone",
	Title:  "This sign-in has ended",
	Detail: "It’s already finished, it took too long, or it was started in another browser. Start again from the app: nothing is lost.",
}

// errNoCookie is for a browser without the cookie of any sign-in: it refuses cookies, or
// somebody shared the address. It says the same whether there is such a sign-in or not.
var errNoCookie = &web.Error{
	Status: http.StatusBadRequest, Key: "no_cookie",
	Title:  "We can’t find your sign-in in this browser",
	Detail: "Cookies may be turned off for this site, or you started in another browser. Allow cookies, then go back to the app and start again. If somebody sent you this link, don’t go on.",
}

// interaction loads the interaction that the request names. It must have been
// started by this browser (requirement AZ3): to any other it does not exist.
func (l *flows) interaction(r *http.Request) (*interaction.Interaction, error) {
	return l.loadInteraction(r, r.URL.Query().Get(interaction.Param))
}

// optionalInteraction loads the interaction where the address names one.
func (l *flows) optionalInteraction(r *http.Request) (*interaction.Interaction, error) {
	if !r.URL.Query().Has(interaction.Param) {
		return nil, nil
	}
	return l.interaction(r)
}

func (l *flows) loadInteraction(r *http.Request, id string) (*interaction.Interaction, error) {
	in, err := l.interactions.Load(r, id)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, interaction.ErrForeign):
		gone := *errInteractionGone
		if l.cookies.Browser(r) == "" {
			gone = *errNoCookie
		}
		gone.Cause = err
		return nil, &gone
	case err != nil:
		return nil, pageerror.Unavailable("load interaction", err)
	}
	return in, nil
}

// updateInteraction writes what a page adds to the interaction.
func (l *flows) updateInteraction(ctx context.Context, in *interaction.Interaction, change func(*interaction.Interaction)) error {
	return interactionSaved(l.interactions.Update(ctx, in, change))
}

// answer writes what a person answered in the interaction.
func (l *flows) answer(ctx context.Context, in *interaction.Interaction, user storage.ID, change func(*interaction.Answers)) error {
	return interactionSaved(l.interactions.Answer(ctx, in, user, change))
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

// isOurPath reports whether a redirect to the path stays here: browsers take //
// and /\ for the beginning of another host (requirement CS3).
func isOurPath(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.Contains(path, `\`)
}

// startInteraction starts an interaction for a page of ours, as the provider does for a
// client.
func (l *flows) startInteraction(w http.ResponseWriter, r *http.Request, page interaction.PageRequest) (*interaction.Interaction, error) {
	if !isOurPath(page.ReturnTo) {
		return nil, fmt.Errorf("return to %q, which is no path of ours", page.ReturnTo)
	}
	in := interaction.ForPage(page, l.now())
	return in, l.start(w, r, in)
}

// start keeps an interaction, bound to the browser.
func (l *flows) start(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) error {
	err := l.interactions.Start(w, r, in)
	if shown := (*web.Error)(nil); err == nil || errors.As(err, &shown) {
		return err
	}
	return pageerror.Unavailable("start interaction", err)
}

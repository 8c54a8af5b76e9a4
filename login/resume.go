package login

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/storage"
)

// resumeAfterMessage goes on where a person was when a message was sent to them, if
// this is the browser of then; in any other it says that all is done, and where to go on.
func (c *core) resumeAfterMessage(w http.ResponseWriter, r *http.Request, to message.Return, done string) error {
	in, err := c.interactionOf(r, to)
	if err != nil {
		return err
	}
	if in == nil {
		return redirectDone(w, r, done)
	}
	f, err := c.flowOf(w, r, in)
	if err != nil {
		return err
	}
	return c.advance(w, r, f)
}

// formActionOf is what form-action must allow on the page of a link that
// [core.resumeAfterMessage] goes on from: in the browser of then the answer may lead, by
// redirects alone, to the application.
func (l *flows) formActionOf(r *http.Request, to message.Return) ([]string, error) {
	in, err := l.interactionOf(r, to)
	if err != nil || in == nil {
		return nil, err
	}
	return redirectOrigin(in.RedirectURI()), nil
}

// interactionOf is the interaction that a message leads back to; nil where it is
// over or belongs to another browser.
func (l *flows) interactionOf(r *http.Request, to message.Return) (*interaction.Interaction, error) {
	if to.Interaction == "" {
		return nil, nil
	}
	switch own, err := l.interactions.Owns(r, to.Browser); {
	case err != nil:
		return nil, pageerror.Unavailable("judge browser of a message", err)
	case !own:
		return nil, nil
	}
	in, err := l.interactions.Load(r, to.Interaction)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, interaction.ErrForeign):
		return nil, nil
	case err != nil:
		return nil, pageerror.Unavailable("load interaction", err)
	}
	return in, nil
}

package login

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// comeBack goes on where a person was when a message was sent to them, if this
// is the browser of then; in any other it says that all is done, and where to go
// on. signIn, where it is not nil, is who typed their password there and now has
// an account: in their browser that is a proof.
func (p *Pages) comeBack(w http.ResponseWriter, r *http.Request, to message.Return, signIn *storage.User, done string, args ...any) error {
	in, err := p.interactionOf(r, to)
	if err != nil {
		return err
	}
	if in == nil {
		return p.renderDone(w, r, done, args...)
	}
	part, err := p.cfg.Partials.Load(w, r, in)
	if err != nil {
		return err
	}
	s, err := p.stand(r, in, part)
	if err != nil {
		return err
	}
	if signIn != nil {
		if err := p.updateInteraction(r.Context(), in, func(in *interaction.Interaction) { in.SignUp = "" }); err != nil {
			return err
		}
		return p.proved(w, r, s, signIn, storage.Proof{Kind: storage.FactorPassword, At: p.cfg.Now()}, false)
	}
	return p.advance(w, r, s)
}

// interactionOf is the interaction that a message leads back to; nil where it is
// over or belongs to another browser.
func (p *Pages) interactionOf(r *http.Request, to message.Return) (*interaction.Interaction, error) {
	if to.Interaction == "" || !p.cfg.Interactions.Owns(r, to.Browser) {
		return nil, nil
	}
	in, err := p.cfg.Interactions.Load(r, to.Interaction)
	switch {
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, interaction.ErrForeign):
		return nil, nil
	case err != nil:
		return nil, pageerror.Unavailable("load interaction", err)
	}
	return in, nil
}

// renderDone says that something was done, and offers to sign in.
func (p *Pages) renderDone(w http.ResponseWriter, r *http.Request, text string, args ...any) error {
	page := p.cfg.UI.Begin(w, r, ui.Options{Title: text + ".title"})
	return p.cfg.UI.Render(w, http.StatusOK, ui.Message{
		Page: page, Text: page.T(text+".text", args...), NextURL: message.PathSignIn, NextLabel: page.T("message.next_signin"),
	})
}

package login

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// maxPassword bounds what is hashed, in bytes: far beyond the 128 characters
// that must be taken, in any script.
const maxPassword = 1024

// homePath is where a sign-in ends that no relying party asked for.
const homePath = "/"

// showSignIn shows the page, unless the interaction has what it asks for.
func (p *Pages) showSignIn(w http.ResponseWriter, r *http.Request) error {
	in, err := p.optionalInteraction(r)
	if err != nil {
		return err
	}
	if in == nil {
		signedIn, err := p.Session(r)
		if err != nil {
			return err
		}
		if signedIn != nil {
			http.Redirect(w, r, homePath, http.StatusSeeOther)
			return nil
		}
		return p.renderSignIn(w, r, nil, ui.SignIn{})
	}
	step, _, err := p.next(r, in)
	if err != nil {
		return err
	}
	if step.Name != StepSignIn || step.Fatal {
		http.Redirect(w, r, p.after(step, in), http.StatusSeeOther)
		return nil
	}
	return p.renderSignIn(w, r, in, ui.SignIn{Username: in.Request.LoginHint})
}

// optionalInteraction loads the interaction where the address names one.
func (p *Pages) optionalInteraction(r *http.Request) (*storage.Interaction, error) {
	if !r.URL.Query().Has(interactionParam) {
		return nil, nil
	}
	return p.interaction(r)
}

func (p *Pages) renderSignIn(w http.ResponseWriter, r *http.Request, in *storage.Interaction, data ui.SignIn) error {
	data.Page, data.Cancel = p.page(w, r, in, "/login", "signin.title"), in != nil
	if data.Wrong {
		data.Fail("password", "signin.wrong")
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// signIn checks a username and password. The answer, its time and its headers
// are the same for a wrong password, a person who does not exist and one who may
// not sign in (requirement EN1).
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) error {
	in, err := p.optionalInteraction(r)
	if err != nil {
		return err
	}
	if in != nil && r.PostForm.Has("cancel") {
		return p.deny(w, r, in)
	}
	username, remember := r.PostForm.Get("username"), r.PostForm.Has("remember")
	if err := p.attempt(r.Context(), username); err != nil {
		return err
	}
	user, err := p.authenticate(r.Context(), username, r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	if user == nil {
		p.cfg.Log.InfoContext(r.Context(), "sign-in failed", "address", web.ClientAddress(r.Context()).String())
		return p.renderSignIn(w, r, in, ui.SignIn{Username: username, Remember: remember, Wrong: true})
	}
	if err := p.startSession(w, r, user, remember); err != nil {
		return err
	}
	if in == nil {
		http.Redirect(w, r, homePath, http.StatusSeeOther)
		return nil
	}
	p.proceed(w, r, in)
	return nil
}

// authenticate returns the person whose password it is, or nil. Every way to
// nil costs one hash (requirement EN2).
func (p *Pages) authenticate(ctx context.Context, username, password string) (*storage.User, error) {
	if len(password) > maxPassword {
		password = password[:0] // no password is that long; it still costs a hash
	}
	user, err := p.cfg.Users.ByIdentifier(ctx, username)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, unavailable("read user", err)
	}
	if user == nil || user.PasswordHash == "" {
		if err := p.cfg.Password.VerifyDummy(ctx, password); err != nil {
			return nil, busy(err)
		}
		return nil, nil
	}
	ok, err := p.cfg.Password.Verify(ctx, user.PasswordHash, password)
	if err != nil {
		return nil, busy(err)
	}
	if !ok || user.Disabled() {
		return nil, nil
	}
	p.rehash(ctx, user, password)
	return user, nil
}

// rehash renews a verifier that was made at another cost (requirement PW1). The
// sign-in does not depend on it: a failure is logged and made good next time.
func (p *Pages) rehash(ctx context.Context, user *storage.User, password string) {
	if !p.cfg.Password.NeedsRehash(user.PasswordHash) {
		return
	}
	updated, err := p.cfg.Password.Hash(ctx, password)
	if err == nil {
		err = p.cfg.Users.SetPasswordHash(ctx, user.ID, user.PasswordHash, updated, p.cfg.Now())
	}
	if err != nil && !errors.Is(err, storage.ErrConflict) {
		p.cfg.Log.WarnContext(ctx, "renew password verifier", "user_id", user.ID, "error", err)
	}
}

func busy(err error) error { return unavailable("verify password", err) }

// deny sends the person back to the client, which is told that they declined.
func (p *Pages) deny(w http.ResponseWriter, r *http.Request, in *storage.Interaction) error {
	in.Denied = true
	if err := p.saveInteraction(r.Context(), in); err != nil {
		return err
	}
	p.proceed(w, r, in)
	return nil
}

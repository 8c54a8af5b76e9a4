package login

import (
	"context"
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	pass "github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// maxPassword bounds what is hashed, in bytes: far beyond the 128 characters
// that must be taken, in any script.
const maxPassword = 1024

// openSignIn shows the page for an interaction. Without one it starts one that
// ends on the account's own page.
func (p *Pages) openSignIn(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Has(interactionParam) {
		return p.step(p.showSignIn, flow.StepSignIn, flow.StepSignUp)(w, r)
	}
	in, err := p.ask(w, r, Asked{ReturnTo: accountPath})
	if err != nil {
		return err
	}
	return p.again(w, r, in, nil)
}

func (p *Pages) showSignIn(w http.ResponseWriter, r *http.Request, s *standing) error {
	username := s.in.LoginHint()
	if s.signedIn != nil && username == "" && s.in.Another == nil && !s.in.HasPrompt(interaction.PromptSelectAccount) {
		username = identifierOf(&s.signedIn.User) // who is to prove anew who they are
	}
	return p.renderSignIn(w, r, s.in, ui.SignIn{Username: username}, "")
}

// identifierOf is what a person signs in with.
func identifierOf(u *storage.User) string {
	if u.Email != "" {
		return u.Email
	}
	return u.Username
}

func (p *Pages) renderSignIn(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, data ui.SignIn, problem string) error {
	data.Page, data.Cancel = p.page(w, r, in, "/login", "signin.title"), in.ForClient()
	data.Forgot = address("/forgot-password", in)
	if p.cfg.Accounts.SignUpPolicy().Mode != account.SignUpOff {
		data.SignUp = address("/signup", in)
	}
	if data.Wrong {
		data.Fail("password", "signin.wrong")
		data.TraceTo(r)
	}
	switch {
	case problem != "":
		data.Say(ui.NoticeFailure, problem)
		data.TraceTo(r)
	case in.PasswordSet && !data.Wrong:
		data.Say(ui.NoticeDone, "message.reset_done.title")
	}
	if err := p.offerPasskey(r, in, &data); err != nil {
		return err
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// signIn checks a username and password. The answer, its time and its headers
// are the same for a wrong password, a person who does not exist and one who may
// not sign in (requirements EN1, EN2).
func (p *Pages) signIn(w http.ResponseWriter, r *http.Request, s *standing) error {
	if r.PostForm.Has("cancel") && s.in.ForClient() {
		return p.deny(w, r, s.in)
	}
	username, remember := r.PostForm.Get("username"), r.PostForm.Has("remember")
	user, err := p.cfg.Users.ByIdentifier(r.Context(), username)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return pageerror.Unavailable("read user", err)
	}
	attempt, err := p.cfg.Limits.SignIn(r, username, user)
	if err != nil {
		return err
	}
	verdict, err := p.verifyPassword(r.Context(), username, user, r.PostForm.Get("password"))
	if err != nil {
		return err
	}
	if !verdict.Fits {
		p.cfg.Metrics.SignInFailed()
		if err := p.cfg.Journal.RecordFailure(r, s.in, idOf(user), username, "password"); err != nil {
			return err
		}
		return p.renderSignIn(w, r, s.in, ui.SignIn{Username: username, Remember: remember, Wrong: true}, "")
	}
	if err := p.cfg.Limits.Succeeded(r.Context(), attempt); err != nil {
		return err
	}
	if verdict.Outdated {
		p.upgradePassword(r, user, r.PostForm.Get("password"))
	}
	return p.proved(w, r, s, user, storage.Proof{Kind: storage.FactorPassword, At: p.cfg.Now()}, remember)
}

func idOf(u *storage.User) storage.ID {
	if u == nil {
		return ""
	}
	return u.ID
}

// proved begins a partial sign-in with the first proof, and goes on to whatever
// is missing then.
func (p *Pages) proved(w http.ResponseWriter, r *http.Request, s *standing, user *storage.User, proof storage.Proof, remember bool) error {
	part := p.cfg.Partials.New(r, s.in, user)
	part.Proofs, part.Remember = []storage.Proof{proof}, remember
	if err := p.recallTrust(w, r, s, user, part); err != nil {
		return err
	}
	if err := p.cfg.Partials.Save(w, r, part); err != nil {
		return err
	}
	return p.again(w, r, s.in, part)
}

// verifyPassword says whether it is the person's password. Every answer
// costs one check, of a kind that does not tell whether there is such a person
// (requirement EN2).
func (p *Pages) verifyPassword(ctx context.Context, identifier string, user *storage.User, password string) (pass.Verdict, error) {
	if len(password) > maxPassword {
		password = "" // no password is that long; it still costs a hash
	}
	if password == "" {
		return pass.Verdict{}, busy(p.cfg.Password.VerifyDummy(ctx, password))
	}
	if user == nil || user.PasswordHash == "" {
		return pass.Verdict{}, busy(p.verifyDecoy(ctx, identifier, password))
	}
	verdict, err := p.cfg.Password.Check(ctx, user.PasswordHash, password)
	if err != nil {
		return pass.Verdict{}, busy(err)
	}
	verdict.Fits = verdict.Fits && !user.Disabled()
	return verdict, nil
}

// upgradePassword renews a verifier that was made at another cost or by another
// system. The sign-in does not depend on it: a failure is logged and made good
// next time.
func (p *Pages) upgradePassword(r *http.Request, user *storage.User, password string) {
	shown := account.Evidence{User: user, Proofs: []storage.Proof{{Kind: storage.FactorPassword, At: p.cfg.Now()}}}
	err := p.cfg.Accounts.UpgradePassword(r.Context(), account.Person(shown, p.cfg.Journal.Origin(r, nil)), user, password)
	if err != nil {
		p.cfg.Log.WarnContext(r.Context(), "renew password verifier", "user_id", user.ID, "error", err)
	}
}

func busy(err error) error {
	if err == nil {
		return nil
	}
	return pageerror.Unavailable("verify password", err)
}

// deny sends the person back to the client, which is told that they declined.
func (p *Pages) deny(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) error {
	err := p.updateInteraction(r.Context(), in, func(in *interaction.Interaction) {
		in.Refusal = &interaction.Refusal{Code: "access_denied", Reason: "the person declined"}
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, address(resumePath, in), http.StatusSeeOther)
	return nil
}

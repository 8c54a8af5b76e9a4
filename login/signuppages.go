package login

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// signUpPages have somebody make an account with a password: the form, and the
// confirmation of their address by code or link.
type signUpPages struct {
	*core
	password *signin.Password
	sealer   *keys.Sealer
}

// open shows the form for an interaction; without one it starts one that ends on the
// account's own page.
func (p *signUpPages) open(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Has(interaction.Param) {
		return p.step(p.show, flow.StepSignIn, flow.StepSignUp)(w, r)
	}
	in, err := p.startInteraction(w, r, Asked{ReturnTo: accountPath})
	if err != nil {
		return err
	}
	http.Redirect(w, r, signUpAddress(r, in), http.StatusSeeOther)
	return nil
}

func (p *signUpPages) show(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	invitation, err := p.invitation(r)
	if err != nil {
		return err
	}
	said, err := p.flash.Read(r)
	if err != nil {
		return err
	}
	data := ui.SignUp{Email: f.interaction.LoginHint()}
	if len(said.Typed) > 0 {
		data.Email, data.Username, data.Name = said.Typed.Get("email"), said.Typed.Get("username"), said.Typed.Get("name")
	}
	data.Attributes = ShownAttributes(p.accounts.Attributes().Asked(), func(name string) string { return said.Typed.Get(account.AttributeField(name)) })
	if invitation != nil {
		data.Email, data.Invited = invitation.Email, true
	}
	policy := p.accounts.SignUpPolicy()
	data.Page = p.page(w, r, f.interaction, "/signup", "signup.title")
	data.Action = signUpAddress(r, f.interaction)
	data.SignIn, data.AskName, data.AskUsername = f.interaction.Address("/login"), true, policy.Username != account.PresenceOff
	data.MinLength, data.EmailOptional = p.accounts.MinPassword(&storage.User{}), policy.Email == account.PresenceOptional
	Say(&data.Page, said)
	return p.ui.Render(w, http.StatusOK, data)
}

// signUpAddress is the address of the form, with the invitation that the request bears.
func signUpAddress(r *http.Request, in *interaction.Interaction) string {
	to := in.Address("/signup")
	if token := r.URL.Query().Get(message.InvitationParam); token != "" {
		to += "&" + url.Values{message.InvitationParam: {token}}.Encode()
	}
	return to
}

// invitation is the one that the request bears. Where sign-up is by invitation
// there is no page without.
func (p *signUpPages) invitation(r *http.Request) (*storage.Invitation, error) {
	switch p.accounts.SignUpPolicy().Mode {
	case account.SignUpOpen:
		return nil, nil
	case account.SignUpInvitation:
	default:
		return nil, errNoSignUp
	}
	token := r.URL.Query().Get(message.InvitationParam)
	if token == "" {
		return nil, errNoSignUp
	}
	found, err := p.accounts.Invitation(r.Context(), token)
	return found, accountError("read invitation", err)
}

// submit takes what was typed. Nothing that it answers depends on who has an
// account (user enumeration, requirement EN1).
func (p *signUpPages) submit(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	invitation, err := p.invitation(r)
	if err != nil {
		return err
	}
	set, problems := AttributesTyped(p.accounts.Attributes().Asked(), r.PostForm, func(string) string { return "" })
	typed := &account.SignUp{
		Email: strings.TrimSpace(r.PostForm.Get("email")), Username: strings.TrimSpace(r.PostForm.Get("username")),
		Name: ident.Clean(r.PostForm.Get("name")), Password: r.PostForm.Get("password"),
		Locale: p.ui.Locale(r, f.interaction.Locales()), Invitation: invitation, Attributes: set,
	}
	if invitation != nil {
		typed.Email = invitation.Email
	}
	for _, err := range p.accounts.CheckSignUp(typed) {
		problems = append(problems, Problems(err, "password")...)
	}
	if len(problems) > 0 {
		return p.failed(w, r, f, problems)
	}
	wanted := typed.Email
	if wanted == "" {
		wanted = typed.Username
	}
	if invitation == nil {
		if err := p.limits.SignUp(r, wanted); err != nil {
			return err
		}
	}
	if typed.Email == "" {
		return p.byName(w, r, f, typed)
	}
	asked, err := p.accounts.PrepareSignUp(r.Context(), typed, returnTo(f.interaction))
	if problems := Problems(err, "password"); len(problems) > 0 {
		return p.failed(w, r, f, problems)
	}
	if err != nil {
		return accountError("prepare sign-up", err)
	}
	if err := p.keepPending(r, f.interaction, asked); err != nil {
		return err
	}
	http.Redirect(w, r, f.interaction.Address(message.PathConfirmSignUp), http.StatusSeeOther)
	return nil
}

// failed has the form say what is wrong.
func (p *signUpPages) failed(w http.ResponseWriter, r *http.Request, f *flowContext, problems []Problem) error {
	return p.flash.Refuse(w, r, signUpAddress(r, f.interaction), flash.Message{Problems: problems})
}

// byName makes an account without an address, which needs no confirmation.
func (p *signUpPages) byName(w http.ResponseWriter, r *http.Request, f *flowContext, typed *account.SignUp) error {
	user, err := p.accounts.SignUpByName(r.Context(), p.journal.Visitor(r, f.interaction), typed)
	if problems := Problems(err, "password"); len(problems) > 0 {
		return p.failed(w, r, f, problems)
	}
	if err != nil {
		return accountError("create account", err)
	}
	return p.startSignIn(w, r, f, p.password.Shown(user), false)
}

// keepPending has the address confirmed, and keeps what was asked for with the
// interaction, so that it can be sent once more.
func (p *signUpPages) keepPending(r *http.Request, in *interaction.Interaction, asked *message.SignUp) error {
	waiting, err := sealed(p.sealer, in, signUpColumn, asked)
	if err != nil {
		return err
	}
	if err := p.updateInteraction(r.Context(), in, func(in *interaction.Interaction) { in.SignUp = waiting }); err != nil {
		return err
	}
	return p.send(r, in, asked)
}

// send sends the message, unless too many were sent (rate limit).
func (p *signUpPages) send(r *http.Request, in *interaction.Interaction, asked *message.SignUp) error {
	count := p.limits.AnonymousMessage
	if asked.Invitation != "" {
		count = p.limits.InvitedSignUp
	}
	if err := count(r, asked.Email); err != nil {
		return err
	}
	return accountError("request sign-up", p.accounts.RequestSignUp(r.Context(), p.journal.Visitor(r, in), asked))
}

// pending is what was asked for in the interaction; nil is nothing.
func (p *signUpPages) pending(in *interaction.Interaction) (*message.SignUp, error) {
	if in.SignUp == "" {
		return nil, nil
	}
	pending := &message.SignUp{}
	return pending, opened(p.sealer, in, signUpColumn, in.SignUp, pending)
}

// byLinkOrInFlow is for the confirmation, which is reached by a link with a token, or
// in the flow in which the sign-up began.
func (p *signUpPages) byLinkOrInFlow(byLink web.HandlerFunc, inFlow stepHandler) web.HandlerFunc {
	step := p.step(inFlow, flow.StepSignIn, flow.StepSignUp)
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.URL.Query().Has(interaction.Param) {
			return step(w, r)
		}
		return byLink(w, r)
	}
}

// showCode asks for the code that was sent.
func (p *signUpPages) showCode(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	pending, err := p.pending(f.interaction)
	if err != nil {
		return err
	}
	if pending == nil {
		http.Redirect(w, r, f.interaction.Address("/signup"), http.StatusSeeOther)
		return nil
	}
	page := p.page(w, r, f.interaction, message.PathConfirmSignUp, confirmTitle)
	return p.renderConfirm(w, r, page, ui.ConfirmEmail{Email: pending.Email, SignIn: f.interaction.Address("/login")})
}

// confirmByCode spends the code, or sends another one.
func (p *signUpPages) confirmByCode(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	pending, err := p.pending(f.interaction)
	if err != nil {
		return err
	}
	if pending == nil {
		return p.advance(w, r, f)
	}
	if r.Form.Has("resend") {
		if pending.Invitation == "" {
			if err := p.limits.Resend(r, pending.Email); err != nil {
				return err
			}
		}
		if err := p.send(r, f.interaction, pending); err != nil {
			return err
		}
		return p.flash.Redirect(w, r, f.interaction.Address(message.PathConfirmSignUp), flash.Message{Done: "notice.sent"})
	}
	user, err := p.accounts.ConfirmSignUpByCode(r.Context(), p.journal.Visitor(r, f.interaction), *pending, r.PostForm.Get("code"))
	switch {
	case errors.Is(err, onetime.ErrInvalid):
		return p.refuse(w, r, f.interaction.Address(message.PathConfirmSignUp), wrongCode)
	case err != nil:
		return accountError("confirm sign-up", err)
	}
	return p.confirmed(w, r, pending.Return, user)
}

// confirmed goes on with the new account where the sign-up began, if this is its
// browser: the password that was typed there is a proof.
func (p *signUpPages) confirmed(w http.ResponseWriter, r *http.Request, to message.Return, user *storage.User) error {
	in, err := p.interactionOf(r, to)
	if err != nil {
		return err
	}
	if in == nil || user == nil {
		return p.resumeAfterMessage(w, r, to, "verified")
	}
	f, err := p.flowOf(w, r, in)
	if err != nil {
		return err
	}
	if err := p.updateInteraction(r.Context(), in, func(in *interaction.Interaction) { in.SignUp = "" }); err != nil {
		return err
	}
	return p.startSignIn(w, r, f, p.password.Shown(user), false)
}

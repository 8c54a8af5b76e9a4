package login

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// errNoSignUp answers where people may not make accounts by themselves.
var errNoSignUp = &web.Error{
	Status: http.StatusForbidden, Key: "signup_closed",
	Title:  "You can’t create an account here",
	Detail: "Your administrator creates the accounts here, or sends invitations. Ask them for one.",
}

// openSignUp shows the page for an interaction; without one it starts one that
// ends on the account's own page.
func (p *Pages) openSignUp(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Has(interactionParam) {
		return p.step(p.showSignUp, flow.StepSignIn, flow.StepSignUp)(w, r)
	}
	in, err := p.ask(w, r, Asked{ReturnTo: accountPath})
	if err != nil {
		return err
	}
	to := address("/signup", in)
	if token := r.URL.Query().Get(message.InvitationParam); token != "" {
		to += "&" + url.Values{message.InvitationParam: {token}}.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (p *Pages) showSignUp(w http.ResponseWriter, r *http.Request, s *standing) error {
	data := ui.SignUp{
		Email: s.in.LoginHint(), Attributes: ShownAttributes(p.cfg.Accounts.Attributes().Asked(), func(string) string { return "" }),
	}
	invitation, err := p.invitation(r)
	if err != nil {
		return err
	}
	if invitation != nil {
		data.Email, data.Invited = invitation.Email, true
	}
	return p.renderSignUp(w, r, s, data, nil)
}

// invitation is the one that the request bears. Where sign-up is by invitation
// there is no page without.
func (p *Pages) invitation(r *http.Request) (*storage.Invitation, error) {
	switch p.cfg.Accounts.SignUpPolicy().Mode {
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
	found, err := p.cfg.Accounts.Invitation(r.Context(), token)
	return found, accountError("read invitation", err)
}

func (p *Pages) renderSignUp(w http.ResponseWriter, r *http.Request, s *standing, data ui.SignUp, problems []Problem) error {
	path, policy := "/signup", p.cfg.Accounts.SignUpPolicy()
	data.Page = p.page(w, r, s.in, path, "signup.title")
	if data.Invited {
		data.Action += "&" + url.Values{message.InvitationParam: {r.URL.Query().Get(message.InvitationParam)}}.Encode()
	}
	data.SignIn, data.AskName, data.AskUsername = address("/login", s.in), true, policy.Username != account.PresenceOff
	data.MinLength, data.EmailOptional = p.cfg.Accounts.MinPassword(&storage.User{}), policy.Email == account.PresenceOptional
	for _, problem := range problems {
		data.Fail(problem.Field, problem.Text, problem.Args...)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// signUp takes what was typed. Nothing that it answers depends on who has an
// account (enumeration, requirement EN1).
func (p *Pages) signUp(w http.ResponseWriter, r *http.Request, s *standing) error {
	invitation, err := p.invitation(r)
	if err != nil {
		return err
	}
	form := ui.SignUp{
		Email: strings.TrimSpace(r.PostForm.Get("email")), Username: strings.TrimSpace(r.PostForm.Get("username")),
		Name: ident.Clean(r.PostForm.Get("name")),
	}
	if invitation != nil {
		form.Email, form.Invited = invitation.Email, true
	}
	schema := p.cfg.Accounts.Attributes().Asked()
	set, texts, problems := AttributesTyped(schema, r.PostForm, func(string) string { return "" })
	form.Attributes = ShownAttributes(schema, func(name string) string { return texts[name] })
	typed := &account.SignUp{
		Email: form.Email, Username: form.Username, Name: form.Name, Password: r.PostForm.Get("password"),
		Locale: p.cfg.UI.Locale(r, s.in.Locales()), Invitation: invitation, Attributes: set,
	}
	for _, err := range p.cfg.Accounts.CheckSignUp(typed) {
		problems = append(problems, Problems(err, "password")...)
	}
	form.Email, form.Username = typed.Email, typed.Username // as they are kept
	if len(problems) > 0 {
		return p.renderSignUp(w, r, s, form, problems)
	}
	wanted := form.Email
	if wanted == "" {
		wanted = form.Username
	}
	if err := p.cfg.Limits.SignUp(r, wanted); err != nil {
		return err
	}
	if form.Email == "" {
		return p.signUpByName(w, r, s, form, typed)
	}
	asked, err := p.cfg.Accounts.PrepareSignUp(r.Context(), typed, returnTo(s.in))
	if problems := Problems(err, "password"); len(problems) > 0 {
		return p.renderSignUp(w, r, s, form, problems)
	}
	if err != nil {
		return accountError("prepare sign-up", err)
	}
	if err := p.askForAccount(r, s.in, asked); err != nil {
		return err
	}
	http.Redirect(w, r, address(message.PathConfirmSignUp, s.in), http.StatusSeeOther)
	return nil
}

// signUpByName makes an account without an address, which needs no confirmation.
func (p *Pages) signUpByName(w http.ResponseWriter, r *http.Request, s *standing, form ui.SignUp, typed *account.SignUp) error {
	user, err := p.cfg.Accounts.SignUpByName(r.Context(), p.cfg.Journal.Visitor(r, s.in), typed)
	if problems := Problems(err, "password"); len(problems) > 0 {
		return p.renderSignUp(w, r, s, form, problems)
	}
	if err != nil {
		return accountError("create account", err)
	}
	return p.proved(w, r, s, user, storage.Proof{Kind: storage.FactorPassword, At: p.cfg.Now()}, false)
}

// returnTo is how a message finds the way back to an interaction.
func returnTo(in *interaction.Interaction) message.Return {
	return message.Return{Interaction: in.ID, Browser: in.Browser}
}

// askForAccount has the address confirmed, and keeps what was asked for with the
// interaction, so that it can be sent once more.
func (p *Pages) askForAccount(r *http.Request, in *interaction.Interaction, asked *message.SignUp) error {
	raw, err := json.Marshal(asked)
	if err != nil {
		return fmt.Errorf("encode sign-up: %w", err)
	}
	sealed, err := p.cfg.Sealer.Seal(raw, signUpPlace(in))
	if err != nil {
		return fmt.Errorf("seal sign-up: %w", err)
	}
	if err := p.updateInteraction(r.Context(), in, func(in *interaction.Interaction) { in.SignUp = sealed }); err != nil {
		return err
	}
	return p.requestSignUp(r, in, asked)
}

// requestSignUp sends the message, unless too many were sent.
func (p *Pages) requestSignUp(r *http.Request, in *interaction.Interaction, asked *message.SignUp) error {
	if err := p.cfg.Limits.AnonymousMessage(r, asked.Email); err != nil {
		return err
	}
	return accountError("request sign-up", p.cfg.Accounts.RequestSignUp(r.Context(), p.cfg.Journal.Visitor(r, in), asked))
}

func signUpPlace(in *interaction.Interaction) keys.AssociatedData {
	return keys.AssociatedData{Table: "interaction", Column: "sign_up", Row: in.ID}
}

// pendingSignUp is what was asked for in the interaction; nil is nothing.
func (p *Pages) pendingSignUp(in *interaction.Interaction) (*message.SignUp, error) {
	if in.SignUp == "" {
		return nil, nil
	}
	raw, err := p.cfg.Sealer.Open(in.SignUp, signUpPlace(in))
	if err != nil {
		return nil, fmt.Errorf("open sign-up: %w", err)
	}
	pending := &message.SignUp{}
	if err := json.Unmarshal(raw, pending); err != nil {
		return nil, fmt.Errorf("decode sign-up: %w", err)
	}
	return pending, nil
}

package login

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// Sign-up makes no account. It hashes the password, seals what was typed into a
// message, and answers: whether the address is free is found out by whoever
// sends the message, and told to its owner alone (requirements EN1, EN2). The
// account is made when the address is confirmed, whole.

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
	data := ui.SignUp{Email: s.in.LoginHint()}
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
	switch p.cfg.SignUp {
	case SignUpOpen:
		return nil, nil
	case SignUpInvitation:
	default:
		return nil, errNoSignUp
	}
	token := r.URL.Query().Get(message.InvitationParam)
	if token == "" {
		return nil, errNoSignUp
	}
	found, err := p.cfg.Invitations.Valid(r.Context(), p.cfg.Hasher.Sums("invitation", token), p.cfg.Now())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, errLinkVoid(err)
	}
	if err != nil {
		return nil, unavailable("read invitation", err)
	}
	return found, nil
}

func (p *Pages) renderSignUp(w http.ResponseWriter, r *http.Request, s *standing, data ui.SignUp, problems []fieldProblem) error {
	path := "/signup"
	data.Page = p.page(w, r, s.in, path, "signup.title")
	if data.Invited {
		data.Action += "&" + url.Values{message.InvitationParam: {r.URL.Query().Get(message.InvitationParam)}}.Encode()
	}
	data.SignIn, data.AskName, data.AskUsername = address("/login", s.in), true, p.cfg.SignUpUsername != "off"
	data.MinLength, data.EmailOptional = p.minPassword(&storage.User{}), p.cfg.SignUpEmail == "optional"
	for _, problem := range problems {
		data.Fail(problem.field, problem.key, problem.args...)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// signUp takes what was typed. Nothing that it answers depends on who has an
// account.
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
	normalize(&form)
	password := r.PostForm.Get("password")
	if problems := p.checkSignUp(r.Context(), form, password); len(problems) > 0 {
		return p.renderSignUp(w, r, s, form, problems)
	}
	limits := p.cfg.Limits.SignUp
	wanted := form.Email
	if wanted == "" {
		wanted = form.Username
	}
	err = p.throttle(r, "",
		p.limitOf("sign_up_address", limits.Address, addressBucket(r.Context())),
		p.limitOf("sign_up_account", limits.Account, ident.Canonical(wanted)))
	if err != nil {
		return err
	}
	verifier, err := p.cfg.Password.Hash(r.Context(), password)
	if err != nil {
		return busy(err)
	}
	if form.Email == "" {
		return p.signUpByName(w, r, s, form, verifier)
	}
	body := message.SignUp{
		Email: form.Email, Username: form.Username, Verifier: verifier,
		Profile: storage.Profile{Name: form.Name, Locale: p.cfg.UI.Locale(r, s.in.Locales())}, Return: returnTo(s.in),
	}
	if invitation != nil {
		body.Invitation = invitation.ID
	}
	if err := p.askForAccount(r, s.in, body); err != nil {
		return err
	}
	http.Redirect(w, r, address(message.PathConfirmSignUp, s.in), http.StatusSeeOther)
	return nil
}

// signUpByName makes an account that has a username and no address, where the
// configuration takes such: there is nothing to confirm, and nobody but the
// answer to say that the name is taken.
func (p *Pages) signUpByName(w http.ResponseWriter, r *http.Request, s *standing, form ui.SignUp, verifier string) error {
	user, err := p.newUser(r, &message.SignUp{
		Username: form.Username, Verifier: verifier,
		Profile: storage.Profile{Name: form.Name, Locale: p.cfg.UI.Locale(r, s.in.Locales())},
	})
	if err != nil {
		return err
	}
	user.EmailVerified = false
	event, err := p.event(r, storage.EventUserCreated, user.ID)
	if err != nil {
		return err
	}
	err = p.cfg.Users.Create(r.Context(), user, event)
	if errors.Is(err, storage.ErrConflict) {
		return p.renderSignUp(w, r, s, form, []fieldProblem{{field: "username", key: "wrong.username_taken"}})
	}
	if err != nil {
		return unavailable("create user", err)
	}
	return p.proved(w, r, s, user, storage.Proof{Kind: storage.FactorPassword, At: p.cfg.Now()}, false)
}

// returnTo is how a message finds the way back to an interaction.
func returnTo(in *interaction.Interaction) message.Return {
	return message.Return{Interaction: in.ID, Browser: in.Browser}
}

// askForAccount queues the message, and keeps what was asked for with the
// interaction, so that it can be sent once more.
func (p *Pages) askForAccount(r *http.Request, in *interaction.Interaction, body message.SignUp) error {
	raw, err := json.Marshal(body)
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
	return p.send(r, in.Locales(), storage.EventSignUpRequested, body.Email, body)
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

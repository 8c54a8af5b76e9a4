package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// showConfirmSignUp asks for the code that was sent. The link in the message
// opens the same address with a token.
func (p *Pages) showConfirmSignUp(w http.ResponseWriter, r *http.Request, s *standing) error {
	pending, err := p.pendingSignUp(s.in)
	if err != nil {
		return err
	}
	if pending == nil {
		http.Redirect(w, r, address("/signup", s.in), http.StatusSeeOther)
		return nil
	}
	return p.renderConfirm(w, r, s.in, message.PathConfirmSignUp, pending.Email, func(*ui.ConfirmEmail) {})
}

// renderConfirm asks for a code that was sent to an address.
func (p *Pages) renderConfirm(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, path, email string, say func(*ui.ConfirmEmail)) error {
	data := ui.ConfirmEmail{
		Page: p.page(w, r, in, path, "confirm.title"), Email: email,
		Resend: &ui.Resend{Action: address(path, in) + "&resend=1", After: int(resendAfter / time.Second)},
	}
	if path == message.PathConfirmSignUp { // at the others they are signed in
		data.SignIn = address("/login", in)
	}
	say(&data)
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// resendAfter is when a page offers to send once more.
const resendAfter = 30 * time.Second

// confirmSignUp spends the code, or sends another one.
func (p *Pages) confirmSignUp(w http.ResponseWriter, r *http.Request, s *standing) error {
	pending, err := p.pendingSignUp(s.in)
	if err != nil {
		return err
	}
	if pending == nil {
		return p.advance(w, r, s)
	}
	if r.Form.Has("resend") {
		if err := p.throttleResend(r, pending.Email); err != nil {
			return err
		}
		if err := p.send(r, s.in.Locales(), storage.EventSignUpRequested, pending.Email, *pending); err != nil {
			return err
		}
		return p.renderConfirm(w, r, s.in, message.PathConfirmSignUp, pending.Email, func(data *ui.ConfirmEmail) {
			data.Say(ui.NoticeDone, "notice.sent")
		})
	}
	subject := message.AddressSubject(p.cfg.Hasher, pending.Email)
	entry, err := p.cfg.Tokens.RedeemCode(r.Context(), onetime.SignUp, subject, r.PostForm.Get("code"))
	if err != nil {
		return p.codeFailed(w, r, s.in, message.PathConfirmSignUp, pending.Email, err)
	}
	var proven message.SignUp
	if err := entry.Decode(&proven); err != nil {
		return err
	}
	// The code proves the address. What else makes the account was typed in this
	// flow: somebody else may have asked for one with the address meanwhile.
	asked := *pending
	asked.Email = proven.Email
	return p.makeAccount(w, r, &asked)
}

// codeFailed shows the page again, or says that there is no more trying for now.
func (p *Pages) codeFailed(w http.ResponseWriter, r *http.Request, in *interaction.Interaction, path, email string, failure error) error {
	switch {
	case errors.Is(failure, onetime.ErrInvalid):
		return p.renderConfirm(w, r, in, path, email, func(data *ui.ConfirmEmail) { data.Fail("code", "wrong.code") })
	case errors.Is(failure, onetime.ErrExhausted):
		return tooMany(codePause, failure)
	}
	return unavailable("spend code", failure)
}

// codePause is what people are told to wait for after too many wrong codes; the
// link in the message goes on working.
const codePause = onetime.TriesReset

// throttleResend bounds what can be sent to one address once more, by whom ever.
func (p *Pages) throttleResend(r *http.Request, destination string) error {
	limits := p.cfg.Limits.Resend
	return p.throttle(r, "",
		p.limitOf("resend_address", limits.Address, addressBucket(r.Context())),
		p.limitOf("resend_account", limits.Account, ident.Canonical(destination)))
}

// send queues a message that somebody asks for who is not signed in, together
// with the event that it belongs to, unless too many were sent.
func (p *Pages) send(r *http.Request, locales []string, typ storage.EventType, destination string, body message.Body) error {
	if err := p.allowMessage(r, "", destination); err != nil {
		return err
	}
	event, err := p.event(r, typ, "")
	if err != nil {
		return err
	}
	return p.queue(r, locales, &event, body)
}

func (p *Pages) queue(r *http.Request, locales []string, event *storage.Event, body message.Body) error {
	m, err := p.Message(r, locales, body)
	if err != nil {
		return err
	}
	if err := p.cfg.Outbox.Add(r.Context(), event, m); err != nil {
		return unavailable("queue message", err)
	}
	p.cfg.Queued()
	return nil
}

// Notice makes the message that tells the owner of an account of a change to it,
// for the transaction of the change; none where they have no address.
func (p *Pages) Notice(r *http.Request, user *storage.User, n message.Notice) ([]storage.Message, error) {
	if user.Email == "" {
		return nil, nil
	}
	n.UserID, n.To = user.ID, user.Email
	m, err := p.Message(r, nil, n)
	if err != nil {
		return nil, err
	}
	return []storage.Message{m}, nil
}

// Message makes the row of a message that the request asks for.
func (p *Pages) Message(r *http.Request, locales []string, body message.Body) (storage.Message, error) {
	m, err := p.cfg.Messages.New(message.Asked{
		Locale: p.cfg.UI.Locale(r, locales), Address: web.ClientAddress(r.Context()).String(), UserAgent: userAgent(r),
	}, body)
	if err != nil {
		return storage.Message{}, fmt.Errorf("make message: %w", err)
	}
	return m, nil
}

// makeAccountByLink makes the account that a spent token stands for.
func (p *Pages) makeAccountByLink(w http.ResponseWriter, r *http.Request, entry *onetime.Entry) error {
	var asked message.SignUp
	if err := entry.Decode(&asked); err != nil {
		return err
	}
	return p.makeAccount(w, r, &asked)
}

// makeAccount makes an account whose address is proven. A name that somebody
// took meanwhile is left out: it can be chosen anew on the account page.
func (p *Pages) makeAccount(w http.ResponseWriter, r *http.Request, asked *message.SignUp) error {
	user, err := p.newUser(r, asked)
	if err != nil {
		return err
	}
	event, err := p.event(r, storage.EventUserCreated, user.ID)
	if err != nil {
		return err
	}
	err = p.createUser(r.Context(), user, asked.Invitation, event)
	if errors.Is(err, storage.ErrConflict) && user.Username != "" {
		user.Username = ""
		err = p.createUser(r.Context(), user, asked.Invitation, event)
	}
	switch {
	case errors.Is(err, storage.ErrConflict), errors.Is(err, storage.ErrConsumed):
		return errLinkVoid(err) // the address has an account by now, or the invitation was used
	case err != nil:
		return unavailable("create user", err)
	}
	return p.comeBack(w, r, asked.Return, user, "message.verified")
}

func (p *Pages) createUser(ctx context.Context, user *storage.User, invitation storage.ID, event storage.Event) error {
	if invitation != "" {
		return p.cfg.Users.CreateInvited(ctx, user, invitation, event)
	}
	return p.cfg.Users.Create(ctx, user, event)
}

func (p *Pages) newUser(r *http.Request, asked *message.SignUp) (*storage.User, error) {
	now := p.cfg.Now()
	id, err := storage.NewID(now, p.cfg.Random)
	if err != nil {
		return nil, err
	}
	return &storage.User{
		ID: id, Email: asked.Email, EmailVerified: true, Username: asked.Username, Profile: asked.Profile,
		PasswordHash: asked.Verifier, PasswordChangedAt: now, CreatedAt: now, UpdatedAt: now,
	}, nil
}

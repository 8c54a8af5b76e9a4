package login

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// offerPasskey lets the page's person sign in with a passkey, where policy does.
func (p *Pages) offerPasskey(r *http.Request, in *interaction.Interaction, data *ui.SignIn) error {
	passkeys, err := p.passkeysFor(r.Context(), in)
	if passkeys == nil {
		return err
	}
	options, err := passkeys.BeginDiscoverable(r.Context(), mfa.Attempt{
		ID: in.Browser, Now: p.cfg.Now(), AddressBucket: web.AddressBucket(web.ClientAddress(r.Context())),
	})
	if limited := (*mfa.LimitedError)(nil); errors.As(err, &limited) {
		p.cfg.Metrics.Throttled("passkey_challenges")
		return nil // the password still works
	}
	if err != nil {
		return pageerror.Unavailable("make passkey challenge", err)
	}
	data.Passkey = &ui.Ceremony{Action: address("/login/passkey", in), Options: string(options)}
	return nil
}

// passkeysFor is what signs people in without a password; nil where policy does
// not let it, or the client requires factors that passkeys are none of.
func (p *Pages) passkeysFor(ctx context.Context, in *interaction.Interaction) (*mfa.Passkeys, error) {
	c, err := p.clientOf(ctx, in)
	if err != nil {
		return nil, err
	}
	if !p.policy.Passwordless || !slices.Contains(p.policy.CountingFor(&storage.User{}, c), storage.FactorPasskey) {
		return nil, nil
	}
	return p.cfg.Factors.Passkeys(), nil
}

// signInWithPasskey signs in whoever the passkey says: it names its person, and
// has verified them.
func (p *Pages) signInWithPasskey(w http.ResponseWriter, r *http.Request, s *standing) error {
	passkeys, err := p.passkeysFor(r.Context(), s.in)
	if err != nil {
		return err
	}
	if passkeys == nil {
		return p.advance(w, r, s)
	}
	source, err := p.cfg.Journal.Event(r, storage.EventFactorPassed, "")
	if err != nil {
		return err
	}
	attempt := mfa.Attempt{ID: s.in.Browser, Now: p.cfg.Now(), AddressBucket: web.AddressBucket(web.ClientAddress(r.Context())), Source: source}
	user, proof, err := passkeys.FinishDiscoverable(r.Context(), attempt, mfa.Response{Passkey: []byte(r.PostForm.Get(credentialField))})
	var (
		wrong   *mfa.WrongError
		limited *mfa.LimitedError
	)
	switch {
	case err == nil:
		return p.proved(w, r, s, user, proof, r.PostForm.Has("remember"))
	case errors.As(err, &limited):
		p.cfg.Metrics.Throttled("passkey_address")
		return pageerror.TooMany(limited.RetryAfter, err)
	case errors.As(err, &wrong), errors.Is(err, mfa.ErrExpired), errors.Is(err, mfa.ErrCloned), errors.Is(err, mfa.ErrNotOffered):
		p.cfg.Metrics.SignInFailed()
		if err := p.cfg.Journal.RecordFailure(r, s.in, "", "", "passkey"); err != nil {
			return err
		}
		return p.renderSignIn(w, r, s.in, ui.SignIn{}, "wrong.passkey")
	}
	return pageerror.Unavailable("verify passkey", err)
}

// credentialField holds what the browser answered to a passkey's challenge.
const credentialField = "credential"

package login

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/partial"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// factorParam names the factor that the person chose.
const factorParam = "factor"

// showFactor asks for the second factor that the person chose, or the best one.
// It is one page for all: what it shows is what the factor's challenge says.
func (p *Pages) showFactor(w http.ResponseWriter, r *http.Request, s *standing) error {
	if err := p.ensurePartial(w, r, s); err != nil {
		return err
	}
	return p.askFactor(w, r, s, p.chosen(r, s), false)
}

// chosen is the factor that the request names, if the person may be asked for it.
func (p *Pages) chosen(r *http.Request, s *standing) storage.FactorKind {
	if kind := storage.FactorKind(r.FormValue(factorParam)); slices.Contains(s.state.Offer.Ask, kind) {
		return kind
	}
	return s.state.Offer.Default
}

// ensurePartial begins a partial sign-in on top of a session that must show more.
func (p *Pages) ensurePartial(w http.ResponseWriter, r *http.Request, s *standing) error {
	if s.part != nil {
		return nil
	}
	s.part = p.cfg.Partials.New(r, s.in, s.state.User)
	return p.cfg.Partials.Save(w, r, s.part)
}

// attempt is what factors are told of this sign-in.
func (p *Pages) attempt(r *http.Request, s *standing) (mfa.Attempt, error) {
	source, err := p.cfg.Journal.Event(r, storage.EventFactorPassed, s.part.UserID)
	if err != nil {
		return mfa.Attempt{}, err
	}
	source.ClientID = s.in.ClientID()
	return mfa.Attempt{
		ID: p.cfg.Partials.AttemptName(s.part), Person: *s.person, Now: p.cfg.Now(),
		AddressBucket: web.AddressBucket(web.ClientAddress(r.Context())), Locale: p.cfg.UI.Locale(r, s.in.Locales()), Source: source,
	}, nil
}

// askFactor shows the page of one factor. A limit on what is sent does not keep
// the page away: the code that was sent before still works.
func (p *Pages) askFactor(w http.ResponseWriter, r *http.Request, s *standing, kind storage.FactorKind, resend bool) error {
	factor, ok := p.cfg.Factors.Get(kind)
	if !ok {
		return p.advance(w, r, s)
	}
	attempt, err := p.attempt(r, s)
	if err != nil {
		return err
	}
	attempt.Resend = resend
	challenge, err := factor.Begin(r.Context(), attempt)
	if limited := (*mfa.LimitedError)(nil); errors.As(err, &limited) && challenge.Kind != "" {
		p.cfg.Metrics.Throttled("factor_" + string(kind))
		return p.renderFactor(w, r, s, challenge, func(data *ui.Factor) {
			data.Say(ui.NoticeWarning, "factor.limited", "Wait", data.Duration(limited.RetryAfter))
		})
	}
	if err != nil {
		return p.factorClosed(kind, err)
	}
	return p.renderFactor(w, r, s, challenge, func(data *ui.Factor) {
		if resend {
			data.Say(ui.NoticeDone, "notice.sent")
		}
	})
}

// factorClosed says why a person who has a factor cannot be asked for it now:
// they failed with it too often, or too many codes were sent.
func (p *Pages) factorClosed(kind storage.FactorKind, err error) error {
	var (
		limited *mfa.LimitedError
		locked  *mfa.LockedError
	)
	switch {
	case errors.As(err, &limited):
		p.cfg.Metrics.Throttled("factor_" + string(kind))
		return pageerror.TooMany(limited.RetryAfter, err)
	case errors.As(err, &locked):
		return pageerror.TooMany(locked.Until.Sub(p.cfg.Now()), err)
	}
	return pageerror.Unavailable("begin factor", err)
}

func (p *Pages) renderFactor(w http.ResponseWriter, r *http.Request, s *standing, c mfa.Challenge, say func(*ui.Factor)) error {
	data := ui.Factor{
		Page: p.page(w, r, s.in, "/factor", "factor.title"), Kind: c.Kind, Hint: c.Hint, Digits: c.Digits,
		TrustDays: p.trustDays(s.client), Cancel: s.in.ForClient(),
	}
	data.Carry(factorParam, string(c.Kind))
	if c.Input == mfa.InputPasskey {
		data.Passkey = &ui.Ceremony{Action: data.Action, Options: string(c.Options)}
	}
	if c.CanResend {
		data.Resend = &ui.Resend{Action: factorAddress("/factor", s.in, c.Kind) + "&resend=1", After: int(c.ResendAfter.Round(time.Second) / time.Second)}
	}
	data.Others = factorLinks("/factor", s.in, s.state.Offer.Ask, c.Kind)
	say(&data)
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// trustDays is for how long a device may be trusted, in whole days; zero is not at all.
func (p *Pages) trustDays(client *client.Client) int {
	if client == nil || !client.TrustDevices {
		return 0
	}
	return int(p.policy.TrustFor / (24 * time.Hour))
}

// factorAddress is the address of a page with a factor chosen.
func factorAddress(path string, in *interaction.Interaction, kind storage.FactorKind) string {
	return address(path, in) + "&" + factorParam + "=" + url.QueryEscape(string(kind))
}

// factorLinks lead to the factors, but for the one that is shown already.
func factorLinks(path string, in *interaction.Interaction, kinds []storage.FactorKind, shown storage.FactorKind) []ui.FactorLink {
	var links []ui.FactorLink
	for _, kind := range kinds {
		if kind != shown {
			links = append(links, ui.FactorLink{Kind: kind, URL: factorAddress(path, in, kind)})
		}
	}
	return links
}

// factor checks a response. It is counted before it is looked at: in this
// attempt, and by the factor itself over all attempts of the person.
func (p *Pages) factor(w http.ResponseWriter, r *http.Request, s *standing) error {
	if r.PostForm.Has("cancel") && s.in.ForClient() {
		if s.part != nil {
			if err := p.cfg.Partials.Drop(w, r, s.part); err != nil {
				return err
			}
		}
		return p.deny(w, r, s.in)
	}
	if s.part == nil {
		return p.advance(w, r, s) // it was never asked for in this attempt
	}
	kind := p.chosen(r, s)
	if r.Form.Has("resend") {
		return p.askFactor(w, r, s, kind, true)
	}
	factor, ok := p.cfg.Factors.Get(kind)
	if !ok {
		return p.advance(w, r, s)
	}
	attempt, err := p.attempt(r, s)
	if err != nil {
		return err
	}
	if err := p.countTry(w, r, s.part); err != nil {
		return err
	}
	proof, err := factor.Verify(r.Context(), attempt, mfa.Response{
		Code: r.PostForm.Get("code"), Passkey: []byte(r.PostForm.Get(credentialField)),
	})
	if err != nil {
		return p.factorFailed(w, r, s, kind, err)
	}
	s.part.Proofs = flow.Merge(append(s.part.Proofs, proof)...)
	s.part.TrustDevice = r.PostForm.Has("trust_device")
	if err := p.cfg.Partials.Save(w, r, s.part); err != nil {
		return err
	}
	return p.again(w, r, s.in, s.part)
}

// countTry bounds the responses of one attempt, of all factors together; beyond
// that it is over, and the person begins with the first factor again.
func (p *Pages) countTry(w http.ResponseWriter, r *http.Request, part *partial.SignIn) error {
	left, err := p.cfg.Partials.CountTry(w, r, part)
	if err != nil {
		return err
	}
	if !left {
		return errTriesSpent(nil)
	}
	return nil
}

func errTriesSpent(cause error) error {
	return &web.Error{
		Status: http.StatusForbidden, Key: "tries_spent",
		Title:  "Too many wrong codes",
		Detail: "We ended this sign-in to protect the account. Go back to the app and sign in again.",
		Cause:  errors.Join(errors.New("no try left in this attempt"), cause),
	}
}

// factorFailed shows the page again, or says why there is no more trying.
func (p *Pages) factorFailed(w http.ResponseWriter, r *http.Request, s *standing, kind storage.FactorKind, failure error) error {
	var (
		wrong  *mfa.WrongError
		locked *mfa.LockedError
	)
	key := ""
	switch {
	case errors.As(failure, &wrong):
		key = "wrong.code"
	case errors.Is(failure, mfa.ErrExpired), errors.Is(failure, mfa.ErrCloned):
		key = "wrong.code_expired"
	case errors.As(failure, &locked):
		return pageerror.TooMany(locked.Until.Sub(p.cfg.Now()), failure)
	case errors.Is(failure, mfa.ErrSpent):
		if err := p.cfg.Partials.Drop(w, r, s.part); err != nil {
			return err
		}
		return errTriesSpent(failure)
	case errors.Is(failure, mfa.ErrDisabled), errors.Is(failure, mfa.ErrNotOffered):
		return p.again(w, r, s.in, s.part)
	default:
		return pageerror.Unavailable("verify factor", failure)
	}
	attempt, err := p.attempt(r, s)
	if err != nil {
		return err
	}
	factor, _ := p.cfg.Factors.Get(kind)
	challenge, err := factor.Begin(r.Context(), attempt)
	if err != nil {
		return p.factorClosed(kind, err)
	}
	return p.renderFactor(w, r, s, challenge, func(data *ui.Factor) {
		data.Fail("code", key)
		data.TraceTo(r)
	})
}

package login

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// factorPage asks for a second factor: one page for all, which shows what the factor's
// challenge says.
type factorPage struct{ *core }

// factorParam names the factor that the person chose.
const factorParam = "factor"

// credentialField holds what the browser answered to a passkey's challenge.
const credentialField = "credential"

// show asks for the factor that the person chose, or the best one.
func (p *factorPage) show(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if err := p.ensurePartial(w, r, f); err != nil {
		return err
	}
	return p.challenge(w, r, f, chosenFactor(r, f))
}

// chosenFactor is the factor that the request names, if the person may be asked for it.
func chosenFactor(r *http.Request, f *flowContext) storage.FactorKind {
	if kind := storage.FactorKind(r.FormValue(factorParam)); slices.Contains(f.state.Offer.Ask, kind) {
		return kind
	}
	return f.state.Offer.Default
}

// challenge begins one factor and shows its page. A limit on what is sent does not keep
// the page away: the code that was sent before still works.
func (p *factorPage) challenge(w http.ResponseWriter, r *http.Request, f *flowContext, kind storage.FactorKind) error {
	factor, ok := p.factors.Get(kind)
	if !ok {
		return p.advance(w, r, f)
	}
	attempt, err := p.factorAttempt(r, f)
	if err != nil {
		return err
	}
	challenge, err := factor.Begin(r.Context(), attempt)
	said := flash.Message{}
	if limited := (*mfa.LimitedError)(nil); errors.As(err, &limited) && challenge.Kind != "" {
		p.metrics.Throttled("factor_" + string(kind))
		said.Limited, err = limited.RetryAfter, nil
	}
	if err != nil {
		return p.factorUnavailable(kind, err)
	}
	if waiting, err := p.flash.Read(r); err != nil {
		return err
	} else if waiting.Trace != "" || waiting.Done != "" || waiting.Limited > 0 {
		said = waiting
	}
	return p.render(w, r, f, challenge, said)
}

func (p *factorPage) render(w http.ResponseWriter, r *http.Request, f *flowContext, c mfa.Challenge, said flash.Message) error {
	data := ui.Factor{
		Page: p.personPage(w, r, f, "/factor", "factor.title"), Kind: c.Kind, Hint: c.Hint, Digits: c.Digits,
		TrustDays: p.trust.days(f.client), Cancel: f.interaction.ForClient(),
	}
	data.Carry(factorParam, string(c.Kind))
	if c.Input == mfa.InputPasskey {
		data.Passkey = &ui.Ceremony{Action: data.Action, Options: string(c.Options)}
	}
	if c.CanResend {
		data.Resend = &ui.Resend{
			Action: factorAddress("/factor", f.interaction, c.Kind) + "&resend=1", After: int(c.ResendAfter.Round(time.Second) / time.Second),
		}
	}
	data.Others = factorLinks("/factor", f.interaction, f.state.Offer.Ask, c.Kind)
	Say(&data.Page, said)
	return p.ui.Render(w, http.StatusOK, data)
}

// check takes a response. It is counted before it is looked at (brute force): in this
// attempt, and by the factor itself over all attempts of the person.
func (p *factorPage) check(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if r.PostForm.Has("cancel") && f.interaction.ForClient() {
		if err := p.dropPartial(w, r, f); err != nil {
			return err
		}
		return p.decline(w, r, f)
	}
	if f.partial == nil {
		return p.advance(w, r, f) // it was never asked for in this attempt
	}
	kind := chosenFactor(r, f)
	if r.Form.Has("resend") {
		return p.resend(w, r, f, kind)
	}
	factor, ok := p.factors.Get(kind)
	if !ok {
		return p.advance(w, r, f)
	}
	attempt, err := p.factorAttempt(r, f)
	if err != nil {
		return err
	}
	if left, err := p.partials.CountTry(w, r, f.partial); err != nil {
		return err
	} else if !left {
		return errTriesSpent(nil)
	}
	proof, err := factor.Verify(r.Context(), attempt, mfa.Response{
		Code: r.PostForm.Get("code"), Passkey: []byte(r.PostForm.Get(credentialField)),
	})
	if err != nil {
		return p.failed(w, r, f, kind, err)
	}
	f.partial.Proofs = flow.Merge(append(f.partial.Proofs, proof)...)
	f.partial.TrustDevice = r.PostForm.Has("trust_device")
	if err := p.partials.Save(w, r, f.partial); err != nil {
		return err
	}
	return p.redirectToNextStep(w, r, f)
}

// failed has the page say what was wrong, or says why there is no more trying.
func (p *factorPage) failed(w http.ResponseWriter, r *http.Request, f *flowContext, kind storage.FactorKind, failure error) error {
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
		return pageerror.TooMany(locked.Until.Sub(p.now()), failure)
	case errors.Is(failure, mfa.ErrSpent):
		if err := p.dropPartial(w, r, f); err != nil {
			return err
		}
		return errTriesSpent(failure)
	case errors.Is(failure, mfa.ErrDisabled), errors.Is(failure, mfa.ErrNotOffered):
		return p.redirectToNextStep(w, r, f)
	default:
		return pageerror.Unavailable("verify factor", failure)
	}
	return p.refuse(w, r, factorAddress("/factor", f.interaction, kind), flash.Message{Problems: []Problem{{Field: "code", Text: key}}})
}

// resend has the factor send another code, and says so on its page.
func (p *factorPage) resend(w http.ResponseWriter, r *http.Request, f *flowContext, kind storage.FactorKind) error {
	factor, ok := p.factors.Get(kind)
	if !ok {
		return p.advance(w, r, f)
	}
	attempt, err := p.factorAttempt(r, f)
	if err != nil {
		return err
	}
	attempt.Resend = true
	said := flash.Message{Done: "notice.sent"}
	challenge, err := factor.Begin(r.Context(), attempt)
	if limited := (*mfa.LimitedError)(nil); errors.As(err, &limited) && challenge.Kind != "" {
		p.metrics.Throttled("factor_" + string(kind))
		said, err = flash.Message{Limited: limited.RetryAfter}, nil
	}
	if err != nil {
		return p.factorUnavailable(kind, err)
	}
	return p.flash.Redirect(w, r, factorAddress("/factor", f.interaction, kind), said)
}

// factorUnavailable says why a person who has a factor cannot be asked for it now:
// they failed with it too often, or too many codes were sent (rate limits).
func (p *factorPage) factorUnavailable(kind storage.FactorKind, err error) error {
	var (
		limited *mfa.LimitedError
		locked  *mfa.LockedError
	)
	switch {
	case errors.As(err, &limited):
		p.metrics.Throttled("factor_" + string(kind))
		return pageerror.TooMany(limited.RetryAfter, err)
	case errors.As(err, &locked):
		return pageerror.TooMany(locked.Until.Sub(p.now()), err)
	}
	return pageerror.Unavailable("begin factor", err)
}

// factorAttempt is what factors are told of this sign-in.
func (c *core) factorAttempt(r *http.Request, f *flowContext) (mfa.Attempt, error) {
	if err := c.readPerson(r.Context(), f); err != nil {
		return mfa.Attempt{}, err
	}
	source, err := c.journal.Event(r, storage.EventFactorPassed, f.partial.UserID)
	if err != nil {
		return mfa.Attempt{}, err
	}
	source.ClientID = f.interaction.ClientID()
	return mfa.Attempt{
		ID: f.partial.AttemptID, Person: *f.person, Now: c.now(), Began: c.accounts.Sitting(c.actor(r, f)),
		AddressBucket: web.AddressBucket(web.ClientAddress(r.Context())), Locale: c.ui.Locale(r, f.interaction.Locales()), Source: source,
	}, nil
}

// factorAddress is the address of a page with a factor chosen.
func factorAddress(path string, in *interaction.Interaction, kind storage.FactorKind) string {
	return in.Address(path) + "&" + factorParam + "=" + url.QueryEscape(string(kind))
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

package login

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// partial is a sign-in between its first proof and its session (requirements
// PA1, PA2). It lives in the ephemeral store under the keyed hash of a cookie's
// secret, belongs to one interaction, and is of use on the pages of this flow
// and nowhere else: no other endpoint reads its cookie.
type partial struct {
	// AttemptID names the attempt to factors: what one of them sends or asks
	// is bound to it. It stays while the secret changes.
	AttemptID string     `json:"attempt_id"`
	UserID    storage.ID `json:"user_id"`
	// Interaction is the keyed hash of the interaction's id.
	Interaction string          `json:"interaction"`
	Proofs      []storage.Proof `json:"proofs"`
	Binding     binding         `json:"binding"`
	Remember    bool            `json:"remember,omitempty"`
	// TrustDevice says that the person asked to be spared on this device.
	TrustDevice bool `json:"trust_device,omitempty"`
	// TrustedDevice and TrustACR are of a trusted device that was shown.
	TrustedDevice storage.ID `json:"trusted_device,omitempty"`
	TrustACR      string     `json:"trust_acr,omitempty"`
	// PasswordEpoch is that of the person at the first proof: another one voids the attempt.
	PasswordEpoch int64     `json:"password_epoch"`
	StartedAt     time.Time `json:"started_at"`

	// id is the cookie's secret, and version how the entry stands in the store; they
	// are empty until it is saved.
	id      string
	version ephemeral.Version
}

const (
	partialPurpose = "partial"
	// partialOf is the purpose of the hash that binds it to one interaction.
	partialOf = "partial sign-in of interaction"
	// partialMaxAge bounds a sign-in between its first proof and its session,
	// however busy it is.
	partialMaxAge = 30 * time.Minute
)

// newPartials keeps sign-ins between their first proof and their session.
func newPartials(cfg Config) *ephemeral.Values[partial] {
	return ephemeral.NewIssued[partial](cfg.Ephemeral, cfg.Hasher, partialPurpose, cfg.PartialLifetime)
}

// loadPartial returns the partial sign-in of this browser for the interaction,
// or nil. One that belongs to another flow is left alone; one that meets another
// browser or network than it began in is void, and that is an event.
func (p *Pages) loadPartial(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) (*partial, error) {
	secret := p.cfg.Cookies.Get(r, web.CookiePartial)
	if secret == "" {
		return nil, nil
	}
	part, err := p.findPartial(r.Context(), secret)
	if err != nil || part == nil {
		return nil, err
	}
	if !p.cfg.Hasher.Verify(part.Interaction, partialOf, in.ID) {
		return nil, nil
	}
	now := p.cfg.Now()
	met := bindingOf(r, p.cfg.BindAddress)
	why := part.Binding.differs(met, p.cfg.BindAddress)
	if why == "" && now.Sub(part.StartedAt) <= partialMaxAge {
		return part, nil
	}
	if err := p.dropPartial(w, r, part); err != nil {
		return nil, err
	}
	if why == "" {
		return nil, nil
	}
	return nil, p.note(r, storage.EventAttemptRefused, part.UserID, storage.Failure, why)
}

func (p *Pages) findPartial(ctx context.Context, secret string) (*partial, error) {
	part, version, err := p.partials.Get(ctx, secret)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable("read partial sign-in", err)
	}
	part.id, part.version = secret, version
	return &part, nil
}

// newPartial begins a partial sign-in of the person in this browser.
func (p *Pages) newPartial(r *http.Request, in *interaction.Interaction, user *storage.User) *partial {
	return &partial{
		AttemptID: web.NewSecret(), UserID: user.ID, Interaction: p.cfg.Hasher.Sum(partialOf, in.ID),
		Binding: bindingOf(r, p.cfg.BindAddress), PasswordEpoch: user.PasswordEpoch, StartedAt: p.cfg.Now(),
	}
}

// savePartial keeps the partial sign-in under a new secret, in place of the one
// that it was read under. Of two requests that change it at once one goes on,
// and one that was finished meanwhile does not come back to life.
func (p *Pages) savePartial(w http.ResponseWriter, r *http.Request, part *partial) error {
	if !part.version.IsZero() {
		err := p.partials.TakeIf(r.Context(), part.version)
		if errors.Is(err, storage.ErrNotFound) {
			return errAttemptOver(err)
		}
		if err != nil {
			return unavailable("replace partial sign-in", err)
		}
	}
	part.id = p.partials.NewID()
	var err error
	if part.version, err = p.partials.Put(r.Context(), part.id, *part); err != nil {
		return unavailable("keep partial sign-in", err)
	}
	p.cfg.Cookies.Set(w, web.CookiePartial, part.id, 0)
	return nil
}

// takePartial ends the partial sign-in for good: of many requests that would
// complete it one does.
func (p *Pages) takePartial(w http.ResponseWriter, r *http.Request, part *partial) error {
	p.cfg.Cookies.Clear(w, web.CookiePartial)
	err := p.partials.TakeIf(r.Context(), part.version)
	if errors.Is(err, storage.ErrNotFound) {
		return errAttemptOver(err)
	}
	if err != nil {
		return unavailable("take partial sign-in", err)
	}
	return nil
}

// dropPartial forgets a partial sign-in that failed. That it is gone already is as good.
func (p *Pages) dropPartial(w http.ResponseWriter, r *http.Request, part *partial) error {
	p.cfg.Cookies.Clear(w, web.CookiePartial)
	if part.id == "" {
		return nil
	}
	if err := p.partials.Delete(r.Context(), part.id); err != nil {
		return unavailable("drop partial sign-in", err)
	}
	return nil
}

// errAttemptOver answers a request that lost a race with another of the same
// attempt, or came back to one that had ended.
func errAttemptOver(cause error) error {
	return &web.Error{
		Status: http.StatusConflict, Key: "attempt_over",
		Title:  "This step was already done",
		Detail: "It was finished in another window, or sent twice. Go back to the app. If you aren’t signed in there, start again.",
		Cause:  cause,
	}
}

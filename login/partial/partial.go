// Package partial keeps sign-ins between their first proof and their session.
//
// Invariants:
//
//   - One lives in the ephemeral store under the keyed hash of a cookie's secret,
//     belongs to one interaction, and is of use on the pages of this flow and nowhere
//     else (requirements PA1, PA2).
//   - Its secret changes with each proof; it is changed and taken by compare-and-swap,
//     so that many requests with one right answer make one session (replay).
//   - It is bound to the browser, and as policy says to the network, in which it began
//     (requirement PA4).
package partial

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// SignIn is a sign-in between its first proof and its session.
type SignIn struct {
	// AttemptID names the attempt to factors: what one of them sends or asks
	// is bound to it. It stays while the secret changes, and is the same to every
	// node, whichever hash key it makes with (requirement KY5). It opens nothing.
	AttemptID string     `json:"attempt_id"`
	UserID    storage.ID `json:"user_id"`
	// Interaction is the keyed hash of the interaction's id.
	Interaction string          `json:"interaction"`
	Proofs      []storage.Proof `json:"proofs"`
	Binding     binding         `json:"binding"`
	// Remember says that the person asked to be kept signed in.
	Remember bool `json:"remember,omitempty"`
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
	purpose = "partial"
	// interactionPurpose is of the hash that binds it to one interaction.
	interactionPurpose = "partial sign-in of interaction"
	// maxAge bounds a sign-in between its first proof and its session, however
	// busy it is.
	maxAge = 30 * time.Minute
)

// Config is what a [Store] is made of. Every field is required.
type Config struct {
	Store    store
	Hasher   *keys.Hasher
	Cookies  web.Cookies
	Journal  journal
	Now      func() time.Time
	Lifetime time.Duration // ends a sign-in that pauses for so long between its proofs
	Binding  mfa.AddressBinding
	// Tries is how many responses of all factors together one sign-in takes.
	Tries int
}

// store is the ephemeral store.
type store interface {
	ephemeral.Store
	Count(ctx context.Context, key string, window time.Duration) (int64, error)
}

// journal writes security events; login/journal in the binary.
type journal interface {
	Record(r *http.Request, typ storage.EventType, userID storage.ID, outcome, detail string) error
}

// Store keeps them.
type Store struct {
	cfg    Config
	values *ephemeral.Values[SignIn]
}

// New makes a Store.
func New(cfg Config) *Store {
	return &Store{cfg, ephemeral.NewIssued[SignIn](cfg.Store, cfg.Hasher, purpose, cfg.Lifetime)}
}

// Load returns the partial sign-in of this browser for the interaction, or nil. One
// that belongs to another flow is left alone; one that meets another browser or
// network than it began in is void, and that is an event.
func (s *Store) Load(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) (*SignIn, error) {
	secret := s.cfg.Cookies.Get(r, web.CookiePartial)
	if secret == "" {
		return nil, nil
	}
	found, err := s.find(r.Context(), secret)
	if err != nil || found == nil {
		return nil, err
	}
	switch belongs, err := s.cfg.Hasher.Judge(found.Interaction, interactionPurpose, in.ID); {
	case err != nil:
		return nil, pageerror.Unavailable("judge partial sign-in", err)
	case !belongs:
		return nil, nil
	}
	why := found.Binding.differs(bindingOf(r, s.cfg.Binding), s.cfg.Binding)
	if why == "" && s.cfg.Now().Sub(found.StartedAt) <= maxAge {
		return found, nil
	}
	if err := s.Drop(w, r, found); err != nil {
		return nil, err
	}
	if why == "" {
		return nil, nil
	}
	return nil, s.cfg.Journal.Record(r, storage.EventAttemptRefused, found.UserID, storage.Failure, why)
}

func (s *Store) find(ctx context.Context, secret string) (*SignIn, error) {
	found, version, err := s.values.Get(ctx, secret)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, pageerror.Unavailable("read partial sign-in", err)
	}
	found.id, found.version = secret, version
	return &found, nil
}

// New begins a partial sign-in of the person in this browser, unstored.
func (s *Store) New(r *http.Request, in *interaction.Interaction, user *storage.User) *SignIn {
	return &SignIn{
		AttemptID: web.NewSecret(), UserID: user.ID, Interaction: s.cfg.Hasher.Sum(interactionPurpose, in.ID),
		Binding: bindingOf(r, s.cfg.Binding), PasswordEpoch: user.PasswordEpoch, StartedAt: s.cfg.Now(),
	}
}

// Save keeps the partial sign-in under a new secret, in place of the one that it was
// read under (compare-and-swap). Of two requests that change it at once one goes on,
// and one that was finished meanwhile does not come back to life.
func (s *Store) Save(w http.ResponseWriter, r *http.Request, p *SignIn) error {
	if !p.version.IsZero() {
		err := s.values.TakeIf(r.Context(), p.version)
		if errors.Is(err, storage.ErrNotFound) {
			return pageerror.AttemptOver(err)
		}
		if err != nil {
			return pageerror.Unavailable("replace partial sign-in", err)
		}
	}
	p.id = s.values.NewID()
	var err error
	if p.version, err = s.values.Put(r.Context(), p.id, *p); err != nil {
		return pageerror.Unavailable("keep partial sign-in", err)
	}
	s.cfg.Cookies.Set(w, web.CookiePartial, p.id, 0)
	return nil
}

// Take ends the partial sign-in for good: of many requests that would complete it one
// does.
func (s *Store) Take(w http.ResponseWriter, r *http.Request, p *SignIn) error {
	s.cfg.Cookies.Clear(w, web.CookiePartial)
	err := s.values.TakeIf(r.Context(), p.version)
	if errors.Is(err, storage.ErrNotFound) {
		return pageerror.AttemptOver(err)
	}
	if err != nil {
		return pageerror.Unavailable("take partial sign-in", err)
	}
	return nil
}

// Drop forgets a partial sign-in that failed; it is idempotent.
func (s *Store) Drop(w http.ResponseWriter, r *http.Request, p *SignIn) error {
	s.cfg.Cookies.Clear(w, web.CookiePartial)
	if p.id == "" {
		return nil
	}
	if err := s.values.Delete(r.Context(), p.id); err != nil {
		return pageerror.Unavailable("drop partial sign-in", err)
	}
	return nil
}

// CountTry bounds the responses of one attempt, of all factors together (brute force).
// Beyond that it is over, and the answer is false: the person begins with the first
// factor again.
func (s *Store) CountTry(w http.ResponseWriter, r *http.Request, p *SignIn) (bool, error) {
	tries, err := s.cfg.Store.Count(r.Context(), "tries:"+p.AttemptID, maxAge)
	if err != nil {
		return false, pageerror.Unavailable("count try", err)
	}
	if tries <= int64(s.cfg.Tries) {
		return true, nil
	}
	return false, s.Drop(w, r, p)
}

package interaction

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// Lifetime is how long an interaction waits for its person after the last change.
const Lifetime = time.Hour

// kind is the kind of the values, and browserPurpose that of the hash of a
// browser's secret.
const (
	kind           = "interaction"
	browserPurpose = "browser"
)

// ErrForeign says that an interaction was started by another browser.
var ErrForeign = errors.New("the interaction belongs to another browser")

// Hasher makes and checks keyed hashes; keys.Hasher in the binary.
type Hasher interface {
	ephemeral.Hasher
	Judge(sum, purpose string, parts ...string) (bool, error)
}

// Config is what a [Store] is made of. Every field is required.
type Config struct {
	Store    ephemeral.Store
	Counters ephemeral.Counters
	Hasher   Hasher
	Cookies  web.Cookies
	// PendingPerAddress is how many sign-ins one network address may start at once,
	// and in an hour.
	PendingPerAddress int
}

// Store keeps interactions. Its methods may be called concurrently.
type Store struct {
	cfg    Config
	values *ephemeral.Values[Interaction]
}

// NewStore makes a Store.
func NewStore(cfg Config) *Store {
	return &Store{cfg: cfg, values: ephemeral.NewIssued[Interaction](cfg.Store, cfg.Hasher, kind, Lifetime)}
}

// Start keeps a new interaction, bound to the browser of the request, which gets a
// cookie where it has none. Whoever starts too many, and what is no navigation of
// a person, gets a [web.Error] to be shown.
func (s *Store) Start(w http.ResponseWriter, r *http.Request, in *Interaction) error {
	if err := s.admit(r); err != nil {
		return err
	}
	in.ID = s.values.NewID()
	in.Browser = s.cfg.Hasher.Sum(browserPurpose, s.cfg.Cookies.EnsureBrowser(w, r))
	var err error
	if in.version, err = s.values.Put(r.Context(), in.ID, *in); err != nil {
		return fmt.Errorf("start interaction: %w", err)
	}
	return nil
}

// Load returns the interaction of an id, if it is this browser's. It answers
// storage.ErrNotFound where there is none, [ErrForeign] where it is another
// browser's, and any other error where that cannot be told.
func (s *Store) Load(r *http.Request, id string) (*Interaction, error) {
	in, err := s.load(r.Context(), id)
	if err != nil {
		return nil, err
	}
	switch own, err := s.Owns(r, in.Browser); {
	case err != nil:
		return nil, err
	case !own:
		return nil, ErrForeign
	}
	return in, nil
}

func (s *Store) load(ctx context.Context, id string) (*Interaction, error) {
	in, version, err := s.values.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	in.ID, in.version = id, version
	return &in, nil
}

// Owns reports whether a keyed hash is that of the request's browser. It answers
// keys.ErrUnknownKey where this node cannot tell.
func (s *Store) Owns(r *http.Request, browser string) (bool, error) {
	secret := s.cfg.Cookies.Browser(r)
	if secret == "" {
		return false, nil
	}
	return s.cfg.Hasher.Judge(browser, browserPurpose, secret)
}

// swapAttempts is how often a change is tried where others change the same.
const swapAttempts = 10

// Update changes an interaction by compare-and-swap: where another request changed
// it meanwhile, change is applied to what that left. It answers
// storage.ErrNotFound where the interaction was taken meanwhile, which it is for
// good. change must not write to the elements of slices.
func (s *Store) Update(ctx context.Context, in *Interaction, change func(*Interaction)) error {
	for range swapAttempts {
		next := *in
		change(&next)
		version, err := s.values.Swap(ctx, in.version, next)
		if err == nil {
			next.version = version
			*in = next
			return nil
		}
		if !errors.Is(err, storage.ErrConflict) {
			return fmt.Errorf("change interaction: %w", err)
		}
		current, err := s.load(ctx, in.ID)
		if err != nil {
			return fmt.Errorf("read interaction again: %w", err)
		}
		*in = *current
	}
	return fmt.Errorf("change interaction: %w", storage.ErrConflict)
}

// Answer changes what the person answered. What somebody else answered before is
// dropped.
func (s *Store) Answer(ctx context.Context, in *Interaction, user storage.ID, change func(*Answers)) error {
	return s.Update(ctx, in, func(in *Interaction) {
		answers := in.AnswersOf(user)
		change(&answers)
		in.Answers = answers
	})
}

// Take ends an interaction: of many requests that come this far one does, the
// others get storage.ErrNotFound.
func (s *Store) Take(ctx context.Context, in *Interaction) error {
	if _, err := s.values.Take(ctx, in.ID); err != nil {
		return fmt.Errorf("take interaction: %w", err)
	}
	return nil
}

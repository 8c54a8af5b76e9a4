package ephemeral

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Values keeps values of one kind, as JSON, each under the keyed hash of its id:
// whoever reads the store learns no id that is of use. The zero Values is not valid.
type Values[T any] struct {
	store  Store
	hasher Hasher
	kind   string
	ttl    time.Duration
	issues bool
}

// NewValues makes the values of a kind, whose ids are names that others give them:
// they are looked up under every hash key that is known, and where one was kept under
// a key that is not, the answer is keys.ErrUnknownKey, the caller's 503. The kind is
// the purpose of their hashes too, and must be used by no other values. They live for
// ttl unless [Values.PutFor] says otherwise.
func NewValues[T any](store Store, hasher Hasher, kind string, ttl time.Duration) *Values[T] {
	return &Values[T]{store: store, hasher: hasher, kind: kind, ttl: ttl}
}

// NewIssued makes the values of a kind whose ids are those of [Values.NewID] alone.
// Anything else is storage.ErrNotFound, and an id that was made under a hash key that
// this node does not know is keys.ErrUnknownKey, the caller's 503.
func NewIssued[T any](store Store, hasher Hasher, kind string, ttl time.Duration) *Values[T] {
	return &Values[T]{store: store, hasher: hasher, kind: kind, ttl: ttl, issues: true}
}

// Version is a value as it was read: what [Values.Swap] and [Values.TakeIf]
// compare with. The zero Version is of a value that was never there.
type Version struct {
	key string
	raw []byte
}

// IsZero reports whether nothing was read.
func (v Version) IsZero() bool { return v.key == "" }

// Put keeps a value under an id in place of what was there, and returns its version.
func (v *Values[T]) Put(ctx context.Context, id string, value T) (Version, error) {
	return v.PutFor(ctx, id, value, v.ttl)
}

// PutFor is Put for another time than the kind's.
func (v *Values[T]) PutFor(ctx context.Context, id string, value T, ttl time.Duration) (Version, error) {
	places, raw, err := v.encode(id, value)
	if err != nil {
		return Version{}, err
	}
	if err := v.lead(ctx, places, ttl); err != nil {
		return Version{}, err
	}
	if err := v.store.Put(ctx, places[0].key, raw, ttl); err != nil {
		return Version{}, fmt.Errorf("keep %s: %w", v.kind, err)
	}
	return Version{key: places[0].key, raw: raw}, nil
}

// PutNew keeps a value under an id where nothing is: of many callers one does, the
// others get storage.ErrConflict. It is how something is spent by its id alone,
// such as the jti of an assertion. Its places under all keys are taken in one order on
// every node, so that two nodes that make under different keys take it once as well.
func (v *Values[T]) PutNew(ctx context.Context, id string, value T, ttl time.Duration) error {
	places, raw, err := v.encode(id, value)
	if err != nil {
		return err
	}
	first := places[0]
	slices.SortFunc(places, func(a, b place) int { return strings.Compare(a.key, b.key) })
	content := func(p place) []byte {
		if p == first {
			return raw
		}
		return pointer(first)
	}
	for i, p := range places {
		if err := v.store.Swap(ctx, p.key, nil, content(p), ttl); err != nil {
			// What was taken before is given back; where that fails too it ends by itself.
			for _, mine := range places[:i] {
				_ = v.store.TakeIf(ctx, mine.key, content(mine))
			}
			return fmt.Errorf("keep new %s: %w", v.kind, err)
		}
	}
	return nil
}

// Get returns the value of an id with its version; storage.ErrNotFound where there
// is none, and keys.ErrUnknownKey where this node cannot tell.
func (v *Values[T]) Get(ctx context.Context, id string) (T, Version, error) {
	var value T
	places, err := v.places(id)
	if err != nil {
		return value, Version{}, err
	}
	f, err := v.find(ctx, places)
	if err != nil {
		return value, Version{}, err
	}
	if f.key == "" {
		return value, Version{}, v.missing("read", f)
	}
	value, err = v.decode(f.raw)
	return value, Version{key: f.key, raw: f.raw}, err
}

// Swap is a compare-and-swap: it keeps value in place of the version that was
// read, for the kind's time, and returns its version. It answers
// storage.ErrConflict where another value is there by now, and
// storage.ErrNotFound where none is.
func (v *Values[T]) Swap(ctx context.Context, version Version, value T) (Version, error) {
	return v.SwapFor(ctx, version, value, v.ttl)
}

// SwapFor is Swap for another time than the kind's.
func (v *Values[T]) SwapFor(ctx context.Context, version Version, value T, ttl time.Duration) (Version, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return Version{}, fmt.Errorf("encode %s: %w", v.kind, err)
	}
	if version.IsZero() {
		return Version{}, fmt.Errorf("swap %s: %w", v.kind, storage.ErrNotFound)
	}
	if err := v.store.Swap(ctx, version.key, version.raw, raw, ttl); err != nil {
		return Version{}, fmt.Errorf("swap %s: %w", v.kind, err)
	}
	return Version{key: version.key, raw: raw}, nil
}

// takeAttempts is how often a value is read again that changes while it is taken.
const takeAttempts = 10

// Take returns and removes the value of an id in one step: of many callers one
// gets it, the others storage.ErrNotFound. It is keys.ErrUnknownKey where this node
// cannot tell whether there is one.
func (v *Values[T]) Take(ctx context.Context, id string) (T, error) {
	var value T
	places, err := v.places(id)
	if err != nil {
		return value, err
	}
	if len(places) == 1 && v.issues { // there are no signposts, which are not for taking
		raw, err := v.store.Take(ctx, places[0].key)
		if err != nil {
			return value, fmt.Errorf("take %s: %w", v.kind, err)
		}
		return v.decode(raw)
	}
	for range takeAttempts {
		f, err := v.find(ctx, places)
		if err != nil {
			return value, err
		}
		if f.key == "" {
			return value, v.missing("take", f)
		}
		err = v.store.TakeIf(ctx, f.key, f.raw)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return value, fmt.Errorf("take %s: %w", v.kind, err)
		}
		return v.decode(f.raw)
	}
	return value, fmt.Errorf("take %s: %w", v.kind, storage.ErrNotFound)
}

// TakeIf removes a value that still is as it was read: of many callers one does,
// the others get storage.ErrNotFound.
func (v *Values[T]) TakeIf(ctx context.Context, version Version) error {
	if version.IsZero() {
		return fmt.Errorf("take %s: %w", v.kind, storage.ErrNotFound)
	}
	if err := v.store.TakeIf(ctx, version.key, version.raw); err != nil {
		return fmt.Errorf("take %s: %w", v.kind, err)
	}
	return nil
}

// Forget removes the value that was read, or whatever is in its place by now.
func (v *Values[T]) Forget(ctx context.Context, version Version) error {
	if _, err := v.store.Take(ctx, version.key); err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("forget %s: %w", v.kind, err)
	}
	return nil
}

// Delete removes the value of an id, under whichever hash key. That there is none
// is as good; where this node cannot tell, because the value is kept under a key that
// it does not know, it removes nothing and answers keys.ErrUnknownKey.
func (v *Values[T]) Delete(ctx context.Context, id string) error {
	places, err := v.places(id)
	if err != nil {
		return err
	}
	if !v.issues {
		switch f, err := v.find(ctx, places); {
		case err != nil:
			return err
		case f.elsewhere:
			return v.missing("delete", f)
		}
	}
	for _, p := range places {
		if _, err := v.store.Take(ctx, p.key); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("delete %s: %w", v.kind, err)
		}
	}
	return nil
}

// Name joins parts to an id, each behind its length so that no two lists of parts
// make the same id.
func Name(parts ...string) string {
	var b strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&b, "%d:%s", len(part), part)
	}
	return b.String()
}

// places are where the value of an id may be, that under the key that makes first.
func (v *Values[T]) places(id string) ([]place, error) {
	sums, err := v.sums(id)
	if err != nil {
		return nil, fmt.Errorf("look for %s: %w", v.kind, err)
	}
	return placesOf(v.kind, sums), nil
}

func (v *Values[T]) encode(id string, value T) ([]place, []byte, error) {
	places, err := v.places(id)
	if err != nil {
		return nil, nil, err
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, nil, fmt.Errorf("encode %s: %w", v.kind, err)
	}
	return places, raw, nil
}

func (v *Values[T]) decode(raw []byte) (T, error) {
	var value T
	if err := json.Unmarshal(raw, &value); err != nil {
		return value, fmt.Errorf("decode %s: %w", v.kind, err)
	}
	return value, nil
}

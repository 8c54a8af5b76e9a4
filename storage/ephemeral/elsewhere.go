package ephemeral

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// A name carries no tag of the hash key that its value is kept under. So where several
// keys are configured, whoever keeps a value under one leaves a signpost at its places
// under the others: a node that does not know the key finds that, and knows that it
// cannot judge (requirement KY5). Without, it would say that there is nothing.

// signpost begins what stands at a place whose value is kept under another key. No
// JSON begins so.
var signpost = []byte("\x00kept under ")

// place is where the value of a name may be.
type place struct{ key, keyID string }

// placesOf are the places of hashes, that under the key that makes first.
func placesOf(kind string, sums []string) []place {
	places := make([]place, len(sums))
	for i, sum := range sums {
		id, _, _ := strings.Cut(sum, ".")
		places[i] = place{kind + ":" + sum, id}
	}
	return places
}

// pointsTo returns the id of the key that a signpost names.
func pointsTo(raw []byte) (keyID string, ok bool) {
	id, ok := bytes.CutPrefix(raw, signpost)
	return string(id), ok
}

// found is what stands at the places of an id.
type found struct {
	key string // empty where there is no value
	raw []byte
	// elsewhere says that there is a value, or was, under a key that is not known here.
	elsewhere bool
}

// find reads the places. A value under a key that does not make here, where its writer
// would have left a signpost had it known the key that does, was put after any under
// that one: by a node that does not know it.
func (v *Values[T]) find(ctx context.Context, places []place) (f found, err error) {
	for _, p := range places {
		raw, err := v.store.Get(ctx, p.key)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return found{}, fmt.Errorf("read %s: %w", v.kind, err)
		}
		if id, ok := pointsTo(raw); ok {
			f.elsewhere = f.elsewhere || errors.Is(v.hasher.KnowsID(id), keys.ErrUnknownKey)
			continue
		}
		f.key, f.raw = p.key, raw
	}
	return f, nil
}

// missing is the error of a value that is not there, or of which this node cannot say
// so.
func (v *Values[T]) missing(attempted string, f found) error {
	if f.elsewhere {
		return fmt.Errorf("%s %s: %w", attempted, v.kind, keys.ErrUnknownKey)
	}
	return fmt.Errorf("%s %s: %w", attempted, v.kind, storage.ErrNotFound)
}

// lead leaves signposts at all places but the first. They are left before the value is
// kept, so that no older value is found there meanwhile.
func (v *Values[T]) lead(ctx context.Context, places []place, ttl time.Duration) error {
	for _, p := range places[1:] {
		if err := v.store.Put(ctx, p.key, pointer(places[0]), ttl); err != nil {
			return fmt.Errorf("keep %s: %w", v.kind, err)
		}
	}
	return nil
}

func pointer(to place) []byte { return append(bytes.Clone(signpost), to.keyID...) }

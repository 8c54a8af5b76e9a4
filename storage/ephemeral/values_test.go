package ephemeral_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// thing is what the tests keep.
type thing struct {
	Name string `json:"name"`
	N    int    `json:"n,omitempty"`
}

// hasher knows the keys, of which the first makes.
func hasher(t *testing.T, ids ...string) *keys.Hasher {
	t.Helper()
	var secrets []keys.SecretKey
	for _, id := range ids {
		secrets = append(secrets, keys.SecretKey{ID: id, Key: bytes.Repeat([]byte(id)[:1], 32)})
	}
	h, err := keys.NewHasher(secrets)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// store is an empty table; every key that it is asked to write is noted.
type store struct {
	*sqlstore.Ephemeral
	written sync.Map
}

func (s *store) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.written.Store(key, value)
	return s.Ephemeral.Put(ctx, key, value, ttl)
}

func newStore(t *testing.T) (*store, *storagetest.Clock) {
	t.Helper()
	clock := storagetest.NewClock()
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{
		URL: "sqlite://" + t.TempDir() + "/latchkey.db", Hasher: storagetest.Hasher("p1"), Now: clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &store{Ephemeral: s.Ephemeral()}, clock
}

func want(t *testing.T, what string, err, wanted error) {
	t.Helper()
	if !errors.Is(err, wanted) || wanted == nil && err != nil {
		t.Errorf("%s: %v, want %v", what, err, wanted)
	}
}

func TestValuesAreKeptUnderKeyedHashes(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	values := ephemeral.NewIssued[thing](s, hasher(t, "a"), "thing", time.Minute)
	ctx, id := t.Context(), values.NewID()
	if len(id) != ephemeral.IDLength {
		t.Errorf("an id of %d characters", len(id))
	}
	_, err := values.Put(ctx, id, thing{Name: "one"})
	want(t, "Put", err, nil)
	s.written.Range(func(key, value any) bool {
		if bytes.Contains([]byte(key.(string)), []byte(id[:20])) || bytes.Contains(value.([]byte), []byte(id[:20])) {
			t.Errorf("the store holds the id: %s", key)
		}
		return true
	})
	got, _, err := values.Get(ctx, id)
	if err != nil || got.Name != "one" {
		t.Errorf("Get = %v, %v", got, err)
	}
	other := ephemeral.NewIssued[thing](s, hasher(t, "a"), "other", time.Minute)
	_, _, err = other.Get(ctx, id)
	want(t, "Get of another kind", err, storage.ErrNotFound)
	clock.Advance(2 * time.Minute)
	_, _, err = values.Get(ctx, id)
	want(t, "Get of what expired", err, storage.ErrNotFound)
}

// TestL2_ValuesAreSwappedByTheirVersion: of two who read the same, the second to
// write is told, and loses nothing of the first's.
func TestL2_ValuesAreSwappedByTheirVersion(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	values := ephemeral.NewIssued[thing](s, hasher(t, "a"), "thing", time.Minute)
	ctx, id := t.Context(), values.NewID()
	_, err := values.Put(ctx, id, thing{Name: "one"})
	want(t, "Put", err, nil)
	_, first, err := values.Get(ctx, id)
	want(t, "Get", err, nil)
	_, second, err := values.Get(ctx, id)
	want(t, "Get", err, nil)
	first, err = values.Swap(ctx, first, thing{Name: "first"})
	want(t, "Swap", err, nil)
	_, err = values.Swap(ctx, second, thing{Name: "second"})
	want(t, "Swap of an old version", err, storage.ErrConflict)
	want(t, "TakeIf of an old version", values.TakeIf(ctx, second), storage.ErrNotFound)
	_, err = values.Swap(ctx, ephemeral.Version{}, thing{})
	want(t, "Swap of nothing", err, storage.ErrNotFound)
	want(t, "TakeIf", values.TakeIf(ctx, first), nil)
	_, err = values.Swap(ctx, first, thing{Name: "again"})
	want(t, "Swap of what was taken", err, storage.ErrNotFound)
}

func TestOT2_ValuesAreTakenOnce(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	values := ephemeral.NewValues[thing](s, hasher(t, "b", "a"), "thing", time.Minute)
	ctx := t.Context()
	_, err := values.Put(ctx, "taken", thing{Name: "one"})
	want(t, "Put", err, nil)
	once := func(what string, do func() error, lost error) {
		var won atomic.Int64
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				switch err := do(); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, lost):
					t.Errorf("%s: %v", what, err)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Errorf("%s succeeded %d times", what, won.Load())
		}
	}
	once("Take", func() error { _, err := values.Take(ctx, "taken"); return err }, storage.ErrNotFound)
	once("PutNew", func() error { return values.PutNew(ctx, "jti", thing{}, time.Minute) }, storage.ErrConflict)
}

// TestKY5_AnIDOfAnUnknownKeyCannotBeJudged: while a hash key is rolled over the
// nodes, one that does not know it yet says so, and calls nothing absent. What was
// made under an older key is found until that key is gone.
func TestKY5_AnIDOfAnUnknownKeyCannotBeJudged(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	ctx := t.Context()
	issued := func(ids ...string) *ephemeral.Values[thing] {
		return ephemeral.NewIssued[thing](s, hasher(t, ids...), "thing", time.Minute)
	}
	before, after, gone := issued("old"), issued("new", "old"), issued("new")
	id := after.NewID()
	_, err := after.Put(ctx, id, thing{Name: "new"})
	want(t, "Put", err, nil)
	_, _, err = before.Get(ctx, id)
	want(t, "Get", err, keys.ErrUnknownKey)
	_, err = before.Take(ctx, id)
	want(t, "Take", err, keys.ErrUnknownKey)
	want(t, "Delete", before.Delete(ctx, id), keys.ErrUnknownKey)

	older := before.NewID()
	_, err = before.Put(ctx, older, thing{Name: "old"})
	want(t, "Put", err, nil)
	_, version, err := after.Get(ctx, older)
	want(t, "Get of what an older key made", err, nil)
	_, err = after.Swap(ctx, version, thing{Name: "changed"})
	want(t, "Swap", err, nil)
	_, _, err = gone.Get(ctx, older)
	want(t, "Get after the key is gone", err, keys.ErrUnknownKey)
	got, err := before.Take(ctx, older)
	if err != nil || got.Name != "changed" {
		t.Errorf("Take = %v, %v", got, err)
	}
	_, _, err = after.Get(ctx, "whatever was typed")
	want(t, "Get of what was never issued", err, storage.ErrNotFound)
}

// TestNamesAreFoundUnderOlderKeys: a name carries no tag, and is looked up under
// every key.
func TestNamesAreFoundUnderOlderKeys(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	ctx := t.Context()
	before := ephemeral.NewValues[thing](s, hasher(t, "old"), "thing", time.Minute)
	after := ephemeral.NewValues[thing](s, hasher(t, "new", "old"), "thing", time.Minute)
	name := ephemeral.Name("a", "name")
	if name == ephemeral.Name("a", "na", "me") || name == ephemeral.Name("an", "ame") {
		t.Error("two lists of parts make one name")
	}
	_, err := before.Put(ctx, name, thing{Name: "old"})
	want(t, "Put", err, nil)
	got, _, err := after.Get(ctx, name)
	if err != nil || got.Name != "old" {
		t.Errorf("Get of what an older key made = %v, %v", got, err)
	}
	want(t, "PutNew", after.PutNew(ctx, name, thing{}, time.Minute), storage.ErrConflict)
	want(t, "Delete", after.Delete(ctx, name), nil)
	_, _, err = before.Get(ctx, name)
	want(t, "Get of what was deleted", err, storage.ErrNotFound)
}

// TestKY5_ANameUnderAnUnknownKeyCannotBeJudged: a name carries no tag. While a hash key
// is rolled over the nodes, one that knows it beside the older one leaves word under
// that, so that a node that does not know it yet calls nothing absent, replaces nothing
// that lives on, and takes nothing a second time.
func TestKY5_ANameUnderAnUnknownKeyCannotBeJudged(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][2][]string{
		"a key that comes": {{"new", "old"}, {"old"}},
		"a key that goes":  {{"old", "new"}, {"new"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newStore(t)
			ctx := t.Context()
			knows := ephemeral.NewValues[thing](s, hasher(t, order[0]...), "thing", time.Minute)
			lacks := ephemeral.NewValues[thing](s, hasher(t, order[1]...), "thing", time.Minute)
			_, err := knows.Put(ctx, "name", thing{Name: "kept"})
			want(t, "Put", err, nil)
			_, _, err = lacks.Get(ctx, "name")
			want(t, "Get", err, keys.ErrUnknownKey)
			_, err = lacks.Take(ctx, "name")
			want(t, "Take", err, keys.ErrUnknownKey)
			want(t, "Delete", lacks.Delete(ctx, "name"), keys.ErrUnknownKey)
			want(t, "PutNew", lacks.PutNew(ctx, "name", thing{}, time.Minute), storage.ErrConflict)
			if got, _, err := knows.Get(ctx, "name"); err != nil || got.Name != "kept" {
				t.Errorf("Get by the node that knows both = %v, %v", got, err)
			}
			_, _, err = lacks.Get(ctx, "another")
			want(t, "Get of what never was", err, storage.ErrNotFound)

			_, err = lacks.Put(ctx, "name", thing{Name: "newer"})
			want(t, "Put by the node that lacks the key", err, nil)
			if got, err := knows.Take(ctx, "name"); err != nil || got.Name != "newer" {
				t.Errorf("Take of what another node put later = %v, %v", got, err)
			}

			want(t, "PutNew", knows.PutNew(ctx, "jti", thing{}, time.Minute), nil)
			want(t, "PutNew of the same elsewhere", lacks.PutNew(ctx, "jti", thing{}, time.Minute), storage.ErrConflict)
			want(t, "PutNew", lacks.PutNew(ctx, "jti 2", thing{}, time.Minute), nil)
			want(t, "PutNew of the same elsewhere", knows.PutNew(ctx, "jti 2", thing{}, time.Minute), storage.ErrConflict)

			_, err = knows.Put(ctx, "gone", thing{})
			want(t, "Put", err, nil)
			want(t, "Delete by the node that knows both", knows.Delete(ctx, "gone"), nil)
			_, _, err = lacks.Get(ctx, "gone")
			want(t, "Get of what was deleted", err, storage.ErrNotFound)
		})
	}
}

// TestKY5_TwoMakersTakeANameOnce: while a key is rolled, two nodes that know both keys
// make under different ones (replay).
func TestKY5_TwoMakersTakeANameOnce(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	one := ephemeral.NewValues[thing](s, hasher(t, "new", "old"), "thing", time.Minute)
	two := ephemeral.NewValues[thing](s, hasher(t, "old", "new"), "thing", time.Minute)
	for round := range 20 {
		name := ephemeral.Name("jti", strings.Repeat("x", round))
		var won atomic.Int64
		var group sync.WaitGroup
		for _, values := range []*ephemeral.Values[thing]{one, two, one, two} {
			group.Go(func() {
				switch err := values.PutNew(t.Context(), name, thing{}, time.Minute); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, storage.ErrConflict):
					t.Errorf("PutNew: %v", err)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Errorf("round %d: %d took one name", round, won.Load())
		}
	}
}

// TestKY5_AKeyThatWaitsMakesNoName: a key whose time has not come yet keeps nothing, as
// other nodes may not know it.
func TestKY5_AKeyThatWaitsMakesNoName(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ctx, from := t.Context(), clock.Now().Add(time.Hour)
	old := keys.SecretKey{ID: "old", Key: bytes.Repeat([]byte{1}, 32)}
	waiting := keys.SecretKey{ID: "new", Key: bytes.Repeat([]byte{2}, 32), UseFrom: from}
	values := func(list ...keys.SecretKey) *ephemeral.Values[thing] {
		h, err := keys.NewHasher(list, keys.WithClock(clock.Now))
		if err != nil {
			t.Fatal(err)
		}
		return ephemeral.NewValues[thing](s, h, "thing", 3*time.Hour)
	}
	ahead, behind := values(waiting, old), values(old)
	_, err := ahead.Put(ctx, "name", thing{Name: "kept"})
	want(t, "Put", err, nil)
	if got, _, err := behind.Get(ctx, "name"); err != nil || got.Name != "kept" {
		t.Errorf("Get by a node that does not know the key that waits = %v, %v", got, err)
	}
	clock.Advance(2 * time.Hour)
	_, err = ahead.Put(ctx, "name", thing{Name: "under the new key"})
	want(t, "Put", err, nil)
	_, _, err = behind.Get(ctx, "name")
	want(t, "Get once the key makes", err, keys.ErrUnknownKey)
}

// What a node keeps under a name while a new hash key is only read is found, and not
// spent again, by a node that does not know that key yet.
func TestKY5_NamesAreKeptUnderTheKeyThatMakes(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ahead := func(list ...keys.SecretKey) *ephemeral.Values[thing] {
		for i := range list {
			list[i].Key = bytes.Repeat([]byte(list[i].ID)[:1], 32)
		}
		h, err := keys.NewHasher(list, keys.WithClock(clock.Now))
		if err != nil {
			t.Fatal(err)
		}
		return ephemeral.NewValues[thing](s, h, "thing", time.Minute)
	}
	first := ahead(keys.SecretKey{ID: "new", UseFrom: clock.Now().Add(time.Hour)}, keys.SecretKey{ID: "old"})
	second := ahead(keys.SecretKey{ID: "old"})
	if _, err := first.Put(t.Context(), "name", thing{Name: "kept"}); err != nil {
		t.Fatal(err)
	}
	if found, _, err := second.Get(t.Context(), "name"); err != nil || found.Name != "kept" {
		t.Errorf("the other node finds %+v, %v", found, err)
	}
	if err := first.PutNew(t.Context(), "jti", thing{}, time.Minute); err != nil {
		t.Fatal(err)
	}
	want(t, "spending it again at the other node", second.PutNew(t.Context(), "jti", thing{}, time.Minute), storage.ErrConflict)
	clock.Advance(time.Hour)
	if err := second.PutNew(t.Context(), "later", thing{}, 2*time.Hour); err != nil {
		t.Fatal(err)
	}
	want(t, "spending it again under the new key", first.PutNew(t.Context(), "later", thing{}, time.Minute), storage.ErrConflict)
}

// FuzzIDs: no text that somebody sends is anything but an id that is not there, or
// one of an unknown key.
func FuzzIDs(f *testing.F) {
	for _, id := range []string{"", "x", strings.Repeat("a", ephemeral.IDLength), strings.Repeat("\x00", ephemeral.IDLength)} {
		f.Add(id)
	}
	h, err := keys.NewHasher([]keys.SecretKey{{ID: "a", Key: bytes.Repeat([]byte{1}, 32)}})
	if err != nil {
		f.Fatal(err)
	}
	values := ephemeral.NewIssued[thing](empty{}, h, "thing", time.Minute)
	f.Fuzz(func(t *testing.T, id string) {
		if _, _, err := values.Get(t.Context(), id); !errors.Is(err, storage.ErrNotFound) && !errors.Is(err, keys.ErrUnknownKey) {
			t.Errorf("Get(%q) = %v", id, err)
		}
	})
}

// empty is a store that holds nothing.
type empty struct{ ephemeral.Store }

func (empty) Get(context.Context, string) ([]byte, error) { return nil, storage.ErrNotFound }

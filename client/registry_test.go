package client

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
)

func TestRegistry_IsReplacedWhileItIsRead(t *testing.T) {
	a := NewSnapshot([]Client{
		{ID: "a", Metadata: Metadata{Origins: []string{"https://a.example"}}}, {ID: "same", Metadata: Metadata{Name: "a"}},
	})
	b := NewSnapshot([]Client{
		{ID: "b", Metadata: Metadata{Origins: []string{"https://b.example"}}}, {ID: "same", Metadata: Metadata{Name: "b"}},
	})
	r := NewRegistry(a)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 500 {
			r.Replace(b)
			r.Replace(a)
		}
	})
	for range 4 {
		wg.Go(func() {
			for range 500 {
				all := r.Snapshot().All()
				if len(all) != 2 || all[0].ID != all[1].Name {
					t.Errorf("a mixture: %s %s", all[0].ID, all[1].Name)
				}
				if c, err := r.Client(t.Context(), "same"); err != nil || !strings.Contains("ab", c.Name) {
					t.Errorf("client is %v, %v", c, err)
				}
			}
		})
	}
	wg.Wait()
	for origin, want := range map[string]bool{"https://b.example": false, "https://a.example": true} {
		if has, err := r.HasOrigin(t.Context(), origin); has != want || err != nil {
			t.Errorf("%s: %t %v, want %t", origin, has, err, want)
		}
	}
}

// database is a source behind a registry.
type database struct {
	*Snapshot
	err error
}

func (d database) Client(ctx context.Context, id string) (*Client, error) {
	if d.err != nil {
		return nil, d.err
	}
	return d.Snapshot.Client(ctx, id)
}

func (d database) HasOrigin(ctx context.Context, origin string) (bool, error) {
	if d.err != nil {
		return false, d.err
	}
	return d.Snapshot.HasOrigin(ctx, origin)
}

func TestRegistry_AsksTheDatabaseForWhatNoFileHolds(t *testing.T) {
	inFile := NewSnapshot([]Client{{ID: "wiki", Metadata: Metadata{Name: "file", Origins: []string{"https://wiki.example"}}}})
	inDatabase := NewSnapshot([]Client{
		{ID: "wiki", Metadata: Metadata{Name: "database"}},
		{ID: "app", Metadata: Metadata{Name: "database", Origins: []string{"https://app.example"}}},
	})
	r := NewRegistry(inFile, database{Snapshot: inDatabase})
	for id, want := range map[string]string{"wiki": "file", "app": "database"} {
		if c, err := r.Client(t.Context(), id); err != nil || c.Name != want {
			t.Errorf("%s: %v %v, want that of the %s", id, c, err, want)
		}
	}
	if _, err := r.Client(t.Context(), "nobody"); !errors.Is(err, ErrUnknown) {
		t.Errorf("nobody: %v", err)
	}
	if has, err := r.HasOrigin(t.Context(), "https://app.example"); !has || err != nil {
		t.Errorf("an origin in the database: %t %v", has, err)
	}

	// What cannot be asked is not unknown.
	r = NewRegistry(inFile, database{err: errors.New("away")})
	if _, err := r.Client(t.Context(), "app"); err == nil || errors.Is(err, ErrUnknown) {
		t.Errorf("with the database away: %v", err)
	}
	if c, err := r.Client(t.Context(), "wiki"); err != nil || c.Name != "file" {
		t.Errorf("of the file, with the database away: %v %v", c, err)
	}
	if _, err := r.HasOrigin(t.Context(), "https://app.example"); err == nil {
		t.Error("an origin is unknown, with the database away")
	}
}

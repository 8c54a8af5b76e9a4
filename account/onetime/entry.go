package onetime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// entry is what the store keeps of a token.
type entry struct {
	Hash        string    `json:"hash"`
	CodeHash    string    `json:"code,omitempty"`
	Data        string    `json:"data,omitempty"` // sealed to its slot
	ExpiresAt   time.Time `json:"expires_at"`
	CodeExpires time.Time `json:"code_expires_at,omitzero"`
}

// kept is an entry as it was found.
type kept struct {
	entry
	slot    slot
	version ephemeral.Version
}

// Entry is what a token stands for.
type Entry struct {
	Subject   string
	ExpiresAt time.Time
	data      []byte
}

// Decode reads the data that the token was issued with.
func (e *Entry) Decode(into any) error {
	if err := json.Unmarshal(e.data, into); err != nil {
		return fmt.Errorf("decode data of a one-time token: %w", err)
	}
	return nil
}

// place is where an entry's data is sealed to.
func place(s slot) keys.AssociatedData {
	return keys.AssociatedData{Table: "ephemeral", Column: "onetime " + string(s.purpose), Row: s.subject}
}

// find returns what is in the slot, or ErrInvalid.
func (t *Tokens) find(ctx context.Context, s slot) (*kept, error) {
	found, version, err := t.entries.Get(ctx, s.id())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrInvalid
	}
	if err != nil {
		return nil, fmt.Errorf("look one-time token up: %w", err)
	}
	return &kept{entry: found, slot: s, version: version}, nil
}

// open returns what the found entry stands for.
func (t *Tokens) open(k *kept) (*Entry, error) {
	e := &Entry{Subject: k.slot.subject, ExpiresAt: k.ExpiresAt}
	data, err := t.cfg.Sealer.Open(k.Data, place(k.slot))
	if err != nil {
		return nil, fmt.Errorf("open data of a one-time token: %w", err)
	}
	e.data = data
	return e, nil
}

// spend removes the found entry, for one of many callers.
func (t *Tokens) spend(ctx context.Context, k *kept) (*Entry, error) {
	e, err := t.open(k)
	if err != nil {
		return nil, err
	}
	// Compared and removed in one step: were it only taken, a link that was
	// replaced a moment ago would spend the newer one.
	err = t.entries.TakeIf(ctx, k.version)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrInvalid
	}
	if err != nil {
		return nil, fmt.Errorf("spend one-time token: %w", err)
	}
	return e, nil
}

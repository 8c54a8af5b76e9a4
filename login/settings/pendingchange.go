package settings

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

// pendingChange is a new address or number that waits for its proof. It is shown to
// the person who asked, and proves nothing by itself.
type pendingChange struct {
	// From is what it would take the place of.
	From string `json:"from"`
	To   string `json:"to"`
	// Visit names to factors the visit that asked.
	Visit string `json:"visit,omitempty"`
}

// pendingKey is where something pending is kept: for a person or for one of their sessions.
type pendingKey struct {
	kind string
	of   storage.ID
}

// pendingChanges are the sealed values of what waits for its proof.
func (h *Handler) pendingChanges() *ephemeral.Values[string] {
	return ephemeral.NewValues[string](h.cfg.Ephemeral, h.cfg.Hasher, "account pending", h.cfg.PendingFor)
}

// id names the change.
func (key pendingKey) id() string { return ephemeral.Name(key.kind, string(key.of)) }

// place binds the sealed change to its key.
func (key pendingKey) place() keys.AssociatedData {
	return keys.AssociatedData{Table: "account_pending", Column: key.kind, Row: string(key.of)}
}

func (h *Handler) savePending(ctx context.Context, key pendingKey, change pendingChange, ttl time.Duration) error {
	raw, err := json.Marshal(change)
	if err != nil {
		return fmt.Errorf("encode pending %s: %w", key.kind, err)
	}
	sealed, err := h.cfg.Sealer.Seal(raw, key.place())
	if err != nil {
		return fmt.Errorf("seal pending %s: %w", key.kind, err)
	}
	if _, err := h.pendingChanges().PutFor(ctx, key.id(), sealed, ttl); err != nil {
		return unavailable("keep pending "+key.kind, err)
	}
	return nil
}

// loadPending returns nil where nothing is pending.
func (h *Handler) loadPending(ctx context.Context, key pendingKey) (*pendingChange, error) {
	sealed, _, err := h.pendingChanges().Get(ctx, key.id())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable("read pending "+key.kind, err)
	}
	raw, err := h.cfg.Sealer.Open(sealed, key.place())
	if err != nil {
		return nil, fmt.Errorf("open pending %s: %w", key.kind, err)
	}
	change := &pendingChange{}
	if err := json.Unmarshal(raw, change); err != nil {
		return nil, fmt.Errorf("decode pending %s: %w", key.kind, err)
	}
	return change, nil
}

func (h *Handler) deletePending(ctx context.Context, key pendingKey) error {
	if err := h.pendingChanges().Delete(ctx, key.id()); err != nil {
		return unavailable("forget pending "+key.kind, err)
	}
	return nil
}

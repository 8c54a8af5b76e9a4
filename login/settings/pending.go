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

// pending is a new address or number that waits for its proof. It is shown to
// the person who asked, and proves nothing by itself.
type pending struct {
	// From is what it would take the place of.
	From string `json:"from"`
	To   string `json:"to"`
	// Visit names to factors the visit that asked.
	Visit string `json:"visit,omitempty"`
}

// slot is where something pending is kept: for a person or for one of their sessions.
type slot struct {
	kind string
	of   storage.ID
}

// waiting are the sealed values of what waits for its proof.
func (p *Pages) waiting() *ephemeral.Values[string] {
	return ephemeral.NewValues[string](p.cfg.Ephemeral, p.cfg.Hasher, "account pending", p.cfg.PendingFor)
}

// id names what waits.
func (s slot) id() string { return ephemeral.Name(s.kind, string(s.of)) }

func (s slot) place() keys.AssociatedData {
	return keys.AssociatedData{Table: "account_pending", Column: s.kind, Row: string(s.of)}
}

func (p *Pages) putPending(ctx context.Context, s slot, what pending, ttl time.Duration) error {
	raw, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encode pending %s: %w", s.kind, err)
	}
	sealed, err := p.cfg.Sealer.Seal(raw, s.place())
	if err != nil {
		return fmt.Errorf("seal pending %s: %w", s.kind, err)
	}
	if _, err := p.waiting().PutFor(ctx, s.id(), sealed, ttl); err != nil {
		return unavailable("keep pending "+s.kind, err)
	}
	return nil
}

// getPending returns nil where nothing is pending.
func (p *Pages) getPending(ctx context.Context, s slot) (*pending, error) {
	sealed, _, err := p.waiting().Get(ctx, s.id())
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable("read pending "+s.kind, err)
	}
	raw, err := p.cfg.Sealer.Open(sealed, s.place())
	if err != nil {
		return nil, fmt.Errorf("open pending %s: %w", s.kind, err)
	}
	what := &pending{}
	if err := json.Unmarshal(raw, what); err != nil {
		return nil, fmt.Errorf("decode pending %s: %w", s.kind, err)
	}
	return what, nil
}

func (p *Pages) dropPending(ctx context.Context, s slot) error {
	if err := p.waiting().Delete(ctx, s.id()); err != nil {
		return unavailable("forget pending "+s.kind, err)
	}
	return nil
}

package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// maxCodeLifetime is the longest that a code may wait for its exchange
// (requirement TK1), and the default.
const maxCodeLifetime = time.Minute

// clockTolerance is by how much the clocks of two nodes may differ before a code
// of the one is expired to the other. How long a code lives is the ephemeral
// store's to say, which forgets it then; this holds where a store does not.
const clockTolerance = 10 * time.Minute

// codePurpose separates the keyed hashes of codes from others.
const codePurpose = "code"

func codeKey(hash string) string { return "code:" + hash }

// issuedCode is what an authorization code stands for, under the code's keyed
// hash in the ephemeral store, for at most a minute and one exchange.
type issuedCode struct {
	GrantID        storage.ID                       `json:"grant_id"`
	UserID         storage.ID                       `json:"user_id"`
	SID            storage.ID                       `json:"sid,omitempty"` // empty: the grant rests on no session
	Request        interaction.AuthorizationRequest `json:"request"`
	Authentication storage.Authentication           `json:"authentication"`
	PasswordEpoch  int64                            `json:"password_epoch"` // of the person, when it was issued
	// SessionExpiresAt is when the session ends at the latest.
	SessionExpiresAt time.Time `json:"session_expires_at,omitzero"`
	ExpiresAt        time.Time `json:"expires_at"`
	// PutBack says that an exchange of it ended without an answer of the database.
	PutBack bool `json:"put_back,omitempty"`
}

// issueCode makes a code for the request of a person who is signed in. The
// store keeps it under its keyed hash, so that nobody who reads the store can
// use it.
func (p *Provider) issueCode(ctx context.Context, request *interaction.AuthorizationRequest, who *storage.SignedIn) (string, error) {
	now := p.cfg.Now()
	grantID, err := storage.NewID(now, p.cfg.Random)
	if err != nil {
		return "", fmt.Errorf("name grant: %w", err)
	}
	code, hash, err := p.cfg.Hasher.NewToken(p.cfg.Random, codePurpose)
	if err != nil {
		return "", fmt.Errorf("make code: %w", err)
	}
	err = p.keepCode(ctx, hash, &issuedCode{
		GrantID:          grantID,
		UserID:           who.User.ID,
		SID:              who.Session.SID,
		Request:          *request,
		Authentication:   who.Session.Authentication,
		PasswordEpoch:    who.User.PasswordEpoch,
		SessionExpiresAt: who.Session.ExpiresAt,
		ExpiresAt:        now.Add(p.cfg.CodeLifetime),
	}, p.cfg.CodeLifetime)
	if err != nil {
		return "", err
	}
	return code, nil
}

func (p *Provider) keepCode(ctx context.Context, hash string, code *issuedCode, ttl time.Duration) error {
	value, err := json.Marshal(code)
	if err != nil {
		return fmt.Errorf("encode what a code stands for: %w", err)
	}
	if err := p.cfg.Ephemeral.Put(ctx, codeKey(hash), value, ttl); err != nil {
		return unavailable("keep code", err)
	}
	return nil
}

// takeCode removes the code from the ephemeral store and returns what it stands
// for. It answers storage.ErrNotFound where it is not there.
func (p *Provider) takeCode(ctx context.Context, hash string) (*issuedCode, error) {
	raw, err := p.cfg.Ephemeral.Take(ctx, codeKey(hash))
	if errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	if err != nil {
		return nil, unavailable("take code", err)
	}
	var code issuedCode
	if err := json.Unmarshal(raw, &code); err != nil {
		return nil, fmt.Errorf("decode what a code stands for: %w", err)
	}
	return &code, nil
}

// putCodeBack gives a code back that was taken for an exchange that the database
// did not answer: the client is told to try again, and can, for as long as the
// code lives. That it is exchanged once is the grant row's business.
func (p *Provider) putCodeBack(ctx context.Context, hash string, code *issuedCode, now time.Time) {
	left := min(code.ExpiresAt.Sub(now), p.cfg.CodeLifetime)
	if left <= 0 {
		return
	}
	ctx, cancel := uncancelled(ctx)
	defer cancel()
	code.PutBack = true
	if err := p.keepCode(ctx, hash, code, left); err != nil {
		p.cfg.Log.LogAttrs(ctx, slog.LevelError, "put code back", slog.String("reason", err.Error()))
	}
}

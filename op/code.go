package op

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// maxCodeLifetime is the longest that a code may wait for its exchange
// (requirement TK1), and the default.
const maxCodeLifetime = time.Minute

// clockTolerance is by how much the clocks of two nodes may differ before a code
// of the one is expired to the other. How long a code lives is the ephemeral
// store's to say, which forgets it then; this holds where a store does not.
const clockTolerance = 10 * time.Minute

// codeKind is the kind of the values that codes stand for.
const codeKind = "code"

// issuedCode is what an authorization code stands for, for at most a minute and
// one exchange.
type issuedCode struct {
	GrantID        storage.ID                       `json:"grant_id"`
	UserID         storage.ID                       `json:"user_id"`
	SID            storage.ID                       `json:"sid,omitempty"` // empty: the grant rests on no session
	Request        interaction.AuthorizationRequest `json:"request"`
	Authentication storage.Authentication           `json:"authentication"`
	Address        string                           `json:"address,omitempty"` // of the person's browser
	PasswordEpoch  int64                            `json:"password_epoch"`    // of the person, when it was issued
	// SessionExpiresAt is when the session ends at the latest.
	SessionExpiresAt time.Time `json:"session_expires_at,omitzero"`
	ExpiresAt        time.Time `json:"expires_at"`
	// Origin is what the grant is said to come from; empty is a code.
	Origin storage.GrantOrigin `json:"origin,omitempty"`
	// Unanswered says that an exchange of it ended without an answer of the database,
	// which may have written the grant.
	Unanswered bool `json:"unanswered,omitempty"`
}

// issueCode makes a code for the request of a person who is signed in.
func (p *Provider) issueCode(ctx context.Context, request *interaction.AuthorizationRequest, who *storage.SignedIn) (string, error) {
	stands, err := p.standsFor(ctx, request, who)
	if err != nil {
		return "", err
	}
	code := p.codes.NewID()
	if _, err = p.codes.Put(ctx, code, *stands); err != nil {
		return "", unavailable("keep code", err)
	}
	return code, nil
}

// standsFor is what a code stands for, and what a grant without a code is made from.
func (p *Provider) standsFor(ctx context.Context, request *interaction.AuthorizationRequest, who *storage.SignedIn) (*issuedCode, error) {
	now := p.cfg.Now()
	grantID, err := storage.NewID(now, p.cfg.Random)
	if err != nil {
		return nil, fmt.Errorf("name grant: %w", err)
	}
	return &issuedCode{
		GrantID:          grantID,
		UserID:           who.User.ID,
		SID:              who.Session.SID,
		Request:          *request,
		Authentication:   who.Session.Authentication,
		Address:          browserAddress(ctx),
		PasswordEpoch:    who.User.PasswordEpoch,
		SessionExpiresAt: who.Session.ExpiresAt,
		ExpiresAt:        now.Add(p.cfg.CodeLifetime),
	}, nil
}

// spoilCode takes away a code that was shown in a wrong way, so that nobody tries
// another (brute force), and returns why it was refused.
func (p *Provider) spoilCode(ctx context.Context, text string, why error) error {
	if _, err := p.codes.Take(ctx, text); err != nil && !errors.Is(err, storage.ErrNotFound) {
		return unavailable("take code", err)
	}
	return why
}

// forgetCode takes away a code that was exchanged. Where that fails, its grant's row
// refuses it for as long as it lives.
func (p *Provider) forgetCode(ctx context.Context, version ephemeral.Version) {
	ctx, cancel := uncancelled(ctx)
	defer cancel()
	if err := p.codes.Forget(ctx, version); err != nil {
		p.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "forget code", slog.String("reason", err.Error()))
	}
}

// markUnanswered notes that the database did not answer an exchange: the client is
// told to try again, and can, for as long as the code lives, whatever was written. A
// code that somebody took meanwhile does not come back.
func (p *Provider) markUnanswered(ctx context.Context, version ephemeral.Version, code *issuedCode, now time.Time) {
	left := min(code.ExpiresAt.Sub(now), p.cfg.CodeLifetime)
	if left <= 0 || code.Unanswered {
		return
	}
	ctx, cancel := uncancelled(ctx)
	defer cancel()
	code.Unanswered = true
	if _, err := p.codes.SwapFor(ctx, version, *code, left); err != nil {
		p.cfg.Log.LogAttrs(ctx, slog.LevelWarn, "mark code", slog.String("reason", err.Error()))
	}
}

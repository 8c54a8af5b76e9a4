package op

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
)

// maxCodeLifetime is the longest that a code may wait for its exchange
// (requirement TK1), and the default.
const maxCodeLifetime = time.Minute

// codeBytes is the size of a code: 256 bits.
const codeBytes = 32

// issueCode makes a code for the request of a person who is signed in. The
// store keeps it under its keyed hash, so that nobody who reads the store can
// use it.
func (p *Provider) issueCode(ctx context.Context, request *interaction.AuthorizationRequest, who *storage.SignedIn) (string, error) {
	now := p.cfg.Now()
	grantID, err := storage.NewID(now, p.cfg.Random)
	if err != nil {
		return "", fmt.Errorf("name grant: %w", err)
	}
	secret := make([]byte, codeBytes)
	if _, err := io.ReadFull(p.cfg.Random, secret); err != nil {
		return "", fmt.Errorf("read randomness for a code: %w", err)
	}
	value, err := json.Marshal(authorizationCode{
		GrantID:        grantID,
		UserID:         who.User.ID,
		SID:            who.Session.SID,
		Request:        *request,
		Authentication: who.Session.Authentication,
		PasswordEpoch:  who.User.PasswordEpoch,
		IssuedAt:       now,
		ExpiresAt:      now.Add(p.cfg.CodeLifetime),
	})
	if err != nil {
		return "", fmt.Errorf("encode what a code stands for: %w", err)
	}
	code := base64.RawURLEncoding.EncodeToString(secret)
	if err := p.cfg.Ephemeral.Put(ctx, codeKey(p.cfg.Hasher.Sum(codePurpose, code)), value, p.cfg.CodeLifetime); err != nil {
		return "", unavailable("keep code", err)
	}
	return code, nil
}

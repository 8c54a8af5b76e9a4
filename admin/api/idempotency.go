package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

const (
	idempotencyKind = "admin idempotency"
	// rememberedFor is for how long an answer is given again.
	rememberedFor = 24 * time.Hour
	// pendingFor is for how long nobody else is at it, should a node die over it.
	pendingFor = time.Minute
)

// Idempotent makes a creation safe to try again.
type Idempotent struct {
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"200" pattern:"^[!-~]*$" doc:"A text of your own that names this request, such as a UUID. For a day the same request with it is answered with what came of the first, and makes nothing more."`
}

// remembered is an answer, or that somebody is at it.
type remembered struct {
	// Digest is that of what was asked.
	Digest string `json:"digest"`
	// Sealed is the answer, which may hold a link; empty while it is made.
	Sealed string `json:"sealed,omitempty"`
}

// once does something for the first request with a key, and answers those after it with
// what came of it (idempotent creation). What failed may be tried again. asked is the
// body of the request: the key stands for that one alone.
func once[Out any](ctx context.Context, a *API, o string, by Idempotent, asked any, do func() (*Out, error)) (*Out, error) {
	if by.IdempotencyKey == "" {
		return do()
	}
	digest, err := digestOf(asked)
	if err != nil {
		return nil, err
	}
	id := ephemeral.Name(o, callerOf(ctx).name, by.IdempotencyKey)
	place := keys.AssociatedData{Table: "ephemeral", Column: "admin_idempotency", Row: digestOfText(id)}
	switch err := a.answers.PutNew(ctx, id, remembered{Digest: digest}, pendingFor); {
	case errors.Is(err, storage.ErrConflict):
		return replayAnswer[Out](ctx, a, id, digest, place)
	case err != nil:
		return nil, err
	}
	out, err := do()
	// The answer is kept though its caller hung up: that is who will ask again.
	kept := context.WithoutCancel(ctx)
	if err != nil {
		return nil, errors.Join(err, a.answers.Delete(kept, id))
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("remember answer: %w", err)
	}
	sealed, err := a.cfg.Sealer.Seal(raw, place)
	if err == nil {
		_, err = a.answers.PutFor(kept, id, remembered{Digest: digest, Sealed: sealed}, rememberedFor)
	}
	return out, err
}

// replayAnswer is the answer to a request that was there before (idempotency).
func replayAnswer[Out any](ctx context.Context, a *API, id, digest string, place keys.AssociatedData) (*Out, error) {
	found, _, err := a.answers.Get(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound) || err == nil && found.Sealed == "" && found.Digest == digest:
		return nil, huma.ErrorWithHeaders(huma.NewError(http.StatusConflict, "a request with this Idempotency-Key is under way"), http.Header{"Retry-After": {"1"}})
	case err != nil:
		return nil, err
	case found.Digest != digest:
		return nil, huma.NewError(http.StatusUnprocessableEntity, "this Idempotency-Key was used for another request", &huma.ErrorDetail{
			Message: "take another one", Location: "header.Idempotency-Key",
		})
	}
	raw, err := a.cfg.Sealer.Open(found.Sealed, place)
	if err != nil {
		return nil, fmt.Errorf("read remembered answer: %w", err)
	}
	var out Out
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("read remembered answer: %w", err)
	}
	return &out, nil
}

func digestOf(asked any) (string, error) {
	text, err := json.Marshal(asked)
	if err != nil {
		return "", fmt.Errorf("digest request: %w", err)
	}
	return digestOfText(string(text)), nil
}

func digestOfText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

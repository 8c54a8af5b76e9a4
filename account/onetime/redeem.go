package onetime

import (
	"context"
	"errors"
	"fmt"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/keys"
)

// maxToken bounds what is looked at.
const maxToken = 512

// Peek tells what a token stands for and leaves it as it is: for the page that
// a link opens, which mail scanners open too.
func (t *Tokens) Peek(ctx context.Context, purpose Purpose, token string) (*Entry, error) {
	k, err := t.match(ctx, purpose, token)
	if err != nil {
		return nil, err
	}
	return t.open(k)
}

// Redeem spends a token.
func (t *Tokens) Redeem(ctx context.Context, purpose Purpose, token string) (*Entry, error) {
	k, err := t.match(ctx, purpose, token)
	if err != nil {
		return nil, err
	}
	return t.spend(ctx, k)
}

// match finds the entry of a token that may be spent.
func (t *Tokens) match(ctx context.Context, purpose Purpose, token string) (*kept, error) {
	if len(token) > maxToken {
		return nil, ErrInvalid
	}
	tag, secret, subject, ok := read(token)
	if !ok {
		return nil, ErrInvalid
	}
	// Under a key that this node does not know the token cannot be judged, and
	// another node may take it (requirement KY5).
	if err := t.cfg.Hasher.KnowsTag(tag); errors.Is(err, keys.ErrUnknownKey) {
		return nil, fmt.Errorf("judge one-time token: %w", err)
	} else if err != nil {
		return nil, ErrInvalid
	}
	k, err := t.find(ctx, slot{purpose, subject})
	if err != nil {
		return nil, err
	}
	switch right, err := t.cfg.Hasher.Judge(k.Hash, "onetime token", string(purpose), subject, secret); {
	case err != nil:
		return nil, err
	case !right || !t.cfg.Now().Before(k.ExpiresAt):
		return nil, ErrInvalid
	}
	return k, nil
}

// RedeemCode spends the token of a purpose and subject by the code that came
// with it. A try counts before anything is told of it; a subject that has no
// token counts the same, so that nobody learns which do. What this node cannot judge
// is no try, and keys.ErrUnknownKey (requirement KY5).
func (t *Tokens) RedeemCode(ctx context.Context, purpose Purpose, subject, code string) (*Entry, error) {
	s := slot{purpose, subject}
	k, right, err := t.judgeCode(ctx, s, code)
	if err != nil {
		return nil, err
	}
	tries := t.tries(s)
	n, err := t.cfg.Store.Count(ctx, tries, TriesReset)
	if err != nil {
		return nil, fmt.Errorf("count one-time code: %w", err)
	}
	if n > codeTries {
		return nil, ErrExhausted
	}
	if !right {
		return nil, ErrInvalid
	}
	// Only who has the message gets here, so the next code has all its tries.
	if err := t.cfg.Store.Delete(ctx, tries); err != nil {
		return nil, fmt.Errorf("forget tries of one-time codes: %w", err)
	}
	return t.spend(ctx, k)
}

// judgeCode finds what is in the slot and reports whether the code is that of it.
func (t *Tokens) judgeCode(ctx context.Context, s slot, code string) (*kept, bool, error) {
	k, err := t.find(ctx, s)
	switch {
	case errors.Is(err, ErrInvalid):
		return nil, false, nil
	case err != nil:
		return nil, false, err
	case k.CodeHash == "" || !t.cfg.Now().Before(k.CodeExpires):
		return nil, false, nil
	}
	right, err := t.cfg.Hasher.Judge(k.CodeHash, "onetime code", string(s.purpose), s.subject, ident.Code(code))
	return k, right, err
}

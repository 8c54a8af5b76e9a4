package onetime

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/keys"
)

// Token says what to issue.
type Token struct {
	Purpose Purpose
	// Subject is whose it is: a user's id, or a hash of an address. It can be
	// read in the token.
	Subject string
	// Data comes back when the token is spent: a value for encoding/json. It is sealed.
	Data any
	TTL  time.Duration
	// CodeTTL is how long the code works; zero issues none.
	CodeTTL time.Duration
}

// Issued is a new token as it goes into a message, and nowhere else
// (requirement OT3).
type Issued struct {
	// Token goes into a link: letters, digits, - and _.
	Token string
	// Code is what a person types instead: digits. Empty where none was asked for.
	Code string
}

// Issue makes the one live token of a purpose and subject. The one before dies.
func (t *Tokens) Issue(ctx context.Context, token Token) (Issued, error) {
	s := slot{token.Purpose, token.Subject}
	secret := make([]byte, secretSize)
	rand.Read(secret) // never fails: crypto/rand documents that it crashes instead
	now := t.cfg.Now()
	made := Issued{Token: spell(t.cfg.Hasher.Tag(), secret, token.Subject)}
	e := entry{
		Hash:      t.cfg.Hasher.Sum("onetime token", string(s.purpose), s.subject, string(secret)),
		ExpiresAt: now.Add(token.TTL),
	}
	if token.CodeTTL > 0 {
		code, err := newCode()
		if err != nil {
			return Issued{}, err
		}
		made.Code = code
		e.CodeHash = t.cfg.Hasher.Sum("onetime code", string(s.purpose), s.subject, code)
		e.CodeExpires = now.Add(min(token.CodeTTL, token.TTL))
	}
	if err := t.seal(s, &e, token.Data); err != nil {
		return Issued{}, err
	}
	// One that was issued under an older key dies too.
	if err := t.entries.Delete(ctx, s.id()); err != nil {
		return Issued{}, fmt.Errorf("replace one-time token: %w", err)
	}
	if _, err := t.entries.PutFor(ctx, s.id(), e, token.TTL); err != nil {
		return Issued{}, fmt.Errorf("keep one-time token: %w", err)
	}
	return made, nil
}

// Revoke kills the live token of a purpose and subject, if there is one.
func (t *Tokens) Revoke(ctx context.Context, purpose Purpose, subject string) error {
	if err := t.entries.Delete(ctx, slot{purpose, subject}.id()); err != nil {
		return fmt.Errorf("revoke one-time token: %w", err)
	}
	return nil
}

func (t *Tokens) seal(s slot, e *entry, data any) error {
	plain, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode data of a one-time token: %w", err)
	}
	if e.Data, err = t.cfg.Sealer.Seal(plain, place(s)); err != nil {
		return fmt.Errorf("seal data of a one-time token: %w", err)
	}
	return nil
}

// spell writes a token: the tag of the hash key that it was made under, the secret,
// then whose it is, so that its entry is found by it.
func spell(tag keys.Tag, secret []byte, subject string) string {
	return base64.RawURLEncoding.EncodeToString(slices.Concat(tag[:], secret, []byte(subject)))
}

// read takes a token apart.
func read(token string) (tag keys.Tag, secret, subject string, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) <= keys.TagSize+secretSize {
		return keys.Tag{}, "", "", false
	}
	tag, b = keys.Tag(b), b[keys.TagSize:]
	return tag, string(b[:secretSize]), string(b[secretSize:]), true
}

// newCode makes a code, every one as likely.
func newCode() (string, error) {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(codeDigits), nil)
	n, err := rand.Int(rand.Reader, limit)
	if err != nil {
		return "", fmt.Errorf("make one-time code: %w", err)
	}
	return fmt.Sprintf("%0*d", codeDigits, n), nil
}

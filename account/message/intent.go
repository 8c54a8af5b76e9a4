package message

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// Asked is how a message came to be: every message tells when it was asked for
// and, coarsely, from where.
type Asked struct {
	// Locale is the language of the page, as BCP 47 spells it; empty is the default.
	Locale string `json:"locale,omitempty"`
	// Address is the client's address, and UserAgent its browser's own word.
	// Both are empty where the operator asked.
	Address   string `json:"address,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
	// At is when; zero is now.
	At time.Time `json:"at"`
}

// Lifetimes say how long links work.
type Lifetimes struct {
	Verify time.Duration // the link that confirms an address
	Code   time.Duration // the code that is typed instead
	Reset  time.Duration // the link that sets a new password
	Undo   time.Duration // the link that gives an old address back
}

// header is what the outbox must know of a message.
type header struct {
	kind    storage.MessageKind
	channel storage.Channel
	user    storage.ID
	// notAfter is when the message is void; zero where lasts says it.
	notAfter time.Time
	lasts    time.Duration
}

// Body is what a message is about: one of the types of this package.
type Body interface {
	header(Lifetimes) header
}

// IntentsConfig is what [Intents] are made of. Every field is required.
type IntentsConfig struct {
	Sealer    *keys.Sealer
	Now       func() time.Time
	Random    io.Reader
	Lifetimes Lifetimes
}

// Intents makes rows of the outbox.
type Intents struct{ cfg IntentsConfig }

// NewIntents makes Intents.
func NewIntents(cfg IntentsConfig) *Intents { return &Intents{cfg: cfg} }

// envelope is what is sealed of a message: an intent, until it is composed.
type envelope struct {
	Asked Asked           `json:"asked"`
	Body  json.RawMessage `json:"body"`
}

// New makes the row of a message. It looks nothing up, and takes the same time
// for everyone.
func (i *Intents) New(asked Asked, body Body) (storage.Message, error) {
	now := i.cfg.Now()
	if asked.At.IsZero() {
		asked.At = now
	}
	id, err := storage.NewID(now, i.cfg.Random)
	if err != nil {
		return storage.Message{}, err
	}
	h := body.header(i.cfg.Lifetimes)
	if h.lasts > 0 {
		h.notAfter = now.Add(h.lasts)
	}
	m := storage.Message{
		ID: id, Topic: storage.Topic(h.channel), Kind: h.kind, UserID: h.user, Priority: h.kind.Priority(), Status: storage.DeliveryQueued,
		NextAt: now, NotAfter: h.notAfter, CreatedAt: now,
	}
	inner, err := json.Marshal(body)
	if err != nil {
		return storage.Message{}, fmt.Errorf("encode %s message: %w", h.kind, err)
	}
	m.Sealed, err = seal(i.cfg.Sealer, id, envelope{Asked: asked, Body: inner})
	return m, err
}

// place is the column of the outbox that v is sealed to.
func place(id storage.ID) keys.AssociatedData {
	return keys.AssociatedData{Table: "outbox", Column: "sealed", Row: string(id)}
}

func seal(sealer *keys.Sealer, id storage.ID, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode message: %w", err)
	}
	sealed, err := sealer.Seal(plain, place(id))
	if err != nil {
		return "", fmt.Errorf("seal message: %w", err)
	}
	return sealed, nil
}

func open(sealer *keys.Sealer, m storage.Message, into any) error {
	plain, err := sealer.Open(m.Sealed, place(m.ID))
	if err != nil {
		return fmt.Errorf("open message: %w", err)
	}
	if err := json.Unmarshal(plain, into); err != nil {
		return fmt.Errorf("decode message: %w", err)
	}
	return nil
}

// Reseal seals a queued message anew, in its row; see [keys.Sealer.Reseal].
func Reseal(sealer *keys.Sealer, id storage.ID, sealed string) (string, bool, error) {
	return sealer.Reseal(sealed, place(id))
}

package eventfeed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// Webhook is an address that events are posted to, signed as Standard Webhooks say
// (https://www.standardwebhooks.com, version 1).
type Webhook struct {
	Name, URL string
	// Secret is that of the signature, as [ReadSecret] made it of the configuration's.
	Secret []byte
	// Types are the events that it wants; none is all.
	Types []storage.EventType
}

// secretPrefix begins the secret of a webhook.
const secretPrefix = "whsec_"

// ReadSecret reads the secret of a webhook: whsec_ and 24 to 64 bytes in base64.
func ReadSecret(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("write it as whsec_ and 24 to 64 random bytes in base64; latchkey events secret makes one")
	}
	return key, nil
}

// NewSecret makes a secret.
func NewSecret(random io.Reader) (string, error) {
	key := make([]byte, 32)
	if _, err := io.ReadFull(random, key); err != nil {
		return "", fmt.Errorf("make secret: %w", err)
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(key), nil
}

// Wants reports whether the webhook wants an event.
func (w Webhook) Wants(t storage.EventType) bool { return wants(w.Types, t) }

func wants(types []storage.EventType, t storage.EventType) bool {
	return len(types) == 0 || slices.Contains(types, t)
}

// notice is what is sealed of a delivery: which event goes to which webhook.
type notice struct {
	Webhook string `json:"webhook"`
	Event   Event  `json:"event"`
}

// payload is the body that is posted: it has the three members that Standard
// Webhooks recommend.
type payload struct {
	Type      storage.EventType `json:"type"`
	Timestamp time.Time         `json:"timestamp"`
	Data      Event             `json:"data"`
}

// Deliveries makes the rows of the outbox that bring an event to webhooks.
type Deliveries struct {
	Sealer *keys.Sealer
	Now    func() time.Time
	Random io.Reader
}

// New makes one.
func (d Deliveries) New(webhook string, e storage.Event) (storage.Delivery, error) {
	now := d.Now()
	id, err := storage.NewID(now, d.Random)
	if err != nil {
		return storage.Delivery{}, fmt.Errorf("name delivery: %w", err)
	}
	plain, err := json.Marshal(notice{webhook, Of(e)})
	if err != nil {
		return storage.Delivery{}, fmt.Errorf("encode event: %w", err)
	}
	sealed, err := d.Sealer.Seal(plain, place(id))
	if err != nil {
		return storage.Delivery{}, fmt.Errorf("seal event: %w", err)
	}
	return storage.Delivery{
		ID: id, Topic: storage.TopicWebhook, Kind: storage.MessageEvent, UserID: e.UserID, Priority: storage.PriorityNormal,
		Sealed: sealed, Status: storage.DeliveryQueued, NextAt: now, CreatedAt: now,
	}, nil
}

// Open returns what a delivery holds.
func (d Deliveries) Open(row storage.Delivery) (webhook string, e Event, err error) {
	plain, err := d.Sealer.Open(row.Sealed, place(row.ID))
	if err != nil {
		return "", Event{}, fmt.Errorf("open event: %w", err)
	}
	var n notice
	if err := json.Unmarshal(plain, &n); err != nil {
		return "", Event{}, fmt.Errorf("decode event: %w", err)
	}
	return n.Webhook, n.Event, nil
}

// place is the column of the outbox that an event is sealed to.
func place(id storage.ID) keys.AssociatedData {
	return keys.AssociatedData{Table: "outbox", Column: "sealed", Row: string(id)}
}

// Request is the header and the body of one try. The id is the event's, so that who
// gets it twice knows (idempotency); the time of the try is signed with it (replay).
func (w Webhook) Request(e Event, now time.Time) (http.Header, []byte, error) {
	body, err := json.Marshal(payload{e.Type, e.At, e})
	if err != nil {
		return nil, nil, fmt.Errorf("encode event: %w", err)
	}
	at := strconv.FormatInt(now.Unix(), 10)
	return http.Header{
		"Content-Type": {"application/json"}, "Webhook-Id": {string(e.ID)}, "Webhook-Timestamp": {at},
		"Webhook-Signature": {sign(w.Secret, string(e.ID), at, body)},
	}, body, nil
}

// sign is the symmetric signature, of version 1.
func sign(key []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.", id, at)
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

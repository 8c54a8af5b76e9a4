package outbox

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

func TestJudge(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	busy := &delivery.Error{Step: delivery.StepRecipient, Reason: "the server replied 451"}
	refused := &delivery.Error{Step: delivery.StepRecipient, Reason: "the server replied 550", Permanent: true}
	foreign := &delivery.Error{Step: delivery.StepCompose, Reason: "the message could not be made", Cause: fmt.Errorf("open: %w", keys.ErrUnknownKey)}
	const giveUp = 48 * time.Hour
	for name, c := range map[string]struct {
		attempts int
		notAfter time.Duration
		err      error
		chance   float64
		status   storage.DeliveryStatus
		wait     time.Duration
		reason   string
	}{
		"sent":                 {attempts: 1, status: storage.DeliverySent},
		"nobody":               {attempts: 1, err: ErrNobody, status: storage.DeliverySkipped},
		"void":                 {attempts: 1, err: errVoid, status: storage.DeliveryExpired},
		"refused":              {attempts: 1, err: refused, status: storage.DeliveryFailed, reason: "recipient: the server replied 550"},
		"first failure":        {attempts: 1, err: busy, chance: .5, status: storage.DeliveryQueued, wait: 30 * time.Second, reason: "recipient: the server replied 451"},
		"first, early":         {attempts: 1, err: busy, chance: 0, status: storage.DeliveryQueued, wait: 24 * time.Second, reason: "recipient: the server replied 451"},
		"first, late":          {attempts: 1, err: busy, chance: 1, status: storage.DeliveryQueued, wait: 36 * time.Second, reason: "recipient: the server replied 451"},
		"third failure":        {attempts: 3, err: busy, chance: .5, status: storage.DeliveryQueued, wait: 2 * time.Minute, reason: "recipient: the server replied 451"},
		"many failures":        {attempts: 14, err: busy, chance: .5, status: storage.DeliveryQueued, wait: 6 * time.Hour, reason: "recipient: the server replied 451"},
		"too many":             {attempts: 18, err: busy, status: storage.DeliveryFailed, reason: "recipient: the server replied 451"},
		"void before the next": {attempts: 4, notAfter: 3 * time.Minute, err: busy, status: storage.DeliveryExpired, reason: "recipient: the server replied 451"},
		"unknown error":        {attempts: 1, err: errors.New("robin@example.com"), chance: .5, status: storage.DeliveryQueued, wait: 30 * time.Second, reason: "unknown"},
		// While a sealing key is rolled (requirement KY5).
		"another node's": {attempts: 1, err: foreign, chance: .5, status: storage.DeliveryQueued, wait: 3 * time.Second, reason: "sealed under a key that this node does not have"},
		"nobody's":       {attempts: 6, err: foreign, chance: .5, status: storage.DeliveryQueued, wait: 16 * time.Minute, reason: "sealed under a key that this node does not have"},
	} {
		m := storage.Message{Attempts: c.attempts}
		if c.notAfter > 0 {
			m.NotAfter = now.Add(c.notAfter)
		}
		want := verdict{status: c.status, reason: c.reason}
		if c.wait > 0 {
			want.nextAt = now.Add(c.wait)
		}
		if got := judge(m, c.err, now, giveUp, c.chance); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

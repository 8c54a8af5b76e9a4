package metrics

import (
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// deliveryResults are how a try to deliver ends.
var deliveryResults = []string{
	string(storage.DeliverySent), "delayed", string(storage.DeliveryFailed), string(storage.DeliveryExpired), string(storage.DeliverySkipped),
}

// Delivery counts a try to deliver a message.
func (m *Metrics) Delivery(topic storage.Topic, kind storage.MessageKind, result string) {
	m.messages.WithLabelValues(string(topic), string(kind), result).Inc()
}

// Backlog shows what waits in the outbox.
func (m *Metrics) Backlog(b storage.Backlog, now time.Time) {
	m.queued.Set(float64(b.Queued))
	m.due.Set(float64(b.Due))
	m.oldest.Set(age(b.Oldest, now))
}

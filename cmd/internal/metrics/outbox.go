package metrics

import (
	"time"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/latchkey-id/latchkey/storage"
)

// outboxMetrics tells how messages leave.
type outboxMetrics struct {
	messages            counters
	queued, due, oldest *vm.Gauge
}

func newOutboxMetrics(f *families) *outboxMetrics {
	return &outboxMetrics{
		messages: f.counters("latchkey_outbox_messages_total",
			"Tries to deliver messages, by how they ended: sent, delayed, failed, expired, skipped.", "topic", "kind", "result"),
		queued: f.gauges("latchkey_outbox_queued", "Messages that are not delivered yet.").with(),
		due:    f.gauges("latchkey_outbox_due", "Messages that should be on their way by now.").with(),
		oldest: f.gauges("latchkey_outbox_oldest_seconds",
			"Age of the oldest message that is not delivered yet; 0 when there is none.").with(),
	}
}

// Delivery counts a try to deliver a message.
func (m *Metrics) Delivery(topic storage.Topic, kind storage.MessageKind, result string) {
	m.outbox.messages.with(string(topic), string(kind), result).Inc()
}

// Backlog shows what waits in the outbox.
func (m *Metrics) Backlog(b storage.Backlog, now time.Time) {
	m.outbox.queued.Set(float64(b.Queued))
	m.outbox.due.Set(float64(b.Due))
	age := 0.0
	if !b.Oldest.IsZero() {
		age = now.Sub(b.Oldest).Seconds()
	}
	m.outbox.oldest.Set(age)
}

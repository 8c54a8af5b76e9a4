package metrics

import (
	"time"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/prometheus/client_golang/prometheus"
)

// outboxMetrics tells how messages leave.
type outboxMetrics struct {
	messages            *prometheus.CounterVec
	queued, due, oldest prometheus.Gauge
}

func newOutboxMetrics(r *prometheus.Registry) *outboxMetrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &outboxMetrics{
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "latchkey_outbox_messages_total",
			Help: "Tries to deliver messages, by how they ended: sent, delayed, failed, expired, skipped.",
		}, []string{"channel", "kind", "result"}),
		queued: gauge("latchkey_outbox_queued", "Messages that are not delivered yet."),
		due:    gauge("latchkey_outbox_due", "Messages that should be on their way by now."),
		oldest: gauge("latchkey_outbox_oldest_seconds", "Age of the oldest message that is not delivered yet; 0 when there is none."),
	}
	r.MustRegister(m.messages, m.queued, m.due, m.oldest)
	return m
}

// Delivery counts a try to deliver a message.
func (m *Metrics) Delivery(channel storage.Channel, kind storage.MessageKind, result string) {
	m.outbox.messages.WithLabelValues(string(channel), string(kind), result).Inc()
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

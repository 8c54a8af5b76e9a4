package outbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/cmd/internal/eventfeed"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/storage"
)

// headerPoster calls addresses with headers; fetch.Client in the binary.
type headerPoster interface {
	PostWith(ctx context.Context, address string, header http.Header, body []byte) (*fetch.Answer, error)
}

// Webhooks is the handler of events that go to webhooks, signed anew for each try.
type Webhooks struct {
	// Hooks are the webhooks of the configuration by name.
	Hooks      map[string]eventfeed.Webhook
	Deliveries eventfeed.Deliveries
	Poster     headerPoster
	Now        func() time.Time
}

// Deliver implements [Handler].
func (h Webhooks) Deliver(ctx context.Context, d storage.Delivery, _ Save) error {
	name, event, err := h.Deliveries.Open(d)
	if err != nil {
		return &delivery.Error{Step: delivery.StepCompose, Reason: "the event could not be read", Cause: err}
	}
	hook, ok := h.Hooks[name]
	if !ok {
		return ErrNobody // the configuration has it no more
	}
	return h.Post(ctx, hook, event)
}

// Post is one try.
func (h Webhooks) Post(ctx context.Context, hook eventfeed.Webhook, event eventfeed.Event) error {
	header, body, err := hook.Request(event, h.Now())
	if err != nil {
		return &delivery.Error{Step: delivery.StepCompose, Reason: "the event could not be signed", Cause: err}
	}
	answer, err := h.Poster.PostWith(ctx, hook.URL, header, body)
	switch {
	case errors.Is(err, fetch.ErrForbidden):
		return &delivery.Error{
			Step: delivery.StepConnect, Permanent: true, Cause: err,
			Reason: "the address of webhook " + hook.Name + " is not public, and in none of fetch.allowed_networks",
		}
	case err != nil:
		failed := delivery.Network(delivery.StepConnect, err)
		failed.Reason += ", of webhook " + hook.Name
		return failed
	case answer.Status >= http.StatusOK && answer.Status < http.StatusMultipleChoices:
		return nil
	}
	return &delivery.Error{
		Step: delivery.StepData, Reason: fmt.Sprintf("webhook %s answered %d", hook.Name, answer.Status),
		Permanent: answer.Status == http.StatusGone, // it says that nobody is there any more
	}
}

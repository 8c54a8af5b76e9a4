package outbox

import (
	"context"
	"errors"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/storage"
)

// composer writes messages; account/message.Composer in the binary.
type composer interface {
	Compose(ctx context.Context, m storage.Message) (message.Mail, error)
	Seal(id storage.ID, mail message.Mail) (string, error)
	Open(m storage.Message) (message.Mail, error)
}

// Sender delivers messages over one channel.
type Sender interface {
	Send(ctx context.Context, m storage.Message, mail message.Mail) error
}

// Messages is the handler of a channel to people: it composes messages, each
// once, and sends them.
type Messages struct {
	Composer composer
	Sender   Sender
}

// Deliver implements [Handler].
func (h Messages) Deliver(ctx context.Context, m storage.Delivery, save Save) error {
	mail, err := h.compose(ctx, m, save)
	switch {
	case errors.Is(err, message.ErrNobody):
		return ErrNobody
	case errors.Is(err, errTaken):
		return err
	case err != nil:
		return &delivery.Error{Step: delivery.StepCompose, Reason: "the message could not be made", Cause: err}
	}
	return h.Sender.Send(ctx, m, mail)
}

// compose returns what the message says. A new text is saved before it is sent:
// a second one would bear a second token, which would kill the one that is on
// its way.
func (h Messages) compose(ctx context.Context, m storage.Message, save Save) (message.Mail, error) {
	if m.Composed {
		return h.Composer.Open(m)
	}
	mail, err := h.Composer.Compose(ctx, m)
	if err != nil {
		return message.Mail{}, err
	}
	sealed, err := h.Composer.Seal(m.ID, mail)
	if err != nil {
		return message.Mail{}, err
	}
	return mail, save(ctx, sealed)
}

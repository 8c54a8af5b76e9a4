package message

import (
	"context"
	"time"

	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// outbox keeps messages; storage/sqlstore.Outbox in the binary.
type outbox interface {
	Add(ctx context.Context, e *storage.Event, m ...storage.Message) error
}

// Factors says what second factors have to say: package mfa sends its codes
// and notices through it. Every field is required.
type Factors struct {
	Intents *Intents
	Outbox  outbox
	// Asked tells from where a request came.
	Asked func(ctx context.Context) Asked
}

// Send queues a code for an address or number that is known to be theirs.
func (f *Factors) Send(
	ctx context.Context, _ storage.Channel, kind storage.MessageKind, user *storage.User, to, code, locale string, notAfter time.Time,
) error {
	asked := f.Asked(ctx)
	asked.Locale = locale
	m, err := f.Intents.New(asked, Code{Kind: kind, UserID: user.ID, To: to, Code: code, ExpiresAt: notAfter})
	if err != nil {
		return err
	}
	return f.Outbox.Add(ctx, nil, m)
}

// Notice makes a message that tells the person of a change, to be queued in the
// transaction of the change.
func (f *Factors) Notice(n mfa.Notice) (storage.Message, error) {
	asked := Asked{Locale: n.Locale, At: n.At, Address: n.Address, UserAgent: n.UserAgent}
	return f.Intents.New(asked, Notice{
		Kind: n.Kind, UserID: n.User.ID, To: n.User.Email, Factor: n.Factor, Name: n.Name, Remaining: n.Remaining,
		Epoch: n.User.EmailEpoch, Since: n.Since,
	})
}

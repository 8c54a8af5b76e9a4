package message

import (
	"context"
	"fmt"

	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/locale"
	"github.com/latchkey-id/latchkey/storage"
)

// factorLabel is a factor in the words of the message's language, with the
// name that its owner gave it.
type factorLabel struct {
	kind storage.FactorKind
	name string
}

// notice puts what happened to an account into a message with a link to where
// its owner can do something about it.
func (c *Composer) notice(ctx context.Context, m storage.Message, b Notice) (content, error) {
	kind := m.Kind
	zone, err := c.timeZone(ctx, b.UserID)
	if err != nil {
		return content{}, err
	}
	what := content{to: b.To, key: string(kind), happened: true, zone: zone, link: c.link(PathAccount, "", "")}
	factor := factorLabel{b.Factor, b.Name}
	switch kind {
	case storage.MessagePasswordChanged, storage.MessageUsernameChanged:
		what.link = c.link(PathForgotPassword, "", "")
	case storage.MessageFactorAdded, storage.MessageFactorRemoved, storage.MessagePasskeyCloned:
		what.values = []any{"Factor", factor}
	case storage.MessageFactorLocked:
		what.values, what.link = []any{"Factor", factor}, c.link(PathForgotPassword, "", "")
	case storage.MessageRecoveryUsed:
		what.values = []any{locale.Count, b.Remaining}
	case storage.MessageFactorsReset, storage.MessageRecoveryReplaced, storage.MessageSignInNew:
	case storage.MessageEmailUndone:
		what.values, what.link = []any{"Email", ident.Mask(b.Email)}, ""
	case storage.MessageDeleted:
		what.link = ""
	case storage.MessageLockedDown:
		what.link = ""
		if b.Since.IsZero() {
			return what, nil
		}
		return c.giveBack(ctx, m, b, what)
	default:
		return content{}, fmt.Errorf("no notice is named %q", kind)
	}
	if b.Since.IsZero() || !disownable[kind] {
		return what, nil
	}
	return c.disown(ctx, m, b, what)
}

// disownable are the notices of what an intruder does to become an owner.
var disownable = map[storage.MessageKind]bool{
	storage.MessagePasswordChanged: true, storage.MessageUsernameChanged: true, storage.MessageFactorAdded: true,
	storage.MessageFactorRemoved: true, storage.MessageRecoveryReplaced: true, storage.MessageRecoveryUsed: true, storage.MessageSignInNew: true,
}

// disown makes the button of a notice one that gives the account back to its owner.
func (c *Composer) disown(ctx context.Context, m storage.Message, b Notice, what content) (content, error) {
	what.disowns = true
	return c.giveBack(ctx, m, b, what)
}

// giveBack makes the button of a notice one with which the owner gets the account back.
func (c *Composer) giveBack(ctx context.Context, m storage.Message, b Notice, what content) (content, error) {
	return c.linked(ctx, what, PathDisown, onetime.Token{
		Purpose: onetime.Disown, Subject: disownSubject(b.UserID, m.ID), TTL: c.cfg.Lifetimes.Undo,
		Data: Disowned{UserID: b.UserID, Email: b.To, Epoch: b.Epoch, Since: b.Since},
	})
}

package message

import (
	"context"
	"fmt"

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
func (c *Composer) notice(ctx context.Context, kind storage.MessageKind, b Notice) (content, error) {
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
	case storage.MessageFactorsReset, storage.MessageRecoveryReplaced:
	case storage.MessageEmailUndone:
		what.values, what.link = []any{"Email", ident.Mask(b.Email)}, ""
	case storage.MessageDeleted:
		what.link = ""
	default:
		return content{}, fmt.Errorf("no notice is named %q", kind)
	}
	return what, nil
}

package message

import (
	"fmt"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/internal/locale"
	"github.com/latchkey-id/latchkey/storage"
)

// The texts of messages begin with these words in the catalogue, and an
// administrator's files may change no others.
const (
	mailPrefix = "mail."
	smsPrefix  = "sms."
)

// localized are the texts of messages in one language.
type localized struct{ *locale.Texts }

// of returns a part of a message: its subject, text, action, also or unasked;
// empty where it has none.
func (t localized) of(c content, part string, values ...any) string {
	key := mailPrefix + c.key + "." + part
	if !t.Has(key) {
		return ""
	}
	return t.Get(key, values...)
}

// values are what the texts of a message name, spelled in the language.
func (t localized) values(brand Brand, c content) []any {
	values := []any{"Brand", brand.Name}
	for _, value := range c.values {
		if label, ok := value.(factorLabel); ok {
			value = t.factor(label)
		}
		values = append(values, value)
	}
	return values
}

// factor names a factor.
func (t localized) factor(label factorLabel) string {
	kind := t.Or(fmt.Sprintf("factor.name.%s", label.kind), t.Get("factor.name.any"))
	name := ident.Cut(ident.Clean(label.name), ident.MaxDeviceName)
	if name == "" {
		return kind
	}
	return t.Get("factor.name.named", "Kind", kind, "Name", name)
}

// kinds are the keys of what is said, by the channel it is said over.
var kinds = map[storage.Channel][]string{
	storage.ChannelEmail: {
		"sign_up", "sign_up_exists", "verify_email", "password_reset", "password_changed", "email_change", "email_change_taken",
		"email_change_asked", "email_changed", "email_undone", "username_changed", "sign_in_new", "email_code", "invitation", "factor_added", "factor_removed", "factors_reset", "factor_locked",
		"recovery_used", "recovery_replaced", "passkey_cloned", "deletion_planned", "locked_down", "deleted", "test",
	},
	storage.ChannelSMS: {"sms_code", "phone_verify", "test"},
}

package smtp

import (
	"bytes"
	"strings"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/wneessen/go-mail"
)

// write spells a message for the wire. Its Message-ID and date are those of the
// row, so that a message that is delivered again, because the answer to the
// first try was lost, is known to be the same.
func (s *Sender) write(row storage.Message, m message.Mail) ([]byte, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(s.from.Name, s.from.Address); err != nil {
		return nil, &delivery.Error{Step: delivery.StepSender, Reason: "mail.from cannot be written", Cause: err}
	}
	if err := msg.To(m.To); err != nil {
		return nil, &delivery.Error{Step: delivery.StepRecipient, Permanent: true, Reason: "the address is none", Cause: err}
	}
	if s.replyTo != nil {
		if err := msg.ReplyToFormat(s.replyTo.Name, s.replyTo.Address); err != nil {
			return nil, &delivery.Error{Step: delivery.StepSender, Reason: "mail.reply_to cannot be written", Cause: err}
		}
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(row.CreatedAt)
	_, domain, _ := strings.Cut(s.from.Address, "@")
	msg.SetMessageIDWithValue(string(row.ID) + "@" + domain)
	msg.SetGenHeader(mail.HeaderContentLang, m.Locale)
	// RFC 3834: nobody's holiday notice is to answer.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(mail.TypeTextHTML, m.HTML)
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, &delivery.Error{Step: delivery.StepData, Permanent: true, Reason: "the message cannot be written", Cause: err}
	}
	return b.Bytes(), nil
}

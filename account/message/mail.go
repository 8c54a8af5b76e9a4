package message

import (
	"github.com/latchkey-id/latchkey/storage"
)

// Mail is a message as it is sent, by email or SMS.
type Mail struct {
	Channel storage.Channel `json:"channel"`
	To      string          `json:"to"`
	// Locale is the language that it is in.
	Locale  string `json:"locale"`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text"`
	HTML    string `json:"html,omitempty"`
	// Code is the one-time code in it, where there is one.
	Code string `json:"code,omitempty"`
}

// Seal seals a composed message to its row of the outbox.
func (c *Composer) Seal(id storage.ID, m Mail) (string, error) { return seal(c.cfg.Sealer, id, m) }

// Open returns what a row of the outbox holds once it is composed.
func (c *Composer) Open(m storage.Message) (Mail, error) {
	var mail Mail
	err := open(c.cfg.Sealer, m, &mail)
	return mail, err
}

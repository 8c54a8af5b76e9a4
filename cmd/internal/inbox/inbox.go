// Package inbox shows what `latchkey dev` would have sent by email and SMS.
package inbox

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/storage"
)

// keep is how many messages are kept.
const keep = 1000

// Message is one message, as /dev/inbox.json shows it.
type Message struct {
	ID      string   `json:"id"`
	Channel string   `json:"channel"` // email or sms
	To      string   `json:"to"`
	Subject string   `json:"subject"`
	Text    string   `json:"text"`
	HTML    string   `json:"html"`
	Links   []string `json:"links"`
	// Code is the one-time code, where there is one.
	Code   string    `json:"code"`
	SentAt time.Time `json:"sent_at"`
}

// Inbox holds the newest messages, in memory. It is a channel of the outbox.
type Inbox struct {
	Now func() time.Time
	// Deliver delivers what is due in the outbox before the inbox is looked at,
	// so that whoever asked for a message finds it.
	Deliver func(context.Context)

	mu       sync.Mutex
	messages []Message // oldest first
}

var link = regexp.MustCompile(`https?://[^\s<>"]+`)

// Send puts a message into the inbox, once however often it is tried. Its links
// are those of its text.
func (i *Inbox) Send(_ context.Context, row storage.Message, mail message.Mail) error {
	m := Message{
		ID: string(row.ID), Channel: string(mail.Channel), To: mail.To, Subject: mail.Subject, Text: mail.Text, HTML: mail.HTML,
		Links: link.FindAllString(mail.Text, -1), Code: mail.Code, SentAt: i.Now().UTC(),
	}
	if m.Links == nil {
		m.Links = []string{}
	}
	i.add(m)
	return nil
}

func (i *Inbox) add(m Message) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if slices.ContainsFunc(i.messages, func(other Message) bool { return other.ID == m.ID }) {
		return
	}
	i.messages = append(i.messages, m)
	if len(i.messages) > keep {
		i.messages = slices.Clone(i.messages[len(i.messages)-keep:])
	}
}

// To returns the messages to an address, newest first; all where it is empty.
func (i *Inbox) To(ctx context.Context, address string) []Message {
	i.Deliver(ctx)
	i.mu.Lock()
	defer i.mu.Unlock()
	found := []Message{}
	for _, m := range slices.Backward(i.messages) {
		if address == "" || strings.EqualFold(m.To, address) {
			found = append(found, m)
		}
	}
	return found
}

// ServeJSON answers GET /dev/inbox.json?to=ADDRESS.
func (i *Inbox) ServeJSON(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(i.To(r.Context(), r.URL.Query().Get("to"))) // whoever asked went away
}

// Package inbox shows what `latchkey dev` would have sent by e-mail and SMS.
package inbox

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
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

// Inbox holds the newest messages, in memory.
type Inbox struct {
	mu       sync.Mutex
	messages []Message // oldest first
}

var link = regexp.MustCompile(`https?://[^\s<>"]+`)

// Add puts a message into the inbox. Its links are those of its text.
func (i *Inbox) Add(m Message) {
	m.Links = link.FindAllString(m.Text, -1)
	if m.Links == nil {
		m.Links = []string{}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.messages = append(i.messages, m)
	if len(i.messages) > keep {
		i.messages = slices.Clone(i.messages[len(i.messages)-keep:])
	}
}

// To returns the messages to an address, newest first; all where it is empty.
func (i *Inbox) To(address string) []Message {
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
	_ = json.NewEncoder(w).Encode(i.To(r.URL.Query().Get("to"))) // whoever asked went away
}

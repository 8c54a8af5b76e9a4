// Package flash keeps what a page has to say after the form on it was refused, for one
// reading (flash messages). A form that failed is answered by a redirect to its page
// (Post/Redirect/Get, 303), so that going back or reloading never asks to send the form
// again; what was wrong waits here meanwhile.
//
// Invariants:
//
//   - A message belongs to the browser that sent the form, and to the address of its
//     page: to any other it does not exist.
//   - It holds keys of texts and what may be typed again, such as a username; never a
//     password, a code or a token. It is sealed all the same: people type passwords
//     where names belong.
//   - A secret that was just made is in none of them: see [Store.Hand].
//   - Whether there is one shows in the address alone, which is the same whatever was
//     wrong (user enumeration, requirement EN1).
package flash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/locale"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
)

// Message is what a page says once.
type Message struct {
	// Problems are what is wrong with fields of the form.
	Problems []Problem `json:"problems,omitempty"`
	// Done and Failure are keys of texts for the notice above the form: that
	// something was done, or that it failed. Limited says that a limit on what is
	// sent bids wait for so long.
	Done    string        `json:"done,omitempty"`
	Failure string        `json:"failure,omitempty"`
	Limited time.Duration `json:"limited,omitempty"`
	// Typed is what was typed, by the name of its field, where it is no secret.
	Typed url.Values `json:"typed,omitempty"`
	// Trace is the id of the request that failed; empty where it is not shown.
	Trace string `json:"trace,omitempty"`
	// Refused is the error that the form was answered with; nil is none.
	Refused *Refused `json:"refused,omitempty"`
	// Read says that the message was shown.
	Read bool `json:"read,omitempty"`
}

// Problem is what is wrong with a field: the key of a text and what stands in it.
type Problem struct {
	Field string `json:"field"`
	Text  string `json:"text"`
	Args  []any  `json:"args,omitempty"`
}

const (
	kind = "flash message"
	// lifetime is how long a message waits for its reading.
	lifetime = 10 * time.Minute
	// rereadFor is for how long it is read again: browsers that were asked to send a
	// form twice follow two redirects, and show the second.
	rereadFor = 10 * time.Second
	// maxTyped bounds what is kept of one value, and maxForm of all together, in bytes.
	maxTyped, maxForm = 4 << 10, 16 << 10
	// Param says in the address of a page that a message waits.
	Param = interaction.RefusedParam
	// readSuffix names the copy of a message that was read, for the same page in another
	// language: people look for theirs when they do not understand what is wrong.
	readSuffix = " read"
)

// Store keeps messages.
type Store struct {
	cfg    Config
	values *ephemeral.Values[string] // sealed messages
}

// Config is what a [Store] is made of. Every field is required.
type Config struct {
	Store   ephemeral.Store
	Hasher  ephemeral.Hasher
	Sealer  *keys.Sealer
	Cookies web.Cookies
	Now     func() time.Time
}

// New makes a Store.
func New(cfg Config) *Store {
	return &Store{cfg, ephemeral.NewValues[string](cfg.Store, cfg.Hasher, kind, lifetime)}
}

// secretFields are the fields of forms that hold a secret, or what only that rendering
// of the form could use. What is typed there is typed again.
var secretFields = []string{
	"password", "new_password", "current_password", "code", "credential", "token", "csrf", interaction.OnceParam,
}

// SecretFields names the fields of which nothing is kept.
func SecretFields() []string { return slices.Clone(secretFields) }

// Refuse sends the browser back to the page of the form that it sent, which says what is
// wrong. It is the one door by which forms are refused: what was typed there stays,
// unless m says what does, but for secrets.
func (s *Store) Refuse(w http.ResponseWriter, r *http.Request, page string, m Message) error {
	if m.Typed == nil {
		m.Typed = typed(r)
	}
	return s.Redirect(w, r, page, m)
}

// typed is what was typed in a form, but for secrets.
func typed(r *http.Request) url.Values {
	kept := url.Values{}
	for field, values := range r.PostForm {
		if !slices.Contains(secretFields, field) {
			kept[field] = values
		}
	}
	return kept
}

// Redirect sends the browser to a page of ours, which says the message. A browser that
// keeps no cookies sees the page without.
func (s *Store) Redirect(w http.ResponseWriter, r *http.Request, page string, m Message) error {
	to, err := url.Parse(page)
	if err != nil {
		return err
	}
	query := to.Query()
	query.Del(Param)
	m.bound()
	if browser := s.cfg.Cookies.Browser(r); browser != "" {
		if err := s.keep(r.Context(), id(browser, to.Path, query), m, lifetime); err != nil {
			return web.Unavailable(fmt.Errorf("keep message for a page: %w", err))
		}
	}
	query.Set(Param, "1")
	to.RawQuery = query.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
	return nil
}

// Read returns what the page of the request has to say; nothing, for most requests.
func (s *Store) Read(r *http.Request) (Message, error) {
	if m, is := r.Context().Value(messageKey{}).(Message); is {
		return m, nil
	}
	name := s.name(r)
	if name == "" {
		return Message{}, nil
	}
	translated := r.URL.Query().Has(locale.Param) // the language menu asks for the page as it is
	m, err := s.get(r.Context(), name)
	if translated && errors.Is(err, storage.ErrNotFound) {
		m, err = s.get(r.Context(), name+readSuffix)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return Message{}, nil
	}
	if err == nil && !m.Read {
		m.Read = true
		err = errors.Join(s.keep(r.Context(), name, m, rereadFor), s.keep(r.Context(), name+readSuffix, m, lifetime))
	}
	if err != nil {
		return Message{}, web.Unavailable(fmt.Errorf("read message for a page: %w", err))
	}
	for _, p := range m.Problems {
		for i, arg := range p.Args {
			if n, ok := arg.(float64); ok { // JSON has no whole numbers
				p.Args[i] = int(n)
			}
		}
	}
	return m, nil
}

// name names the message that waits for the page of the request; empty where its address
// knows of none.
func (s *Store) name(r *http.Request) string {
	query, browser := r.URL.Query(), s.cfg.Cookies.Browser(r)
	if !query.Has(Param) || browser == "" {
		return ""
	}
	query.Del(Param)
	query.Del(locale.Param)
	return id(browser, r.URL.Path, query)
}

// bound drops what is longer than anything that is typed in earnest.
func (m *Message) bound() {
	total := 0
	for _, field := range slices.Sorted(maps.Keys(m.Typed)) {
		for _, typed := range m.Typed[field] {
			if total += len(typed); len(typed) > maxTyped || total > maxForm {
				delete(m.Typed, field)
				break
			}
		}
	}
}

// keep keeps a message, sealed: people type passwords where names belong.
func (s *Store) keep(ctx context.Context, name string, m Message, ttl time.Duration) error {
	sealed, err := s.seal(name, m)
	if err != nil {
		return err
	}
	_, err = s.values.PutFor(ctx, name, sealed, ttl)
	return err
}

func (s *Store) seal(name string, m Message) (string, error) {
	raw, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	sealed, err := s.cfg.Sealer.Seal(raw, place(name))
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

func (s *Store) get(ctx context.Context, name string) (m Message, err error) {
	sealed, _, err := s.values.Get(ctx, name)
	if err != nil {
		return m, err
	}
	return s.open(name, sealed)
}

func (s *Store) open(name, sealed string) (m Message, err error) {
	raw, err := s.cfg.Sealer.Open(sealed, place(name))
	if err != nil {
		return m, fmt.Errorf("open: %w", err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("decode: %w", err)
	}
	return m, nil
}

// place binds a sealed message to its browser and page.
func place(name string) keys.AssociatedData {
	return keys.AssociatedData{Table: "ephemeral", Column: "flash", Row: name}
}

// id names a message: the browser, and the page that it is for.
func id(browser, path string, query url.Values) string {
	return ephemeral.Name(browser, path, query.Encode())
}

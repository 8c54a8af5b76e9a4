package locale

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Texts are the texts of one language.
type Texts struct {
	Language
	overlay []*i18n.Message

	once      sync.Once
	err       error
	messages  map[string]*i18n.Message
	localizer *i18n.Localizer
}

// parse reads a file of texts.
func parse(raw []byte) ([]*i18n.Message, error) {
	messages, err := i18n.ParseMessageBytes(raw, json.Unmarshal)
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	return messages, nil
}

// load reads the language, over English.
func (t *Texts) load() error {
	t.once.Do(func() { t.err = t.read() })
	return t.err
}

func (t *Texts) read() error {
	tag := language.Make(t.Tag)
	bundle := i18n.NewBundle(tag)
	t.messages = map[string]*i18n.Message{}
	for _, from := range slices.Compact([]string{English, t.Tag}) {
		raw, err := embedded.ReadFile("texts/" + from + ".json")
		if errors.Is(err, fs.ErrNotExist) {
			continue // an administrator's
		}
		if err != nil {
			return fmt.Errorf("read texts %s: %w", from, err)
		}
		messages, err := parse(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
		t.add(messages)
	}
	t.add(t.overlay)
	for _, m := range t.messages {
		if err := bundle.AddMessages(tag, m); err != nil {
			return fmt.Errorf("texts %s: %w", t.Tag, err)
		}
	}
	t.localizer = i18n.NewLocalizer(bundle, t.Tag)
	return nil
}

// add keeps messages. A plural form that is not there is said by the form for
// everything else, so that no number is without a text.
func (t *Texts) add(messages []*i18n.Message) {
	for _, m := range messages {
		if isPlural(m) {
			for _, form := range []*string{&m.Zero, &m.One, &m.Two, &m.Few, &m.Many} {
				if *form == "" {
					*form = m.Other
				}
			}
		}
		t.messages[m.ID] = m
	}
}

func isPlural(m *i18n.Message) bool { return m.Zero+m.One+m.Two+m.Few+m.Many != "" }

func (t *Texts) message(key string) (*i18n.Message, bool) {
	if t.load() != nil {
		return nil, false
	}
	m, ok := t.messages[key]
	return m, ok
}

// Keys returns the keys of all texts, sorted.
func (t *Texts) Keys() []string {
	if t.load() != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(t.messages))
}

// Has reports whether there is a text of this key.
func (t *Texts) Has(key string) bool {
	_, ok := t.message(key)
	return ok
}

// Or returns a text by its key, or the fallback where there is none.
func (t *Texts) Or(key, fallback string) string {
	if t.Has(key) {
		return t.Get(key)
	}
	return fallback
}

// Count is the placeholder whose number chooses the plural form.
const Count = "Count"

// Get returns a text by its key. The values are the names of its placeholders,
// each followed by what stands there; that of [Count] chooses the plural form.
// Where a language is written from right to left, what people typed keeps its own
// direction. A key without a text shows itself, which tests do not let happen.
func (t *Texts) Get(key string, values ...any) string {
	m, ok := t.message(key)
	if !ok {
		return key
	}
	if len(values) == 0 && !isPlural(m) && !strings.Contains(m.Other, "{{") {
		return m.Other
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: t.data(values)}
	if isPlural(m) {
		config.PluralCount = count(values)
	}
	text, err := t.localizer.Localize(config)
	if err != nil {
		return key
	}
	return text
}

// The marks between which a word keeps its own direction (Unicode UAX #9).
const (
	isolate    = "\u2068"
	endIsolate = "\u2069"
)

func (t *Texts) data(values []any) map[string]any {
	data := make(map[string]any, len(values)/2)
	for i := 0; i+1 < len(values); i += 2 {
		name, value := fmt.Sprint(values[i]), values[i+1]
		if text, ok := value.(string); ok && t.RightToLeft {
			value = isolate + text + endIsolate
		}
		data[name] = value
	}
	return data
}

// count is the number among the values; go-i18n takes numbers and their digits.
func count(values []any) any {
	for i := 0; i+1 < len(values); i += 2 {
		if values[i] == Count {
			return values[i+1]
		}
	}
	return 0
}

var placeholder = regexp.MustCompile(`{{ *\.([A-Za-z]+) *}}`)

// placeholders are the names of a text's placeholders, sorted.
func placeholders(text string) []string {
	var names []string
	for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, found[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// forms are the texts of a message.
func forms(m *i18n.Message) []string {
	return slices.DeleteFunc([]string{m.Zero, m.One, m.Two, m.Few, m.Many, m.Other}, func(s string) bool { return s == "" })
}

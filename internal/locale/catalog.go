package locale

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed texts/*.json
var embedded embed.FS

// English is the language of whoever speaks none of ours, and of keys that an
// overlay leaves out.
const English = "en"

// Catalog holds the texts of every language. A language is read when it is first
// spoken: a node keeps those that its people speak.
type Catalog struct {
	texts   []*Texts
	matcher language.Matcher
}

// New returns the catalogue that is built in.
func New() *Catalog {
	c := &Catalog{}
	for _, l := range languages {
		c.texts = append(c.texts, &Texts{Language: l})
	}
	c.matcher = newMatcher(c.texts)
	return c
}

// Match returns the texts of the best language for what is wanted, best first, as
// BCP 47 spells it; what is no language is passed over.
func (c *Catalog) Match(wanted ...string) *Texts {
	var tags []language.Tag
	for _, text := range wanted {
		if tag, err := language.Parse(strings.ReplaceAll(text, "_", "-")); err == nil {
			tags = append(tags, tag)
		}
	}
	return c.match(tags)
}

// maxWanted bounds the languages that are looked at: nobody reads more.
const maxWanted = 20

// MatchHeader is Match with the languages of an Accept-Language header after
// those that are wanted (RFC 9110 section 12.5.4).
func (c *Catalog) MatchHeader(accept string, wanted ...string) *Texts {
	var tags []language.Tag
	for _, text := range wanted {
		if tag, err := language.Parse(strings.ReplaceAll(text, "_", "-")); err == nil {
			tags = append(tags, tag)
		}
	}
	if accepted, _, err := language.ParseAcceptLanguage(accept); err == nil {
		tags = append(tags, accepted...)
	}
	return c.match(tags)
}

func (c *Catalog) match(tags []language.Tag) *Texts {
	_, i, _ := c.matcher.Match(tags[:min(len(tags), maxWanted)]...)
	return c.texts[i]
}

// All returns the texts of every language, English first.
func (c *Catalog) All() []*Texts { return slices.Clone(c.texts) }

// Overlay lays the files locales/TAG.json of an administrator over the texts. A
// file may hold some keys of a language that is there already, or every key that
// begins with the prefixes for one that is not. Each key must be one of ours,
// begin with one of the prefixes, and have our placeholders.
func (c *Catalog) Overlay(files fs.FS, prefixes ...string) error {
	names, err := fs.Glob(files, "locales/*.json")
	if err != nil {
		return fmt.Errorf("list locales: %w", err)
	}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read texts: %w", err)
		}
		messages, err := parse(raw)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, m := range messages {
			if err := c.fits(m, prefixes); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := c.lay(strings.TrimSuffix(path.Base(name), ".json"), messages, prefixes); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	c.matcher = newMatcher(c.texts)
	return nil
}

// lay puts messages over those of a language, or adds the language.
func (c *Catalog) lay(name string, messages []*i18n.Message, prefixes []string) error {
	for i, t := range c.texts {
		if strings.EqualFold(t.Tag, name) {
			c.texts[i] = &Texts{Language: t.Language, overlay: messages}
			return nil
		}
	}
	tag, err := language.Parse(name)
	if err != nil {
		return fmt.Errorf("%q is not a language: %w", name, err)
	}
	if err := c.texts[0].load(); err != nil {
		return err
	}
	for key := range c.texts[0].messages {
		if hasPrefix(key, prefixes) && !slices.ContainsFunc(messages, func(m *i18n.Message) bool { return m.ID == key }) {
			return fmt.Errorf("the text %q is missing", key)
		}
	}
	c.texts = append(c.texts, &Texts{Language: added(tag), overlay: messages})
	return nil
}

func hasPrefix(key string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// fits says why a message of an administrator cannot be laid over ours.
func (c *Catalog) fits(m *i18n.Message, prefixes []string) error {
	if !hasPrefix(m.ID, prefixes) {
		return fmt.Errorf("%q cannot be changed here; keys begin with %s", m.ID, strings.Join(prefixes, " or "))
	}
	ours, ok := c.texts[0].message(m.ID)
	if !ok {
		return fmt.Errorf("no text is named %q", m.ID)
	}
	for _, form := range forms(m) {
		if got, want := placeholders(form), placeholders(ours.Other); !slices.Equal(got, want) {
			return fmt.Errorf("%s has the placeholders %q, want %q", m.ID, got, want)
		}
	}
	return nil
}

package ui

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/text/language"
)

//go:embed locales/*.json
var localeFiles embed.FS

// supported are the languages of the pages, the one for everybody else first.
// Each is a flat file of texts; verbs that another language may want in another
// order are positional (%[1]s).
var supported = []string{"en", "de", "fr", "es", "pt", "ja", "ar"}

// rightToLeft are those that are written so.
var rightToLeft = map[string]bool{"ar": true}

// languages holds the texts of every language.
type languages struct {
	matcher language.Matcher
	texts   []texts // in the order of supported
}

// texts are the words of one language.
type texts struct {
	lang, dir string
	words     map[string]string
}

func loadLanguages() (*languages, error) {
	l := &languages{}
	var tags []language.Tag
	for _, lang := range supported {
		raw, err := localeFiles.ReadFile("locales/" + lang + ".json")
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", err)
		}
		t := texts{lang: lang, dir: "ltr"}
		if rightToLeft[lang] {
			t.dir = "rtl"
		}
		if err := json.Unmarshal(raw, &t.words); err != nil {
			return nil, fmt.Errorf("read texts %s: %w", lang, err)
		}
		l.texts = append(l.texts, t)
		tags = append(tags, language.Make(lang))
	}
	l.matcher = language.NewMatcher(tags)
	return l, nil
}

// maxWanted bounds the languages that are looked at: nobody reads more.
const maxWanted = 20

// choose picks the language: by the request's ui_locales (OpenID Connect Core
// 3.1.2.1), best first, then by what the browser asks for.
func (l *languages) choose(locales []string, r *http.Request) texts {
	var wanted []language.Tag
	for _, locale := range locales {
		if tag, err := language.Parse(locale); err == nil {
			wanted = append(wanted, tag)
		}
	}
	accepted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err == nil {
		wanted = append(wanted, accepted...)
	}
	_, i, _ := l.matcher.Match(wanted[:min(len(wanted), maxWanted)]...)
	return l.texts[i]
}

// get returns a text by its key; one without verbs takes no notice of args. A key without a text shows itself, which the
// tests do not let happen.
func (t texts) get(key string, args ...any) string {
	text, ok := t.words[key]
	if !ok {
		return key
	}
	if len(args) > 0 && strings.Contains(text, "%") {
		return fmt.Sprintf(text, args...)
	}
	return text
}

// or returns a text by its key, or the fallback where there is none.
func (t texts) or(key, fallback string) string {
	if text, ok := t.words[key]; ok {
		return text
	}
	return fallback
}

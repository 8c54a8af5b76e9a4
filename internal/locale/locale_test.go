package locale

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// plurals are the forms that whole numbers take in a language (CLDR).
var plurals = map[string][]string{
	"ar": {"few", "many", "one", "other", "two", "zero"}, "ja": {"other"}, "ko": {"other"}, "zh-Hans": {"other"}, "zh-Hant": {"other"},
	"pl": {"few", "many", "one", "other"}, "ru": {"few", "many", "one", "other"}, "uk": {"few", "many", "one", "other"},
	"cs": {"few", "many", "one", "other"},
}

func pluralsOf(tag string) []string {
	if forms, ok := plurals[tag]; ok {
		return forms
	}
	return []string{"one", "other"}
}

// file is a file of texts as it is written.
func file(t *testing.T, tag string) map[string]any {
	t.Helper()
	raw, err := embedded.ReadFile("texts/" + tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]any
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatalf("%s: %v", tag, err)
	}
	return texts
}

// TestEveryLanguageSaysEverything keeps the languages at one: the same keys, in
// each text the same placeholders, and the plural forms that the language needs.
func TestEveryLanguageSaysEverything(t *testing.T) {
	english := file(t, English)
	for _, l := range languages {
		texts := file(t, l.Tag)
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %q, which English has not", l.Tag, key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(english)) {
			switch want := english[key].(type) {
			case string:
				text, ok := texts[key].(string)
				if !ok || text == "" {
					t.Errorf("%s lacks %q", l.Tag, key)
				} else if got := placeholders(text); !slices.Equal(got, placeholders(want)) {
					t.Errorf("%s %q has the placeholders %q: want %q", l.Tag, key, got, placeholders(want))
				}
			case map[string]any:
				checkPlural(t, l.Tag, key, texts[key], want["other"].(string))
			}
		}
		for key, text := range texts {
			for _, form := range leaves(text) {
				if strings.ContainsAny(form, "<>%") || strings.TrimSpace(form) != form || strings.Count(form, "{{") != len(placeholder.FindAllString(form, -1)) {
					t.Errorf("%s %q is no plain text: %q", l.Tag, key, form)
				}
			}
		}
	}
	files, err := embedded.ReadDir("texts")
	if err != nil || len(files) != len(languages) {
		t.Errorf("%d files of texts for %d languages, %v", len(files), len(languages), err)
	}
}

func checkPlural(t *testing.T, tag, key string, text any, other string) {
	t.Helper()
	forms, ok := text.(map[string]any)
	if !ok {
		t.Errorf("%s %q has no plural forms", tag, key)
		return
	}
	if got := slices.Sorted(maps.Keys(forms)); !slices.Equal(got, pluralsOf(tag)) {
		t.Errorf("%s %q has the plural forms %q: want %q", tag, key, got, pluralsOf(tag))
	}
	for name, form := range forms {
		got, want := placeholders(form.(string)), placeholders(other)
		// "one", "two" and "zero" may say the number in words.
		if name == "one" || name == "two" || name == "zero" {
			drop := func(s string) bool { return s == Count }
			got, want = slices.DeleteFunc(got, drop), slices.DeleteFunc(want, drop)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s %q (%s) has the placeholders %q: want %q", tag, key, name, got, want)
		}
	}
}

func leaves(text any) []string {
	switch text := text.(type) {
	case string:
		return []string{text}
	case map[string]any:
		var all []string
		for _, form := range text {
			all = append(all, leaves(form)...)
		}
		return all
	}
	return nil
}

// TestLanguageIsChosen shows that what is wanted wins over the browser.
func TestLanguageIsChosen(t *testing.T) {
	c := New()
	for _, test := range []struct {
		name    string
		locales []string
		accept  string
		want    string
	}{
		{name: "nothing asked", want: "en"},
		{name: "the browser's", accept: "de-AT,de;q=0.9,en;q=0.5", want: "de"},
		{name: "by quality", accept: "en;q=0.3, fr;q=0.8", want: "fr"},
		{name: "a region of it", accept: "pt-BR", want: "pt"},
		{name: "as POSIX spells it", locales: []string{"de_AT"}, want: "de"},
		{name: "the first that is wanted", locales: []string{"ja"}, accept: "de", want: "ja"},
		{name: "the first that we speak", locales: []string{"tlh", "ar-EG"}, accept: "de", want: "ar"},
		{name: "none that we speak, but the browser's", locales: []string{"tlh"}, accept: "es", want: "es"},
		{name: "none at all", accept: "tlh", want: "en"},
		{name: "a region of a script", accept: "zh-TW", want: "zh-Hant"},
		{name: "the usual script", accept: "zh-CN", want: "zh-Hans"},
		{name: "nonsense", locales: []string{"\x00", "!!"}, accept: ";;;q=x", want: "en"},
		{name: "many", accept: strings.Repeat("tlh,", 500) + "de", want: "en"},
	} {
		if got := c.MatchHeader(test.accept, test.locales...).Tag; got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestTextsFillTheirPlaceholders(t *testing.T) {
	c := New()
	english, arabic := c.Match("en"), c.Match("ar")
	for _, test := range []struct{ got, want string }{
		{english.Get("signin.title"), "Sign in"},
		{english.Get("signin.to", "Client", "Wiki <b>"), "to continue to Wiki <b>"},
		{english.Get("duration.minutes", "Count", 1), "1 minute"},
		{english.Get("duration.minutes", "Count", 2), "2 minutes"},
		{english.Get("duration.minutes", "Count", "5"), "5 minutes"},
		{english.Get("no.such.key"), "no.such.key"},
		{english.Or("no.such.key", "fallback"), "fallback"},
		{arabic.Dir(), "rtl"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
	if text := arabic.Get("signin.to", "Client", "Wiki"); !strings.Contains(text, isolate+"Wiki"+endIsolate) {
		t.Errorf("a name in Arabic keeps no direction: %q", text)
	}
	// Each plural form of Arabic says something of its own.
	seen := map[string]bool{}
	for _, n := range []int{0, 1, 2, 3, 11, 100} {
		seen[strings.ReplaceAll(arabic.Get("duration.minutes", "Count", n), "0", "")] = true
	}
	if len(seen) < 4 {
		t.Errorf("Arabic counts with %d forms", len(seen))
	}
}

// TestOverlayIsHeldToOurs shows what an administrator's file may say.
func TestOverlayIsHeldToOurs(t *testing.T) {
	for name, test := range map[string]struct{ file, text, want string }{
		"some keys":     {"de", `{"mail.sign_up.subject": "Willkommen bei uns"}`, ""},
		"plural":        {"en", `{"mail.recovery_used.text": {"one": "{{.Brand}}: {{.Count}} code", "other": "{{.Brand}}: {{.Count}} codes"}}`, ""},
		"unknown key":   {"de", `{"mail.sign_op.subject": "x"}`, "no text is named"},
		"another's key": {"de", `{"signin.title": "x"}`, "cannot be changed here"},
		"placeholder":   {"de", `{"mail.sign_up.text": "Willkommen"}`, "has the placeholders"},
		"another one":   {"da", `{"mail.sign_up.subject": "Velkommen"}`, "is missing"},
		"no language":   {"!!", `{}`, "is no language"},
		"no JSON":       {"de", `{`, "unexpected end"},
	} {
		c := New()
		err := c.Overlay(fstest.MapFS{"locales/" + test.file + ".json": {Data: []byte(test.text)}}, "mail.", "sms.")
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		if name == "some keys" && c.Match("de").Get("mail.sign_up.subject") != "Willkommen bei uns" {
			t.Errorf("%s: %q", name, c.Match("de").Get("mail.sign_up.subject"))
		}
	}
}

// TestLanguageIsAdded shows a language of an administrator with every text of messages.
func TestLanguageIsAdded(t *testing.T) {
	texts := map[string]any{}
	for key, text := range file(t, English) {
		if strings.HasPrefix(key, "mail.") {
			texts[key] = text
		}
	}
	raw, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	c := New()
	if err := c.Overlay(fstest.MapFS{"locales/fa.json": {Data: raw}}, "mail."); err != nil {
		t.Fatal(err)
	}
	if got := c.Match("fa-IR"); got.Tag != "fa" || got.Dir() != "rtl" || got.Get("mail.test.subject") != "Test message" || got.Get("signin.title") != "Sign in" {
		t.Errorf("%s %s %q", got.Tag, got.Dir(), got.Get("mail.test.subject"))
	}
}

// TestEveryTextCanBeFilled runs every text with its placeholders.
func TestEveryTextCanBeFilled(t *testing.T) {
	for _, texts := range New().All() {
		if err := texts.load(); err != nil {
			t.Fatal(err)
		}
		for key, m := range texts.messages {
			for _, n := range []int{0, 1, 2, 3, 5, 11, 21, 100} {
				text := texts.Get(key, fill(m, n)...)
				if text == key || strings.Contains(text, "<no value>") || strings.Contains(text, "{{") {
					t.Errorf("%s %q of %d = %q", texts.Tag, key, n, text)
				}
			}
		}
	}
}

func fill(m *i18n.Message, n int) []any {
	var values []any
	for _, name := range placeholders(m.Other) {
		if name == Count {
			values = append(values, Count, n)
		} else {
			values = append(values, name, "x")
		}
	}
	return values
}

// notSaid are words that no native writer chooses: literal translations of what the
// glossary (docs/glossary.md) does not say to people.
var notSaid = map[string][]string{
	"en": {"second factor"},
	"ar": {"عامل ثانٍ", "العامل الثاني", "العوامل الثانية"},
	"de": {"zweiter Faktor", "zweite Faktor", "zweiten Faktor"},
	"es": {"segundo factor", "segundos fact"},
	"fr": {"second facteur", "seconds facteurs"},
	"ja": {"第 2 の要素", "第 2 要素", "二つ目の要素"},
	"pt": {"segundo fator", "segundos fatores"},
}

// TestTextsSayWhatTheGlossarySays in every language whose words are listed.
func TestTextsSayWhatTheGlossarySays(t *testing.T) {
	for lang, words := range notSaid {
		raw, err := os.ReadFile("texts/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			for _, word := range words {
				if strings.Contains(strings.ToLower(line), strings.ToLower(word)) {
					t.Errorf("%s: %q is in %s", lang, word, strings.TrimSpace(line))
				}
			}
		}
	}
}

// TestTimesFitTheirSentences: what is said beside a date or a span of time is right
// whichever it is. Italian articles depend on the number (il 7, but l’8 and l’11), and
// German "in" and "vor" want "Tagen", where the spans say "Tage".
func TestTimesFitTheirSentences(t *testing.T) {
	for lang, wrong := range map[string]string{
		"it": `(^|\s)(il|al|dal|del|nel) ?(\{\{\.(Time|Date)|$)`,
		"de": `\b([Ii]n|[Vv]or|[Ss]eit|[Nn]ach|[Vv]on|innerhalb von) \{\{\.(Time|Wait|Link|Code|Duration)`,
	} {
		never := regexp.MustCompile(wrong)
		for key, text := range file(t, lang) {
			if said, ok := text.(string); ok && never.MatchString(said) {
				t.Errorf("%s: %s says %q", lang, key, said)
			}
		}
	}
}

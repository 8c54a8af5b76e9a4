package ui

import (
	"encoding/json"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"testing"
)

// TestEveryLanguageSaysEverything keeps the languages at one: the same keys, and
// in each text the same verbs.
func TestEveryLanguageSaysEverything(t *testing.T) {
	verb := regexp.MustCompile(`%(\[\d+\])?[a-z%]`)
	words := map[string]map[string]string{}
	for _, lang := range supported {
		raw, err := localeFiles.ReadFile("locales/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var w map[string]string
		if err := json.Unmarshal(raw, &w); err != nil {
			t.Fatalf("%s: %v", lang, err)
		}
		words[lang] = w
	}
	english := words["en"]
	for _, lang := range supported {
		for _, key := range slices.Sorted(maps.Keys(words[lang])) {
			if _, ok := english[key]; !ok {
				t.Errorf("%s has %q, which English has not", lang, key)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(english)) {
			text, ok := words[lang][key]
			if !ok || text == "" {
				t.Errorf("%s lacks %q", lang, key)
				continue
			}
			want, got := verb.FindAllString(english[key], -1), verb.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s %q has the verbs %q: want %q", lang, key, got, want)
			}
			for _, v := range got {
				if len(v) == 2 {
					t.Errorf("%s %q has the verb %s: want a position, as in %%[1]s", lang, key, v)
				}
			}
		}
	}
}

// TestLanguageIsChosen shows that ui_locales wins over the browser.
func TestLanguageIsChosen(t *testing.T) {
	l, err := loadLanguages()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		locales []string
		accept  string
		want    string
	}{
		{name: "nothing asked", want: "en"},
		{name: "the browser's", accept: "de-AT,de;q=0.9,en;q=0.5", want: "de"},
		{name: "by quality", accept: "en;q=0.3, fr;q=0.8", want: "fr"},
		{name: "a region of it", accept: "pt-BR", want: "pt"},
		{name: "the request's first", locales: []string{"ja"}, accept: "de", want: "ja"},
		{name: "the first that we speak", locales: []string{"tlh", "ar-EG"}, accept: "de", want: "ar"},
		{name: "none that we speak, but the browser's", locales: []string{"tlh"}, accept: "es", want: "es"},
		{name: "none at all", accept: "zh-CN", want: "en"},
		{name: "nonsense", locales: []string{"\x00", "!!"}, accept: ";;;q=x", want: "en"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", c.accept)
		if got := l.choose(c.locales, r).lang; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

package locale

import (
	"slices"

	"golang.org/x/text/language"
)

// Param is the parameter by which the language menu of a page asks for the same page in
// another language.
const Param = "lang"

// Language is one that Latchkey speaks.
type Language struct {
	// Tag is the language as BCP 47 spells it, Name what its speakers call it.
	Tag, Name string
	// RightToLeft says how it is written.
	RightToLeft bool
}

// Dir is the value of HTML's dir.
func (l Language) Dir() string {
	if l.RightToLeft {
		return "rtl"
	}
	return "ltr"
}

// languages are all of them: the one for everybody else first, then in the order
// of a menu.
var languages = []Language{
	{Tag: "en", Name: "English"},
	{Tag: "ar", Name: "العربية", RightToLeft: true},
	{Tag: "cs", Name: "Čeština"},
	{Tag: "de", Name: "Deutsch"},
	{Tag: "es", Name: "Español"},
	{Tag: "fr", Name: "Français"},
	{Tag: "it", Name: "Italiano"},
	{Tag: "ja", Name: "日本語"},
	{Tag: "ko", Name: "한국어"},
	{Tag: "nl", Name: "Nederlands"},
	{Tag: "pl", Name: "Polski"},
	{Tag: "pt", Name: "Português"},
	{Tag: "ru", Name: "Русский"},
	{Tag: "sv", Name: "Svenska"},
	{Tag: "tr", Name: "Türkçe"},
	{Tag: "uk", Name: "Українська"},
	{Tag: "zh-Hans", Name: "简体中文"},
	{Tag: "zh-Hant", Name: "繁體中文"},
}

// Languages returns the languages that there are, English first.
func Languages() []Language { return append([]Language(nil), languages...) }

// Tags returns the languages as BCP 47 spells them.
func Tags() []string {
	tags := make([]string, len(languages))
	for i, l := range languages {
		tags[i] = l.Tag
	}
	return tags
}

// newMatcher finds the best of some languages for what somebody wants.
func newMatcher(texts []*Texts) language.Matcher {
	tags := make([]language.Tag, len(texts))
	for i, t := range texts {
		tags[i] = language.Make(t.Tag)
	}
	return language.NewMatcher(tags)
}

// rightToLeft are the scripts that are written so, among languages that an
// administrator may add.
var rightToLeft = []string{"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm"}

// added describes a language that an administrator adds.
func added(tag language.Tag) Language {
	script, _ := tag.Script()
	return Language{Tag: tag.String(), Name: tag.String(), RightToLeft: slices.Contains(rightToLeft, script.String())}
}

package ui

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/latchkey-id/latchkey/internal/locale"
)

// Option is one of a select list.
type Option struct {
	Value, Label string
	// Lang is the language that the label is in, where it is not the page's.
	Lang     string
	Selected bool
}

// Select is a field whose value is chosen from a list; the template "select"
// shows it.
type Select struct {
	Input
	Options []Option
}

// Select makes a list. A value that is not among the options, from an import or an
// older list, stays as it is. The options of the field are those of [Page.Input].
func (p Page) Select(name, value string, options []Option, settings ...string) (Select, error) {
	in, err := p.Input(name, value, settings...)
	if err != nil {
		return Select{}, err
	}
	list, found := make([]Option, 0, len(options)+1), value == ""
	for _, o := range options {
		o.Selected = o.Value == value
		found = found || o.Selected
		list = append(list, o)
	}
	if !found {
		list = append(list, Option{Value: value, Label: value, Selected: true})
	}
	return Select{Input: in, Options: list}, nil
}

// LocaleOptions are the languages that a person may prefer, by their own names:
// those of the pages, and others that applications may speak.
func (Page) LocaleOptions() []Option {
	var options []Option
	for _, l := range locale.Languages() {
		options = append(options, Option{Value: l.Tag, Label: l.Name, Lang: l.Tag})
	}
	for _, l := range otherLanguages {
		if !hasOption(options, l[0]) {
			options = append(options, Option{Value: l[0], Label: l[1], Lang: l[0]})
		}
	}
	return options
}

func hasOption(options []Option, value string) bool {
	for _, o := range options {
		if o.Value == value {
			return true
		}
	}
	return false
}

// otherLanguages are languages and regional forms that the pages do not speak.
var otherLanguages = [][2]string{
	{"en-US", "English (United States)"}, {"en-GB", "English (United Kingdom)"}, {"de-AT", "Deutsch (Österreich)"},
	{"de-CH", "Deutsch (Schweiz)"}, {"es-MX", "Español (México)"}, {"fr-CA", "Français (Canada)"}, {"pt-BR", "Português (Brasil)"},
	{"pt-PT", "Português (Portugal)"}, {"bg", "Български"}, {"bn", "বাংলা"}, {"ca", "Català"}, {"cy", "Cymraeg"}, {"da", "Dansk"},
	{"el", "Ελληνικά"}, {"et", "Eesti"}, {"eu", "Euskara"}, {"fa", "فارسی"}, {"fi", "Suomi"}, {"fil", "Filipino"}, {"ga", "Gaeilge"},
	{"gl", "Galego"}, {"he", "עברית"}, {"hi", "हिन्दी"}, {"hr", "Hrvatski"}, {"hu", "Magyar"}, {"hy", "Հայերեն"}, {"id", "Indonesia"},
	{"is", "Íslenska"}, {"ka", "ქართული"}, {"kk", "Қазақ тілі"}, {"lt", "Lietuvių"}, {"lv", "Latviešu"}, {"mk", "Македонски"},
	{"ms", "Melayu"}, {"mt", "Malti"}, {"nb", "Norsk bokmål"}, {"ro", "Română"}, {"sk", "Slovenčina"}, {"sl", "Slovenščina"},
	{"sq", "Shqip"}, {"sr", "Српски"}, {"sw", "Kiswahili"}, {"ta", "தமிழ்"}, {"te", "తెలుగు"}, {"th", "ไทย"}, {"ur", "اردو"},
	{"vi", "Tiếng Việt"},
}

// zoneList are the time zones of the IANA database that are more than another
// name for one of these (zone1970.tab), one a line.
//
//go:embed zones.txt
var zoneList string

// ZoneOptions are the time zones.
func (Page) ZoneOptions() []Option {
	zones := append(strings.Fields(zoneList), "UTC")
	options := make([]Option, len(zones))
	for i, zone := range zones {
		options[i] = Option{Value: zone, Label: strings.ReplaceAll(zone, "_", " ")}
	}
	return options
}

// Aside is a link in the row of a field's label.
type Aside struct{ ID, URL, Label string }

// Beside puts a link into the row of the field's label; an empty address puts none.
func (in Input) Beside(id, address, key string) Input {
	if address != "" {
		in.Aside = &Aside{ID: id, URL: address, Label: in.page.T(key)}
	}
	return in
}

// Called gives the field a label that is a sentence of its own.
func (in Input) Called(label string) Input {
	in.Label = label
	return in
}

// initial is the first letter of a name, for where a picture would stand.
func initial(name string) string {
	for _, r := range strings.TrimSpace(name) {
		return strings.ToUpper(fmt.Sprintf("%c", r))
	}
	return ""
}

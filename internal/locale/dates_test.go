package locale

import (
	"strings"
	"testing"
	"time"
)

// TestDatesAreWrittenAsTheLanguageDoes, on both sides of noon and midnight.
func TestDatesAreWrittenAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	catalog := New()
	at := time.Date(2026, 3, 9, 17, 5, 0, 0, time.UTC)
	for lang, want := range map[string][2]string{
		"en":      {"Mar 9, 2026", "Mar 9, 2026, 6:05 PM CET"},
		"ar":      {"09\u200f/03\u200f/2026", "09\u200f/03\u200f/2026, 6:05 م CET"},
		"cs":      {"9. 3. 2026", "9. 3. 2026 18:05 CET"},
		"de":      {"09.03.2026", "09.03.2026, 18:05 CET"},
		"es":      {"9 mar 2026", "9 mar 2026, 18:05 CET"},
		"fr":      {"9 mars 2026", "9 mars 2026, 18:05 CET"},
		"it":      {"9 mar 2026", "9 mar 2026, 18:05 CET"},
		"ja":      {"2026/03/09", "2026/03/09 18:05 CET"},
		"ko":      {"2026. 3. 9.", "2026. 3. 9. 오후 6:05 CET"},
		"nl":      {"9 mrt 2026", "9 mrt 2026 18:05 CET"},
		"pl":      {"9 mar 2026", "9 mar 2026, 18:05 CET"},
		"pt":      {"9 de mar. de 2026", "9 de mar. de 2026, 18:05 CET"},
		"ru":      {"9 мар. 2026 г.", "9 мар. 2026 г., 18:05 CET"},
		"sv":      {"9 mars 2026", "9 mars 2026 18:05 CET"},
		"tr":      {"9 Mar 2026", "9 Mar 2026 18:05 CET"},
		"uk":      {"9 бер. 2026 р.", "9 бер. 2026 р., 18:05 CET"},
		"zh-Hans": {"2026年3月9日", "2026年3月9日 18:05 CET"},
		"zh-Hant": {"2026年3月9日", "2026年3月9日 下午6:05 CET"},
	} {
		texts := catalog.Match(lang)
		if got := texts.Date(at); texts.Tag != lang || got != want[0] {
			t.Errorf("%s: %q, want %q", lang, got, want[0])
		}
		if got := texts.DateTime(at.In(Zone("Europe/Berlin"))); got != want[1] {
			t.Errorf("%s: %q, want %q", lang, got, want[1])
		}
	}
	english := catalog.Match("en")
	for hour, want := range map[int]string{0: "12:00 AM", 11: "11:00 AM", 12: "12:00 PM", 23: "11:00 PM"} {
		if got := english.DateTime(time.Date(2026, 1, 1, hour, 0, 0, 0, Zone("Nowhere/Land"))); !strings.HasSuffix(got, want+" UTC") {
			t.Errorf("hour %d is %q, want %s", hour, got, want)
		}
	}
}

// TestEveryLanguageWritesDates, with twelve months where they have names.
func TestEveryLanguageWritesDates(t *testing.T) {
	t.Parallel()
	for _, tag := range Tags() {
		style, ok := dateStyles[tag]
		if months := len(strings.Fields(style.months)); !ok || months != 0 && months != 12 || strings.Contains(style.date, "{MMM}") != (months == 12) {
			t.Errorf("%s: %+v", tag, style)
		}
	}
}

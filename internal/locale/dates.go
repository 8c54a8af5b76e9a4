package locale

import (
	"strconv"
	"strings"
	"time"
)

// dateStyle is how a language writes dates and times of day: the medium date and the
// short time of the Unicode CLDR, in the Gregorian calendar and Latin digits. The fields
// stand in braces: {d} and {dd} are days, {M}, {MM} and {MMM} months, {y} is the year; {H},
// {HH} and {h} are hours, {mm} minutes, and {a} is the half of the day.
type dateStyle struct {
	date string
	// months are their short names, separated by spaces; empty where they are numbers.
	months string
	time   string
	// halves are the names of the halves of the day, where hours are counted to twelve.
	halves [2]string
	// join stands between date and time.
	join string
}

var dateStyles = map[string]dateStyle{
	"en":      {"{MMM} {d}, {y}", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", "{h}:{mm} {a}", [2]string{"AM", "PM"}, ", "},
	"ar":      {"{dd}\u200f/{MM}\u200f/{y}", "", "{h}:{mm} {a}", [2]string{"ص", "م"}, ", "},
	"cs":      {"{d}. {M}. {y}", "", "{H}:{mm}", [2]string{}, " "},
	"de":      {"{dd}.{MM}.{y}", "", "{HH}:{mm}", [2]string{}, ", "},
	"es":      {"{d} {MMM} {y}", "ene feb mar abr may jun jul ago sept oct nov dic", "{H}:{mm}", [2]string{}, ", "},
	"fr":      {"{d} {MMM} {y}", "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.", "{HH}:{mm}", [2]string{}, ", "},
	"it":      {"{d} {MMM} {y}", "gen feb mar apr mag giu lug ago set ott nov dic", "{HH}:{mm}", [2]string{}, ", "},
	"ja":      {"{y}/{MM}/{dd}", "", "{H}:{mm}", [2]string{}, " "},
	"ko":      {"{y}. {M}. {d}.", "", "{a} {h}:{mm}", [2]string{"오전", "오후"}, " "},
	"nl":      {"{d} {MMM} {y}", "jan feb mrt apr mei jun jul aug sep okt nov dec", "{HH}:{mm}", [2]string{}, " "},
	"pl":      {"{d} {MMM} {y}", "sty lut mar kwi maj cze lip sie wrz paź lis gru", "{HH}:{mm}", [2]string{}, ", "},
	"pt":      {"{d} de {MMM} de {y}", "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.", "{HH}:{mm}", [2]string{}, ", "},
	"ru":      {"{d} {MMM} {y} г.", "янв. февр. мар. апр. мая июн. июл. авг. сент. окт. нояб. дек.", "{HH}:{mm}", [2]string{}, ", "},
	"sv":      {"{d} {MMM} {y}", "jan. feb. mars apr. maj juni juli aug. sep. okt. nov. dec.", "{HH}:{mm}", [2]string{}, " "},
	"tr":      {"{d} {MMM} {y}", "Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara", "{HH}:{mm}", [2]string{}, " "},
	"uk":      {"{d} {MMM} {y} р.", "січ. лют. бер. квіт. трав. черв. лип. серп. вер. жовт. лист. груд.", "{HH}:{mm}", [2]string{}, ", "},
	"zh-Hans": {"{y}年{M}月{d}日", "", "{HH}:{mm}", [2]string{}, " "},
	"zh-Hant": {"{y}年{M}月{d}日", "", "{a}{h}:{mm}", [2]string{"上午", "下午"}, " "},
}

// Zone is a time zone of the IANA database by its name, such as a person's zoneinfo. It is
// UTC where there is none of the name.
func Zone(name string) *time.Location {
	if name == "" || name == "Local" { // the server's own is nobody's
		return time.UTC
	}
	if place, err := time.LoadLocation(name); err == nil {
		return place
	}
	return time.UTC
}

// Date is a day as the language writes it, in the time zone of at.
func (t *Texts) Date(at time.Time) string { return dateStyles[t.Tag].fill(dateStyles[t.Tag].date, at) }

// DateTime is a time as the language writes it, with the abbreviation of its time zone.
func (t *Texts) DateTime(at time.Time) string {
	style := dateStyles[t.Tag]
	return style.fill(style.date, at) + style.join + style.fill(style.time, at) + " " + at.Format("MST")
}

func (s dateStyle) fill(pattern string, at time.Time) string {
	hour, half := at.Hour()%12, s.halves[at.Hour()/12]
	if hour == 0 {
		hour = 12
	}
	month := ""
	if names := strings.Fields(s.months); len(names) == 12 {
		month = names[at.Month()-1]
	}
	return strings.NewReplacer(
		"{d}", strconv.Itoa(at.Day()), "{dd}", at.Format("02"), "{M}", strconv.Itoa(int(at.Month())), "{MM}", at.Format("01"),
		"{MMM}", month, "{y}", strconv.Itoa(at.Year()),
		"{H}", strconv.Itoa(at.Hour()), "{HH}", at.Format("15"), "{h}", strconv.Itoa(hour), "{mm}", at.Format("04"), "{a}", half,
	).Replace(pattern)
}

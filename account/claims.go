package account

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // time zones are known wherever this runs
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
	"golang.org/x/text/language"
)

// claim is what a person may say of themselves: a claim of OpenID Connect Core
// 5.1, and what it may hold.
type claim struct {
	name  string
	value *string
	most  int // characters
	// judge says what is wrong with a value; nil takes any line.
	judge func(string) error
	// lines says that the value may have several.
	lines bool
}

// spell returns a value as it is kept, or says why it cannot be.
func (c *claim) spell(value string) (string, error) {
	lines := []string{value}
	if c.lines {
		lines = strings.Split(strings.ReplaceAll(strings.TrimSpace(value), "\r\n", "\n"), "\n")
	}
	for i, line := range lines {
		if err := ident.Text(line); err != nil {
			return "", err
		}
		lines[i] = ident.Clean(line)
	}
	return strings.Join(lines, "\n"), nil
}

// SetClaim sets a claim that people say of themselves (OpenID Connect Core 5.1),
// the parts of the address by their own names. It reports whether there is one of
// that name, and checks nothing: see [CheckNewProfile].
func SetClaim(p *storage.Profile, name, value string) bool {
	for _, c := range claimsOf(p) {
		if c.name == name {
			*c.value = value
			return true
		}
	}
	return false
}

// ClaimValue returns what [SetClaim] sets.
func ClaimValue(p storage.Profile, name string) string {
	for _, c := range claimsOf(&p) {
		if c.name == name {
			return *c.value
		}
	}
	return ""
}

// ClaimNames are the claims that people say of themselves, the parts of the
// address by their own names.
func ClaimNames() []string {
	var names []string
	for _, c := range claimsOf(&storage.Profile{}) {
		names = append(names, c.name)
	}
	return names
}

// CheckNewProfile says all that is wrong with the profile of a new person, each a
// [FieldError] under the name of the claim, and spells the rest as it is kept.
func CheckNewProfile(p *storage.Profile) []error { return checkClaims(&storage.Profile{}, p) }

// claimsOf are the claims of a profile that people change. The profile gets an
// address of its own, which shares nothing with that of another profile.
func claimsOf(p *storage.Profile) []claim {
	postal := storage.Address{}
	if p.Address != nil {
		postal = *p.Address
	}
	p.Address = &postal
	return []claim{
		{name: "name", value: &p.Name, most: ident.MaxName},
		{name: "given_name", value: &p.GivenName, most: ident.MaxName},
		{name: "family_name", value: &p.FamilyName, most: ident.MaxName},
		{name: "middle_name", value: &p.MiddleName, most: ident.MaxName},
		{name: "nickname", value: &p.Nickname, most: ident.MaxName},
		{name: "gender", value: &p.Gender, most: ident.MaxName},
		{name: "birthdate", value: &p.Birthdate, most: 10, judge: isDate},
		{name: "website", value: &p.Website, most: 1024, judge: isWebAddress},
		{name: "picture", value: &p.Picture, most: 1024, judge: isWebAddress},
		{name: "profile", value: &p.Profile, most: 1024, judge: isWebAddress},
		{name: "locale", value: &p.Locale, most: 35, judge: isLocale},
		{name: "zoneinfo", value: &p.Zoneinfo, most: 64, judge: isZone},
		{name: "street_address", value: &postal.StreetAddress, most: 320},
		{name: "postal_code", value: &postal.PostalCode, most: 32},
		{name: "locality", value: &postal.Locality, most: 320},
		{name: "region", value: &postal.Region, most: 320},
		{name: "country", value: &postal.Country, most: 320},
		{name: "formatted_address", value: &postal.Formatted, most: 1024, lines: true},
	}
}

// checkClaims says what is wrong with the claims that differ from before, each a
// [FieldError], and spells the rest as it is kept.
func checkClaims(before, p *storage.Profile) []error {
	var problems []error
	known := *before
	was, is := claimsOf(&known), claimsOf(p)
	for i, c := range is {
		if *c.value == *was[i].value {
			continue
		}
		spelled, err := c.spell(*c.value)
		if err != nil {
			problems = append(problems, &FieldError{Field: c.name, Problem: Invalid, Cause: err})
			continue
		}
		*c.value = spelled
		switch {
		case utf8.RuneCountInString(*c.value) > c.most:
			problems = append(problems, &FieldError{Field: c.name, Problem: TooLong, Cause: fmt.Errorf("it is longer than %d characters", c.most)})
		case *c.value != "" && c.judge != nil:
			if err := c.judge(*c.value); err != nil {
				problems = append(problems, &FieldError{Field: c.name, Problem: Invalid, Cause: err})
			}
		}
	}
	tidyAddress(&known, p)
	return problems
}

// tidyAddress forgets an address as one text that says the same of the parts
// before, where a part of it has changed; and an address without content.
func tidyAddress(before, p *storage.Profile) {
	if *p.Address != *before.Address && p.Address.Formatted == before.Address.Formatted {
		p.Address.Formatted = ""
	}
	if *p.Address == (storage.Address{}) {
		p.Address = nil
	}
}

func isDate(text string) error {
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return fmt.Errorf("%q is not a date; write it like 1990-12-31", text)
	}
	return nil
}

// isWebAddress takes addresses that a browser may be shown: nothing that runs
// (cross-site scripting at whoever makes a link of it).
func isWebAddress(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is not an address that begins with https://", text)
	}
	return nil
}

func isLocale(text string) error {
	if _, err := language.Parse(text); err != nil {
		return fmt.Errorf("%q is not a language tag, such as en or pt-BR", text)
	}
	return nil
}

// knownZones are the time zones that were asked for, each read once: an import
// asks for few of them many times.
var knownZones sync.Map

func isZone(text string) error {
	if _, known := knownZones.Load(text); known {
		return nil
	}
	if _, err := time.LoadLocation(text); err != nil || text == "Local" {
		return fmt.Errorf("%q is not a time zone, such as Europe/Berlin", text)
	}
	knownZones.Store(text, true)
	return nil
}

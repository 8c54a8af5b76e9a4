package account

import (
	"net/url"
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
	// valid says whether a value can be one; nil takes any line.
	valid func(string) bool
}

// claimsOf are the claims of a profile that people change. A profile without an
// address gets an empty one.
func claimsOf(p *storage.Profile) []claim {
	postal := storage.Address{}
	if p.Address != nil {
		postal = *p.Address
	}
	p.Address = &postal
	return []claim{
		{"name", &p.Name, ident.MaxName, nil},
		{"given_name", &p.GivenName, ident.MaxName, nil},
		{"family_name", &p.FamilyName, ident.MaxName, nil},
		{"middle_name", &p.MiddleName, ident.MaxName, nil},
		{"nickname", &p.Nickname, ident.MaxName, nil},
		{"gender", &p.Gender, ident.MaxName, nil},
		{"birthdate", &p.Birthdate, 10, isDate},
		{"website", &p.Website, 1024, isWebAddress},
		{"picture", &p.Picture, 1024, isWebAddress},
		{"profile", &p.Profile, 1024, isWebAddress},
		{"locale", &p.Locale, 35, isLocale},
		{"zoneinfo", &p.Zoneinfo, 64, isZone},
		{"street_address", &postal.StreetAddress, 320, nil},
		{"postal_code", &postal.PostalCode, 32, nil},
		{"locality", &postal.Locality, 320, nil},
		{"region", &postal.Region, 320, nil},
		{"country", &postal.Country, 320, nil},
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
		if err := ident.Text(*c.value); err != nil {
			problems = append(problems, &FieldError{Field: c.name, Problem: Invalid, Cause: err})
			continue
		}
		*c.value = ident.Clean(*c.value)
		switch {
		case utf8.RuneCountInString(*c.value) > c.most:
			problems = append(problems, &FieldError{Field: c.name, Problem: TooLong})
		case *c.value != "" && c.valid != nil && !c.valid(*c.value):
			problems = append(problems, &FieldError{Field: c.name, Problem: Invalid})
		}
	}
	tidyAddress(&known, p)
	return problems
}

// tidyAddress forgets the formatted address where a part of it has changed: it
// said the same of the old one; and an address without content.
func tidyAddress(before, p *storage.Profile) {
	if *p.Address != *before.Address {
		p.Address.Formatted = ""
	}
	if *p.Address == (storage.Address{}) {
		p.Address = nil
	}
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

// isWebAddress takes addresses that a browser may be shown: nothing that runs.
func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}

func isLocale(text string) bool {
	_, err := language.Parse(text)
	return err == nil
}

func isZone(text string) bool {
	_, err := time.LoadLocation(text)
	return err == nil && text != "Local"
}

package settings

import (
	"errors"
	"net/http"
	"net/url"
	"time"
	_ "time/tzdata" // time zones are known wherever this runs
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
	"golang.org/x/text/language"
)

func (p *Pages) showProfile(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.renderProfile(w, r, v, v.User.Username, v.User.Profile, nil)
}

// renderProfile shows the form, with what is wrong by the name of the field.
func (p *Pages) renderProfile(w http.ResponseWriter, r *http.Request, v *visit, username string, profile storage.Profile, wrong map[string]string) error {
	data := ui.AccountProfile{
		Account: p.begin(w, r, v, "account.profile"), Username: username, Profile: profile,
		Email: v.User.Email, Phone: v.User.Phone, AskPhone: p.cfg.Factors.Phone() != nil,
	}
	if profile.Address != nil {
		data.Postal = *profile.Address
	}
	for field, key := range wrong {
		data.Fail(field, key)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// claim is a field of the form: what it sets, and what it may hold.
type claim struct {
	field string
	value *string
	max   int
	// check says by the key of a text what is wrong with a value; nil takes any.
	check func(string) string
}

// claims are what a form can set, and all that it can set (requirement RE4): it
// is never read for anything else.
func claims(profile *storage.Profile, postal *storage.Address, username *string) []claim {
	const name, address = ident.MaxName, 1024
	return []claim{
		{"username", username, ident.MaxUsername, checkUsername},
		{"name", &profile.Name, name, nil},
		{"given_name", &profile.GivenName, name, nil},
		{"family_name", &profile.FamilyName, name, nil},
		{"nickname", &profile.Nickname, name, nil},
		{"gender", &profile.Gender, name, nil},
		{"birthdate", &profile.Birthdate, 10, checkDate},
		{"website", &profile.Website, address, checkURL},
		{"picture", &profile.Picture, address, checkURL},
		{"locale", &profile.Locale, 35, checkLocale},
		{"zoneinfo", &profile.Zoneinfo, 64, checkZone},
		{"street_address", &postal.StreetAddress, 320, nil},
		{"postal_code", &postal.PostalCode, 32, nil},
		{"locality", &postal.Locality, 320, nil},
		{"region", &postal.Region, 320, nil},
		{"country", &postal.Country, 320, nil},
	}
}

func (p *Pages) changeProfile(w http.ResponseWriter, r *http.Request, v *visit) error {
	profile, username := v.User.Profile, v.User.Username
	postal := storage.Address{}
	if profile.Address != nil {
		postal = *profile.Address
	}
	before := postal
	wrong := map[string]string{}
	for _, c := range claims(&profile, &postal, &username) {
		if !r.PostForm.Has(c.field) || c.field == "username" && p.cfg.Username == "off" {
			continue
		}
		typed := ident.Clean(r.PostForm.Get(c.field))
		if typed == *c.value {
			continue // what was taken over from elsewhere may stay as it is
		}
		*c.value = typed
		switch {
		case utf8.RuneCountInString(typed) > c.max:
			wrong[c.field] = "wrong.long"
		case c.check != nil && typed != "":
			if key := c.check(typed); key != "" {
				wrong[c.field] = key
			}
		}
	}
	if username == "" && (p.cfg.Username == "required" && v.User.Username != "" || v.User.Email == "") {
		wrong["username"] = "wrong.required"
	}
	if postal != before {
		postal.Formatted = "" // it said the same of the old one
	}
	profile.Address = nil
	if postal != (storage.Address{}) {
		profile.Address = &postal
	}
	if len(wrong) > 0 {
		return p.renderProfile(w, r, v, username, profile, wrong)
	}
	if username != v.User.Username { // people sign in with it
		if fresh, err := p.weigh(r, v); err != nil {
			return err
		} else if !fresh {
			return p.askFresh(w, r, login.Asked{ReturnTo: ui.PathProfile})
		}
	}
	return p.saveProfile(w, r, v, username, profile)
}

func (p *Pages) saveProfile(w http.ResponseWriter, r *http.Request, v *visit, username string, profile storage.Profile) error {
	event, err := p.cfg.Flow.Event(r, v.SignedIn, storage.EventProfileChanged)
	if err != nil {
		return err
	}
	err = p.cfg.Users.UpdateProfile(r.Context(), v.User.ID, profile, username, p.cfg.Now(), event)
	if errors.Is(err, storage.ErrConflict) {
		return p.renderProfile(w, r, v, username, profile, map[string]string{"username": "wrong.username_taken"})
	}
	if err != nil {
		return unavailable("update profile", err)
	}
	return done(w, r, ui.PathProfile, "saved")
}

func checkUsername(typed string) string {
	if _, err := ident.Username(typed); err != nil {
		return "wrong.username"
	}
	return ""
}

func checkDate(typed string) string {
	if _, err := time.Parse(time.DateOnly, typed); err != nil {
		return "wrong.date"
	}
	return ""
}

// checkURL takes addresses that a browser may be shown: nothing that runs.
func checkURL(typed string) string {
	u, err := url.Parse(typed)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "wrong.url"
	}
	return ""
}

func checkLocale(typed string) string {
	if _, err := language.Parse(typed); err != nil {
		return "wrong.locale"
	}
	return ""
}

func checkZone(typed string) string {
	if _, err := time.LoadLocation(typed); err != nil || typed == "Local" {
		return "wrong.zoneinfo"
	}
	return ""
}

package settings

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

func (h *Handler) showProfile(w http.ResponseWriter, r *http.Request, v *visit) error {
	return h.renderProfile(w, r, v, v.User.Username, v.User.Profile, nil)
}

// renderProfile shows the form, with what is wrong with it.
func (h *Handler) renderProfile(w http.ResponseWriter, r *http.Request, v *visit, username string, profile storage.Profile, problems []login.Problem) error {
	data := ui.AccountProfile{
		Account: h.newPage(w, r, v, "account.profile"), Username: username, Profile: profile,
		Email: v.User.Email, Phone: v.User.Phone, AskPhone: h.cfg.Factors.Phone() != nil,
	}
	if profile.Address != nil {
		data.Postal = *profile.Address
	}
	showProblems(&data.Page, problems)
	return h.cfg.UI.Render(w, http.StatusOK, data)
}

// profileFields are what the form can set, and all that it can set (requirement
// RE4, mass assignment): it is never read for anything else.
func profileFields(profile *storage.Profile, postal *storage.Address, username *string) map[string]*string {
	return map[string]*string{
		"username": username,
		"name":     &profile.Name, "given_name": &profile.GivenName, "family_name": &profile.FamilyName,
		"nickname": &profile.Nickname, "gender": &profile.Gender, "birthdate": &profile.Birthdate,
		"website": &profile.Website, "picture": &profile.Picture, "locale": &profile.Locale, "zoneinfo": &profile.Zoneinfo,
		"street_address": &postal.StreetAddress, "postal_code": &postal.PostalCode, "locality": &postal.Locality,
		"region": &postal.Region, "country": &postal.Country,
	}
}

func (h *Handler) changeProfile(w http.ResponseWriter, r *http.Request, v *visit) error {
	profile, username, postal := v.User.Profile, v.User.Username, storage.Address{}
	if profile.Address != nil {
		postal = *profile.Address
	}
	for field, value := range profileFields(&profile, &postal, &username) {
		if !r.PostForm.Has(field) || field == "username" && h.cfg.Accounts.SignUpPolicy().Username == account.PresenceOff {
			continue
		}
		if typed := ident.Clean(r.PostForm.Get(field)); typed != ident.Clean(*value) {
			*value = typed
		}
	}
	profile.Address = &postal
	var problems []login.Problem
	for _, err := range h.cfg.Accounts.CheckProfile(&v.User, &profile, username) {
		problems = append(problems, login.Problems(err, "")...)
	}
	if len(problems) > 0 {
		return h.renderProfile(w, r, v, username, profile, problems)
	}
	err := h.cfg.Accounts.SetProfile(r.Context(), v.actor, v.User.ID, profile, username)
	if errors.Is(err, account.ErrTaken) {
		return h.renderProfile(w, r, v, username, profile, login.Problems(err, ""))
	}
	if err != nil {
		return h.answerRefusal(w, r, ui.PathProfile, "update profile", err)
	}
	return redirectDone(w, r, ui.PathProfile, "saved")
}

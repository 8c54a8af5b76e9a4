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
		Account: h.newPage(w, r, v, "account.profile"), Fields: h.profileFields(),
		Email: v.User.Email, Phone: v.User.Phone, AskPhone: h.cfg.Factors.Phone() != nil,
		Values: map[string]string{"username": username},
	}
	for _, name := range account.ClaimNames() {
		data.Values[name] = account.ClaimValue(profile, name)
	}
	showProblems(&data.Page, problems)
	return h.cfg.UI.Render(w, http.StatusOK, data)
}

// addressFields are the parts of the claim address.
var addressFields = []string{"street_address", "postal_code", "locality", "region", "country"}

// profileFields are the fields that the form shows, and all that it can set
// (requirement RE4, mass assignment): it is never read for anything else.
func (h *Handler) profileFields() []string {
	var fields []string
	for _, claim := range h.cfg.ProfileFields {
		switch {
		case claim == "address":
			fields = append(fields, addressFields...)
		case claim != "preferred_username":
			fields = append(fields, claim)
		case h.cfg.Accounts.SignUpPolicy().Username != account.PresenceOff:
			fields = append(fields, "username")
		}
	}
	return fields
}

func (h *Handler) changeProfile(w http.ResponseWriter, r *http.Request, v *visit) error {
	profile, username := v.User.Profile, v.User.Username
	for _, field := range h.profileFields() {
		if !r.PostForm.Has(field) {
			continue
		}
		typed, known := ident.Clean(r.PostForm.Get(field)), account.ClaimValue(profile, field)
		if field == "username" {
			known = username
		}
		// What came from elsewhere stays as it is spelled until somebody changes it.
		switch {
		case typed == ident.Clean(known):
		case field == "username":
			username = typed
		default:
			account.SetClaim(&profile, field, typed)
		}
	}
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

package settings

import (
	"errors"
	"net/http"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/attribute"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/ui"
)

func (h *Handler) showProfile(w http.ResponseWriter, r *http.Request, v *visit) error {
	data := ui.AccountProfile{
		Account: h.newPage(w, r, v, "account.profile"), Fields: h.profileFields(),
		Email: v.User.Email, Phone: v.User.Phone, AskPhone: h.cfg.Factors.Phone() != nil,
		Values: map[string]string{"username": v.typed("username", v.User.Username)},
	}
	edited, told := h.attributes()
	data.Attributes = login.ShownAttributes(edited, func(name string) string {
		return v.typed(account.AttributeField(name), attribute.Text(v.User.Attributes[name]))
	})
	for _, a := range login.ShownAttributes(told, func(name string) string { return attribute.Text(v.User.Attributes[name]) }) {
		if a.Text != "" {
			data.Facts = append(data.Facts, a)
		}
	}
	for _, name := range account.ClaimNames() {
		data.Values[name] = v.typed(name, account.ClaimValue(v.User.Profile, name))
	}
	return h.cfg.UI.Render(w, http.StatusOK, data)
}

// attributes are the custom attributes that a person edits, and those that they are
// only told of.
func (h *Handler) attributes() (edited, told attribute.Schema) {
	for _, d := range h.cfg.Accounts.Attributes().Seen(attribute.Person) {
		if d.EditableBy.Includes(attribute.Person) {
			edited = append(edited, d)
		} else {
			told = append(told, d)
		}
	}
	return edited, told
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
	edited, _ := h.attributes()
	set, problems := login.AttributesTyped(edited, r.PostForm, func(name string) string { return attribute.Text(v.User.Attributes[name]) })
	_, wrong := h.cfg.Accounts.CheckAttributes(v.actor, &v.User, set)
	for _, err := range append(h.cfg.Accounts.CheckProfile(&v.User, &profile, username), wrong...) {
		problems = append(problems, login.Problems(err, "")...)
	}
	if len(problems) > 0 {
		return h.refuse(w, r, ui.PathProfile, problems...)
	}
	err := h.cfg.Accounts.SetProfile(r.Context(), v.actor, v.User.ID, profile, username)
	if errors.Is(err, account.ErrTaken) {
		return h.refuse(w, r, ui.PathProfile, login.Problems(err, "")...)
	}
	if err == nil && len(set) > 0 {
		err = h.cfg.Accounts.SetAttributes(r.Context(), v.actor, v.User.ID, set)
	}
	if err != nil {
		return h.answerRefusal(w, r, ui.PathProfile, "update profile", err)
	}
	return redirectDone(w, r, ui.PathProfile, "saved")
}

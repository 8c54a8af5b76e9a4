package settings

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// addPath leads to the flow that adds a factor of the kind it names.
const addPath = ui.PathSecurity + "/add"

const kindParam = "kind"

func (p *Pages) showSecurity(w http.ResponseWriter, r *http.Request, v *visit) error {
	return p.renderSecurity(w, r, v, "")
}

func (p *Pages) renderSecurity(w http.ResponseWriter, r *http.Request, v *visit, problem string) error {
	person, err := p.cfg.Factors.Person(r.Context(), &v.User)
	if err != nil {
		return unavailable("read factors", err)
	}
	devices, err := p.cfg.Devices.ListByUser(r.Context(), v.User.ID, p.cfg.Now())
	if err != nil {
		return unavailable("list trusted devices", err)
	}
	data := ui.AccountSecurity{
		Account:     p.begin(w, r, v, "account.security"),
		HasPassword: v.User.PasswordHash != "", PasswordChangedAt: v.User.PasswordChangedAt,
		Credentials: person.Credentials, Recovery: person.Recovery, Devices: devices,
		Required: p.cfg.Accounts.FactorRequired(&v.User),
	}
	for _, kind := range p.cfg.Accounts.Enrollable() {
		data.Add = append(data.Add, ui.FactorLink{Kind: kind, URL: addPath + "?" + url.Values{kindParam: {string(kind)}}.Encode()})
	}
	if problem != "" {
		data.Say(ui.NoticeFailure, problem)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// addFactor sends the browser into the flow that adds a factor, on fresh proofs
// (requirement PK3), and back.
func (p *Pages) addFactor(w http.ResponseWriter, r *http.Request, _ *visit) error {
	kind := storage.FactorKind(r.URL.Query().Get(kindParam))
	if !slices.Contains(p.cfg.Accounts.Enrollable(), kind) {
		return notTheirs(fmt.Errorf("no factor of kind %q can be added", kind))
	}
	return p.cfg.Flow.Ask(w, r, login.Asked{ReturnTo: ui.PathSecurity, Enroll: kind, Fresh: p.cfg.Accounts.FreshFor()})
}

// changeSecurity does what the button says.
func (p *Pages) changeSecurity(w http.ResponseWriter, r *http.Request, v *visit) error {
	form := r.PostForm
	switch {
	case form.Has("rename"):
		return p.renameFactor(w, r, v, storage.ID(form.Get("rename")))
	case form.Has("forget"):
		return p.forgetDevice(w, r, v, form.Get("forget"))
	case form.Has("remove"):
		return p.removeFactor(w, r, v, storage.ID(form.Get("remove")))
	case form.Has("recovery") && p.cfg.Accounts.RecoveryCounts():
		return p.replaceRecoveryCodes(w, r, v)
	}
	return p.renderSecurity(w, r, v, "")
}

// replaceRecoveryCodes makes new ones, and shows them once.
func (p *Pages) replaceRecoveryCodes(w http.ResponseWriter, r *http.Request, v *visit) error {
	codes, err := p.cfg.Accounts.ReplaceRecoveryCodes(r.Context(), v.by, v.User.ID)
	if err != nil {
		return p.refused(w, r, v, ui.PathSecurity, "make recovery codes", err)
	}
	return p.cfg.Flow.ShowRecoveryCodes(w, r, v.SignedIn, codes, ui.PathSecurity)
}

func (p *Pages) renameFactor(w http.ResponseWriter, r *http.Request, v *visit, id storage.ID) error {
	err := p.cfg.Accounts.RenameFactor(r.Context(), v.by, v.User.ID, id, ident.Clean(r.PostForm.Get("name")))
	for _, problem := range login.Problems(err, "") {
		return p.renderSecurity(w, r, v, problem.Text)
	}
	if err != nil {
		return p.refused(w, r, v, ui.PathSecurity, "rename factor", err)
	}
	return done(w, r, ui.PathSecurity, "saved")
}

// removeFactor removes a factor, unless it is the last one and policy wants one.
func (p *Pages) removeFactor(w http.ResponseWriter, r *http.Request, v *visit, id storage.ID) error {
	err := p.cfg.Accounts.RemoveFactor(r.Context(), v.by, v.User.ID, id)
	if errors.Is(err, account.ErrLast) {
		return p.renderSecurity(w, r, v, "notice.factor_kept")
	}
	if err != nil {
		return p.refused(w, r, v, ui.PathSecurity, "remove factor", err)
	}
	return done(w, r, ui.PathSecurity, "factor_removed")
}

// forgetDevice ends trust in one browser, or in all.
func (p *Pages) forgetDevice(w http.ResponseWriter, r *http.Request, v *visit, which string) error {
	var err error
	if which == "all" {
		err = p.cfg.Accounts.ForgetDevices(r.Context(), v.by, v.User.ID)
	} else {
		err = p.cfg.Accounts.ForgetDevice(r.Context(), v.by, v.User.ID, storage.ID(which))
	}
	if err != nil {
		return p.refused(w, r, v, ui.PathSecurity, "forget trusted device", err)
	}
	return done(w, r, ui.PathSecurity, "device_forgotten")
}

package settings

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/storage"
)

// addPath leads to the flow that adds a factor of the kind it names.
const addPath = ui.PathSecurity + "/add"

const kindParam = "kind"

// maxCredentialName is how long the name of a credential may be, in characters.
const maxCredentialName = 64

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
		Required: p.cfg.Flow.FactorRequired(&v.User),
	}
	for _, kind := range p.cfg.Flow.Enrollable() {
		data.Add = append(data.Add, ui.FactorLink{Kind: kind, URL: addPath + "?" + url.Values{kindParam: {string(kind)}}.Encode()})
	}
	if problem != "" {
		data.Say(ui.NoticeFailure, problem)
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// addFactor sends the browser into the flow that adds a factor, on fresh evidence
// (requirement PK3), and back.
func (p *Pages) addFactor(w http.ResponseWriter, r *http.Request, _ *visit) error {
	kind := storage.FactorKind(r.URL.Query().Get(kindParam))
	if !slices.Contains(p.cfg.Flow.Enrollable(), kind) {
		return notTheirs(fmt.Errorf("no factor of kind %q can be added", kind))
	}
	return p.askFresh(w, r, login.Asked{ReturnTo: ui.PathSecurity, Enroll: kind})
}

// changeSecurity does what the button says. Whatever makes an account weaker, or
// gives out another way in, wants fresh evidence.
func (p *Pages) changeSecurity(w http.ResponseWriter, r *http.Request, v *visit) error {
	form := r.PostForm
	switch {
	case form.Has("rename"):
		return p.renameFactor(w, r, v, storage.ID(form.Get("rename")))
	case form.Has("forget"):
		return p.forgetDevice(w, r, v, form.Get("forget"))
	case form.Has("remove"):
		return p.freshly(w, r, v, func() error { return p.removeFactor(w, r, v, storage.ID(form.Get("remove"))) })
	case form.Has("recovery") && p.cfg.Flow.RecoveryCounts():
		return p.freshly(w, r, v, func() error { return p.cfg.Flow.ReplaceRecoveryCodes(w, r, v.SignedIn, ui.PathSecurity) })
	}
	return p.renderSecurity(w, r, v, "")
}

// freshly does something on fresh evidence; without, the browser fetches that
// first, and the person presses the button again.
func (p *Pages) freshly(w http.ResponseWriter, r *http.Request, v *visit, do func() error) error {
	fresh, err := p.weigh(r, v)
	if err != nil {
		return err
	}
	if !fresh {
		return p.askFresh(w, r, login.Asked{ReturnTo: ui.PathSecurity})
	}
	return do()
}

func (p *Pages) renameFactor(w http.ResponseWriter, r *http.Request, v *visit, id storage.ID) error {
	name := ident.Clean(r.PostForm.Get("name"))
	switch {
	case name == "":
		return p.renderSecurity(w, r, v, "wrong.required")
	case utf8.RuneCountInString(name) > maxCredentialName:
		return p.renderSecurity(w, r, v, "wrong.long")
	}
	event, err := p.cfg.Flow.Event(r, v.SignedIn, storage.EventFactorRenamed)
	if err != nil {
		return err
	}
	err = p.cfg.Credentials.Rename(r.Context(), v.User.ID, id, name, event)
	if errors.Is(err, storage.ErrNotFound) {
		return notTheirs(err)
	}
	if err != nil {
		return unavailable("rename factor", err)
	}
	return done(w, r, ui.PathSecurity, "saved")
}

// removeFactor removes a factor, unless it is the last one and policy wants one.
func (p *Pages) removeFactor(w http.ResponseWriter, r *http.Request, v *visit, id storage.ID) error {
	person, err := p.cfg.Factors.Person(r.Context(), &v.User)
	if err != nil {
		return unavailable("read factors", err)
	}
	i := slices.IndexFunc(person.Credentials, func(c storage.Credential) bool { return c.ID == id })
	if i < 0 {
		return notTheirs(fmt.Errorf("no factor %q", id))
	}
	credential := person.Credentials[i]
	event, err := p.cfg.Flow.Event(r, v.SignedIn, storage.EventFactorRemoved)
	if err != nil {
		return err
	}
	event.Detail = string(credential.Kind)
	told, err := p.cfg.Flow.Notice(r, &v.User, message.Notice{
		Kind: storage.MessageFactorRemoved, Factor: credential.Kind, Name: credential.Name,
	})
	if err != nil {
		return err
	}
	err = p.cfg.Credentials.Delete(r.Context(), v.User.ID, id, p.cfg.Flow.FactorRequired(&v.User), event, told...)
	switch {
	case errors.Is(err, storage.ErrConflict):
		return p.renderSecurity(w, r, v, "notice.factor_kept")
	case errors.Is(err, storage.ErrNotFound):
		return notTheirs(err)
	case err != nil:
		return unavailable("remove factor", err)
	}
	p.cfg.Queued()
	return done(w, r, ui.PathSecurity, "factor_removed")
}

// forgetDevice ends trust in one browser, or in all.
func (p *Pages) forgetDevice(w http.ResponseWriter, r *http.Request, v *visit, which string) error {
	event, err := p.cfg.Flow.Event(r, v.SignedIn, storage.EventDeviceForgotten)
	if err != nil {
		return err
	}
	if which == "all" {
		err = p.cfg.Devices.DeleteAll(r.Context(), v.User.ID, event)
	} else {
		event.Detail = "device " + which
		err = p.cfg.Devices.Delete(r.Context(), v.User.ID, storage.ID(which), event)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return notTheirs(err)
	}
	if err != nil {
		return unavailable("forget trusted device", err)
	}
	return done(w, r, ui.PathSecurity, "device_forgotten")
}

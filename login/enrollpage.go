package login

import (
	"errors"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// enrollPage has the person add a factor.
type enrollPage struct {
	*core
	codes *codesPage
}

// show shows what the person needs to add a factor: the one they chose, or where there
// are several and none was chosen, the choice.
func (p *enrollPage) show(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if err := p.startGrace(r, f); err != nil {
		return err
	}
	kind := p.chosen(r, f)
	if kind == "" {
		return p.renderChoice(w, r, f)
	}
	if err := p.ensurePartial(w, r, f); err != nil {
		return err
	}
	return p.render(w, r, f, kind)
}

// startGrace has the grace for enrollment run from when it was first asked for.
func (p *enrollPage) startGrace(r *http.Request, f *flowContext) error {
	if err := p.users.StartEnrollmentGrace(r.Context(), f.state.User.ID, p.now()); err != nil {
		return pageerror.Unavailable("record that a factor was asked for", err)
	}
	return nil
}

// kinds are those that the person may add at this step.
func (p *enrollPage) kinds(f *flowContext) []storage.FactorKind {
	if kinds := f.state.Offer.Enroll; len(kinds) > 0 {
		return kinds
	}
	return p.enrollable() // asked for by the person, or in place of a lost one
}

func (p *enrollPage) chosen(r *http.Request, f *flowContext) storage.FactorKind {
	kinds := p.kinds(f)
	for _, kind := range []storage.FactorKind{storage.FactorKind(r.FormValue(factorParam)), f.interaction.Enroll()} {
		if slices.Contains(kinds, kind) {
			return kind
		}
	}
	if len(kinds) == 1 {
		return kinds[0]
	}
	return ""
}

func (p *enrollPage) renderChoice(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	data := ui.EnrollChoice{
		Page: p.personPage(w, r, f, "/enroll", "enroll.title"), Kinds: factorLinks("/enroll", f.interaction, p.kinds(f), ""),
	}
	if f.state.MayPutOff() {
		data.Until = f.state.PutOffUntil()
	}
	return p.ui.Render(w, http.StatusOK, data)
}

// render shows what a kind needs, by how its first response is given.
func (p *enrollPage) render(w http.ResponseWriter, r *http.Request, f *flowContext, kind storage.FactorKind) error {
	attempt, err := p.factorAttempt(r, f)
	if err != nil {
		return err
	}
	enrollment, err := p.accounts.StartFactor(r.Context(), p.actor(r, f), kind, attempt)
	switch {
	case errors.Is(err, mfa.ErrNotOffered):
		return p.advance(w, r, f)
	case err != nil:
		return accountError("start enrollment", err)
	}
	said, err := p.flash.Read(r)
	if err != nil {
		return err
	}
	page := p.personPage(w, r, f, "/enroll", string(kind)+".title")
	page.Carry(factorParam, string(kind))
	Say(&page, said)
	name, back := said.Typed.Get("name"), p.back(f)
	if enrollment.Input == mfa.InputPasskey {
		return p.ui.Render(w, http.StatusOK, ui.EnrollPasskey{
			Page: page, Name: name, Back: back, Passkey: ui.Ceremony{Action: page.Action, Options: string(enrollment.Options)},
		})
	}
	return p.ui.Render(w, http.StatusOK, ui.EnrollTOTP{
		Page: page, Name: name, Back: back, Secret: enrollment.Secret, URI: enrollment.URI,
	})
}

// back is the way out: to the page that asked for it, or to the choice.
func (p *enrollPage) back(f *flowContext) string {
	switch {
	case f.interaction.Enroll() != "":
		return f.interaction.Page.ReturnTo
	case len(p.kinds(f)) > 1:
		return f.interaction.Address("/enroll")
	}
	return ""
}

// add confirms a factor by its first response, which is a proof as well. With the
// first factor come recovery codes.
func (p *enrollPage) add(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if r.PostForm.Has("later") && f.state.MayPutOff() {
		return p.putOff(w, r, f)
	}
	kind := p.chosen(r, f)
	if kind == "" || f.partial == nil {
		return p.advance(w, r, f)
	}
	attempt, err := p.factorAttempt(r, f)
	if err != nil {
		return err
	}
	response := mfa.Response{Code: r.PostForm.Get("code"), Passkey: []byte(r.PostForm.Get(credentialField))}
	credential, err := p.accounts.AddFactor(r.Context(), p.actor(r, f), kind, attempt, response, r.PostForm.Get("name"))
	if err != nil {
		return p.failed(w, r, f, kind, err)
	}
	f.partial.Proofs = flow.Merge(append(f.partial.Proofs, storage.Proof{Kind: kind, At: p.now(), CredentialID: credential.ID})...)
	if err := p.partials.Save(w, r, f.partial); err != nil {
		return err
	}
	codes, err := p.codes.make(r, f)
	if err != nil {
		return err
	}
	err = p.answer(r.Context(), f.interaction, f.state.User.ID, func(a *interaction.Answers) {
		a.Enrolled = true // whatever else is asked for
		if codes != "" {
			a.RecoveryCodes = codes
		}
	})
	if err != nil {
		return err
	}
	return p.redirectToNextStep(w, r, f)
}

// putOff has the person go on without a factor, while the grace runs: also where the
// page was never shown.
func (p *enrollPage) putOff(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	if err := p.startGrace(r, f); err != nil {
		return err
	}
	skipped := func(a *interaction.Answers) { a.EnrollSkipped = true }
	if err := p.answer(r.Context(), f.interaction, f.state.User.ID, skipped); err != nil {
		return err
	}
	return p.redirectToNextStep(w, r, f)
}

// failed has the page say what was wrong, or says why there is no more trying.
func (p *enrollPage) failed(w http.ResponseWriter, r *http.Request, f *flowContext, kind storage.FactorKind, failure error) error {
	var wrong *mfa.WrongError
	key := ""
	switch {
	case isStale(failure):
		return p.redirectToNextStep(w, r, f) // to the proofs that are missing
	case errors.As(failure, &wrong):
		key = "wrong.code"
	case errors.Is(failure, mfa.ErrExpired):
		key = "wrong.code_expired"
	case errors.Is(failure, mfa.ErrNotOffered):
		return p.advance(w, r, f)
	case errors.Is(failure, mfa.ErrTaken):
		key = "passkey.known"
	case errors.Is(failure, mfa.ErrTooMany):
		key = "notice.factors_full"
	case errors.Is(failure, mfa.ErrSpent):
		if err := p.dropPartial(w, r, f); err != nil {
			return err
		}
		return errTriesSpent(failure)
	default:
		return accountError("confirm enrollment", failure)
	}
	said := flash.Message{}
	if len(r.PostForm.Get(credentialField)) > 0 {
		said.Failure = key
	} else {
		said.Problems = []Problem{{Field: "code", Text: key}}
	}
	return p.refuse(w, r, factorAddress("/enroll", f.interaction, kind), said)
}

// codesPage shows new recovery codes until the person says to have kept them.
type codesPage struct {
	*core
	sealer *keys.Sealer
}

// make gives whoever has none a set, where recovery codes count. They wait in the
// interaction, sealed to it, until the person has seen them; it returns them so.
func (p *codesPage) make(r *http.Request, f *flowContext) (waiting string, err error) {
	if f.person.Recovery.Remaining > 0 && !f.state.RecoveryPending() || !p.accounts.RecoveryCounts() {
		return "", nil
	}
	codes, err := p.accounts.ReplaceRecoveryCodes(r.Context(), p.actor(r, f), f.state.User.ID)
	if err != nil {
		return "", accountError("make recovery codes", err)
	}
	return sealed(p.sealer, f.interaction, recoveryColumn, codes)
}

func (p *codesPage) show(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	var codes []string
	if err := opened(p.sealer, f.interaction, recoveryColumn, f.interaction.AnswersOf(f.state.User.ID).RecoveryCodes, &codes); err != nil {
		return err
	}
	page := p.personPage(w, r, f, "/recovery-codes", "recovery.title")
	page.Identity.Switch = "" // nobody who leaves would see them again
	return p.ui.Render(w, http.StatusOK, ui.RecoveryCodes{Page: page, Codes: codes, Account: f.state.User.Identifier()})
}

// kept forgets the codes: nobody shows them again.
func (p *codesPage) kept(w http.ResponseWriter, r *http.Request, f *flowContext) error {
	forget := func(a *interaction.Answers) { a.RecoveryCodes = "" }
	if err := p.answer(r.Context(), f.interaction, f.state.User.ID, forget); err != nil {
		return err
	}
	return p.redirectToNextStep(w, r, f)
}

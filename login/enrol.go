package login

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/flow"
	"github.com/latchkey-id/latchkey/login/pageerror"
	"github.com/latchkey-id/latchkey/login/ui"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// showEnrol shows what the person needs to add a factor: the one they chose, or
// where there are several and none was chosen, the choice.
func (p *Pages) showEnrol(w http.ResponseWriter, r *http.Request, s *standing) error {
	if err := p.cfg.Users.StartEnrollmentGrace(r.Context(), s.state.User.ID, p.cfg.Now()); err != nil {
		return pageerror.Unavailable("note that a factor was asked for", err)
	}
	kinds := p.enrollable(s)
	kind := p.chosenEnrolment(r, s, kinds)
	if kind == "" {
		return p.renderEnrolChoice(w, r, s, kinds)
	}
	if err := p.ensurePartial(w, r, s); err != nil {
		return err
	}
	return p.renderEnrolment(w, r, s, kind, "")
}

// enrollable are the kinds that the person may add at this step.
func (p *Pages) enrollable(s *standing) []storage.FactorKind {
	if kinds := s.state.Offer.Enrol; len(kinds) > 0 {
		return kinds
	}
	return p.allEnrollable() // asked for by the person, or in place of a lost one
}

// allEnrollable are the kinds that people enrol and that count.
func (p *Pages) allEnrollable() []storage.FactorKind {
	var kinds []storage.FactorKind
	for _, factor := range p.cfg.Factors.All() {
		if _, ok := factor.(mfa.Enroller); ok && p.policy.Reaches(factor.Kind()) != "" {
			kinds = append(kinds, factor.Kind())
		}
	}
	return kinds
}

func (p *Pages) chosenEnrolment(r *http.Request, s *standing, kinds []storage.FactorKind) storage.FactorKind {
	for _, kind := range []storage.FactorKind{storage.FactorKind(r.FormValue(factorParam)), s.in.Enroll()} {
		if slices.Contains(kinds, kind) {
			return kind
		}
	}
	if len(kinds) == 1 {
		return kinds[0]
	}
	return ""
}

func (p *Pages) renderEnrolChoice(w http.ResponseWriter, r *http.Request, s *standing, kinds []storage.FactorKind) error {
	data := ui.EnrolChoice{Page: p.page(w, r, s.in, "/enroll", "enrol.title"), Kinds: factorLinks("/enroll", s.in, kinds, "")}
	if s.state.MayPutOff() {
		data.Until = s.state.PutOffUntil()
	}
	return p.cfg.UI.Render(w, http.StatusOK, data)
}

// renderEnrolment shows what a kind needs, by how its first response is given.
func (p *Pages) renderEnrolment(w http.ResponseWriter, r *http.Request, s *standing, kind storage.FactorKind, problem string) error {
	attempt, err := p.attemptOf(r, s)
	if err != nil {
		return err
	}
	enrolment, err := p.cfg.Accounts.StartFactor(r.Context(), p.actor(r, s), kind, attempt)
	switch {
	case errors.Is(err, mfa.ErrNotOffered):
		return p.advance(w, r, s)
	case err != nil:
		return accountError("start enrolment", err)
	}
	page := p.page(w, r, s.in, "/enroll", string(kind)+".title")
	page.Carry(factorParam, string(kind))
	back := ""
	switch {
	case s.in.Enroll() != "":
		back = s.in.Page.ReturnTo // the page that asked for it
	case len(p.enrollable(s)) > 1:
		back = address("/enroll", s.in)
	}
	name := r.PostForm.Get("name")
	if enrolment.Input == mfa.InputPasskey {
		if problem != "" {
			page.Say(ui.NoticeFailure, problem)
		}
		return p.cfg.UI.Render(w, http.StatusOK, ui.EnrolPasskey{
			Page: page, Name: name, Back: back, Passkey: ui.Ceremony{Action: page.Action, Options: string(enrolment.Options)},
		})
	}
	if problem != "" {
		page.Fail("code", problem)
	}
	return p.cfg.UI.Render(w, http.StatusOK, ui.EnrolTOTP{
		Page: page, Name: name, Back: back, Secret: enrolment.Secret, URI: enrolment.URI,
	})
}

// attemptOf is attempt, with the person read where the step did not need them.
func (p *Pages) attemptOf(r *http.Request, s *standing) (mfa.Attempt, error) {
	if s.person == nil {
		person, err := p.cfg.Factors.Person(r.Context(), s.state.User)
		if err != nil {
			return mfa.Attempt{}, pageerror.Unavailable("read factors", err)
		}
		s.person = &person
	}
	return p.attempt(r, s)
}

// enrol confirms a factor by its first response, which is a proof as well. With
// the first factor come recovery codes.
func (p *Pages) enrol(w http.ResponseWriter, r *http.Request, s *standing) error {
	if r.PostForm.Has("later") && s.state.MayPutOff() {
		// The grace runs although the page may never have been shown.
		if err := p.cfg.Users.StartEnrollmentGrace(r.Context(), s.state.User.ID, p.cfg.Now()); err != nil {
			return pageerror.Unavailable("note that a factor was asked for", err)
		}
		skipped := func(a *interaction.Answers) { a.EnrollSkipped = true }
		if err := p.answer(r.Context(), s.in, s.state.User.ID, skipped); err != nil {
			return err
		}
		return p.again(w, r, s.in, s.part)
	}
	kind := p.chosenEnrolment(r, s, p.enrollable(s))
	if kind == "" || s.part == nil {
		return p.advance(w, r, s)
	}
	attempt, err := p.attemptOf(r, s)
	if err != nil {
		return err
	}
	response := mfa.Response{Code: r.PostForm.Get("code"), Passkey: []byte(r.PostForm.Get(credentialField))}
	credential, err := p.cfg.Accounts.AddFactor(r.Context(), p.actor(r, s), kind, attempt, response, r.PostForm.Get("name"))
	if err != nil {
		return p.enrolmentFailed(w, r, s, kind, err)
	}
	s.part.Proofs = flow.Merge(append(s.part.Proofs, storage.Proof{Kind: kind, At: p.cfg.Now(), CredentialID: credential.ID})...)
	if err := p.cfg.Partials.Save(w, r, s.part); err != nil {
		return err
	}
	codes, err := p.makeRecoveryCodes(r, s)
	if err != nil {
		return err
	}
	err = p.answer(r.Context(), s.in, s.state.User.ID, func(a *interaction.Answers) {
		a.Enrolled = true // whatever else is asked for
		if codes != "" {
			a.RecoveryCodes = codes
		}
	})
	if err != nil {
		return err
	}
	return p.again(w, r, s.in, s.part)
}

func (p *Pages) enrolmentFailed(w http.ResponseWriter, r *http.Request, s *standing, kind storage.FactorKind, failure error) error {
	var wrong *mfa.WrongError
	key := ""
	switch {
	case isStale(failure):
		return p.again(w, r, s.in, s.part) // to the proofs that are missing
	case errors.As(failure, &wrong):
		key = "wrong.code"
	case errors.Is(failure, mfa.ErrExpired):
		key = "wrong.code_expired"
	case errors.Is(failure, mfa.ErrNotOffered):
		return p.advance(w, r, s)
	case errors.Is(failure, mfa.ErrTaken):
		key = "passkey.known"
	case errors.Is(failure, mfa.ErrTooMany):
		key = "notice.factors_full"
	case errors.Is(failure, mfa.ErrSpent):
		if err := p.cfg.Partials.Drop(w, r, s.part); err != nil {
			return err
		}
		return errTriesSpent(failure)
	default:
		return accountError("confirm enrolment", failure)
	}
	return p.renderEnrolment(w, r, s, kind, key)
}

// makeRecoveryCodes gives whoever has none a set, where recovery codes count.
// They wait in the interaction, sealed to it, until the person has seen them; it
// returns them so.
func (p *Pages) makeRecoveryCodes(r *http.Request, s *standing) (sealed string, err error) {
	if s.person.Recovery.Remaining > 0 && !s.state.RecoveryPending() || !p.cfg.Accounts.RecoveryCounts() {
		return "", nil
	}
	codes, err := p.cfg.Accounts.ReplaceRecoveryCodes(r.Context(), p.actor(r, s), s.state.User.ID)
	if err != nil {
		return "", accountError("make recovery codes", err)
	}
	return p.sealRecoveryCodes(s.in, codes)
}

func (p *Pages) recoveryPlace(in *interaction.Interaction) keys.AssociatedData {
	return keys.AssociatedData{Table: "interaction", Column: "recovery_codes", Row: in.ID}
}

func (p *Pages) sealRecoveryCodes(in *interaction.Interaction, codes []string) (string, error) {
	raw, err := json.Marshal(codes)
	if err != nil {
		return "", fmt.Errorf("encode recovery codes: %w", err)
	}
	sealed, err := p.cfg.Sealer.Seal(raw, p.recoveryPlace(in))
	if err != nil {
		return "", fmt.Errorf("seal recovery codes: %w", err)
	}
	return sealed, nil
}

// showRecoveryCodes shows the codes until the person says to have kept them.
func (p *Pages) showRecoveryCodes(w http.ResponseWriter, r *http.Request, s *standing) error {
	raw, err := p.cfg.Sealer.Open(s.in.AnswersOf(s.state.User.ID).RecoveryCodes, p.recoveryPlace(s.in))
	if err != nil {
		return fmt.Errorf("open recovery codes: %w", err)
	}
	var codes []string
	if err := json.Unmarshal(raw, &codes); err != nil {
		return fmt.Errorf("decode recovery codes: %w", err)
	}
	return p.cfg.UI.Render(w, http.StatusOK, ui.RecoveryCodes{
		Page: p.page(w, r, s.in, "/recovery-codes", "recovery.title"), Codes: codes, Account: identifierOf(s.state.User),
	})
}

// keepRecoveryCodes forgets the codes: nobody shows them again.
func (p *Pages) keepRecoveryCodes(w http.ResponseWriter, r *http.Request, s *standing) error {
	kept := func(a *interaction.Answers) { a.RecoveryCodes = "" }
	if err := p.answer(r.Context(), s.in, s.state.User.ID, kept); err != nil {
		return err
	}
	return p.again(w, r, s.in, s.part)
}

package flow

import (
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// requirement is the class that a request must reach before it is answered.
type requirement struct {
	acr string
	// optional says that acr_values merely prefers the class: where the person can
	// neither show nor enroll what leads there, the request is answered without.
	optional bool
	// byPolicy says that the policy alone wants it, so that a trusted device may
	// stand in and enrollment may wait.
	byPolicy bool
	// ages says that what was shown for the class counts for [mfa.Policy.AssuranceAge]
	// only. It does where the request or the policy asks for the class; where the
	// person has a factor of their own accord, having shown it once is enough for as
	// long as the session lives, and clients are told less.
	ages bool
}

// requirement is the strictest of what the policy, the person's own factors and
// the request ask for. An essential acr that is not ours is reached by nothing.
func (s State) requirement() requirement {
	r := requirement{acr: s.Policy.Wants(s.User, s.Client), byPolicy: true, ages: s.Policy.Requires(s.User, s.Client)}
	if guards := s.Policy.Guards(s.User); s.changesAccount() && !mfa.AtLeast(r.acr, guards) {
		r.acr = guards
	}
	if rule := s.Access.ACR; rule != "" { // a rule of the client's (requirement AC1)
		if !mfa.AtLeast(r.acr, rule) {
			r.acr = rule
		}
		r.byPolicy, r.ages = false, true
	}
	if page := s.Interaction.Page; page != nil && page.ACR != "" { // of those who administer (requirement AD1)
		if !mfa.AtLeast(r.acr, page.ACR) {
			r.acr = page.ACR
		}
		r.byPolicy, r.ages = false, true
	}
	request := s.Interaction.Request
	if request == nil {
		return r
	}
	if len(request.EssentialACR) > 0 {
		asked, known := least(request.EssentialACR)
		if !known {
			asked = request.EssentialACR[0]
		}
		if !mfa.AtLeast(r.acr, asked) || asked == r.acr {
			r.acr = asked
		}
		return requirement{acr: r.acr, ages: true}
	}
	asked, known := least(request.ACRValues)
	switch {
	case !known || mfa.AtLeast(mfa.ACRPassword, asked):
		return r
	case mfa.AtLeast(r.acr, asked):
		return requirement{acr: r.acr, ages: true} // who asks for a level gets it shown
	}
	return requirement{acr: asked, optional: r.acr == mfa.ACRPassword || s.reaches(r), ages: true}
}

// changesAccount reports whether it is for a page that changes how the person
// signs in: such pages want fresh evidence, or another factor.
func (s State) changesAccount() bool {
	page := s.Interaction.Page
	return page != nil && (page.Fresh > 0 || page.Enroll != "")
}

// least is the lowest of the classes that are ours: any of them will do.
func least(values []string) (acr string, known bool) {
	for _, v := range values {
		if mfa.AtLeast(mfa.ACRPhishingResistant, v) && (!known || mfa.AtLeast(acr, v)) {
			acr, known = v, true
		}
	}
	return acr, known
}

// counted is what the proofs that were given at or after since are worth to the
// client: a second factor that was shown for another client is none here, if this
// one does not count its kind.
func (s State) counted(since time.Time) storage.Authentication {
	kinds := s.Policy.CountingFor(s.User, s.Client)
	proofs := slices.DeleteFunc(slices.Clone(s.Proofs), func(p storage.Proof) bool {
		return p.Kind != storage.FactorPassword && !slices.Contains(kinds, p.Kind)
	})
	return mfa.Level(proofs, since, *s.Policy)
}

func (s State) reaches(r requirement) bool {
	return mfa.AtLeast(s.counted(s.sinceFor(r)).ACR, r.acr)
}

// insufficient reports whether what was shown is less than the request requires, and no
// trusted device stands in.
func (s State) insufficient() bool {
	r := s.requirement()
	return !s.reaches(r) && (!r.byPolicy || !s.trusted(r.acr))
}

// trusted reports whether a trusted device stands in: only where the client
// takes trust, only up to the class that it was given at, and never where the
// request wants a new sign-in (requirement TD2).
func (s State) trusted(acr string) bool {
	return s.Client != nil && s.Client.TrustDevices && s.since().IsZero() && s.TrustACR != "" && mfa.AtLeast(s.TrustACR, acr)
}

// TrustHelps reports whether a trusted device of the person, which reached acr,
// would bring the request on where it is.
func (s State) TrustHelps(acr string) bool {
	s.TrustACR = acr
	r := s.requirement()
	return r.byPolicy && !s.reaches(r) && s.trusted(r.acr)
}

// FactorsMatter reports whether the next step hangs on what the person could
// show or enroll, so that Offer must be known.
func (s State) FactorsMatter() bool {
	return !nobodyThere(s) && !identityStale(s) && (s.insufficient() || s.changesGuards())
}

// Demand is what the factors are asked for.
func (s State) Demand(person mfa.Person) mfa.Demand {
	wanted := s.requirement().acr
	if guards := s.Policy.Guards(s.User); s.changesGuards() && !mfa.AtLeast(wanted, guards) {
		wanted = guards
	}
	return mfa.Demand{Now: s.Now, Person: person, Client: s.Client, Wanted: wanted, Have: s.fresh().ACR}
}

// levelUnreachable: nothing that the person has or could enroll will do.
func levelUnreachable(s State) bool {
	if len(s.Offer.Ask) > 0 || len(s.Offer.Enroll) > 0 {
		return false
	}
	return s.insufficient() && !s.requirement().optional || s.changesGuards() && s.fresh().ACR != "" && s.guardsStale()
}

// firstFactorStale: a second factor or an enrollment comes next, and it would rest
// on a first factor that is too old for it.
func firstFactorStale(s State) bool {
	switch {
	case s.enrollmentNext():
		return s.fresh().ACR == ""
	case s.insufficient() && len(s.Offer.Ask) > 0:
		return s.counted(s.sinceFor(s.requirement())).ACR == ""
	}
	return false
}

func factorMissing(s State) bool {
	return len(s.Offer.Ask) > 0 && (s.insufficient() || s.changesGuards() && s.guardsStale())
}

// enrollmentMissing: the request needs a factor that the person has not got; a
// recovery code was used, so that what was lost must be replaced; or the person
// asked for another factor.
func enrollmentMissing(s State) bool {
	if s.enrollmentAsked() || s.recoveryPending() {
		return true
	}
	return s.insufficient() && len(s.Offer.Enroll) > 0 && !s.enrollmentWaits()
}

// changesGuards reports whether the interaction is to change what guards the
// account, or to show its recovery codes, whatever the request requires besides.
func (s State) changesGuards() bool {
	return s.enrollmentAsked() || s.recoveryPending() || codesUnseen(s)
}

// enrollmentNext reports whether what guards the account would change next, or
// would once the person has shown what guards it.
func (s State) enrollmentNext() bool {
	if s.changesGuards() {
		return true
	}
	return s.insufficient() && !s.enrollmentWaits() && (s.Offer.Guards || len(s.Offer.Ask) == 0 && len(s.Offer.Enroll) > 0)
}

// fresh is what the proofs are worth that are young enough to change what guards
// the account: given within [mfa.Policy.FreshFor] or in this very interaction, and
// young enough for the request (requirement FE1).
func (s State) fresh() storage.Authentication {
	since := s.Now.Add(-s.Policy.FreshFor)
	if created := s.Interaction.CreatedAt; created.Before(since) {
		since = created
	}
	return mfa.Level(s.Proofs, later(since, s.since()), *s.Policy)
}

// guardsStale reports whether fresh proofs are less than what guards the account.
func (s State) guardsStale() bool { return !mfa.AtLeast(s.fresh().ACR, s.Policy.Guards(s.User)) }

// enrollmentWaits reports whether enrollment was put off in this interaction, while
// its grace runs.
func (s State) enrollmentWaits() bool { return s.answers().EnrollSkipped && s.MayPutOff() }

// MayPutOff reports whether the person may enroll later.
func (s State) MayPutOff() bool {
	return s.requirement().byPolicy && !s.enrollmentAsked() && !s.recoveryPending() && s.Policy.MayPutOff(s.User, s.Now)
}

// PutOffUntil is when the grace for enrollment ends.
func (s State) PutOffUntil() time.Time {
	asked := s.User.FactorAskedAt
	if asked.IsZero() {
		asked = s.Now
	}
	return asked.Add(s.Policy.EnrollGrace)
}

// enrollmentAsked: a page of the account wants a factor added, and none was since.
func (s State) enrollmentAsked() bool {
	return s.Interaction.Enroll() != "" && !s.answers().Enrolled && s.User.FactorAddedAt.Before(s.Interaction.CreatedAt)
}

// RecoveryPending reports whether the person signed in by a recovery code: they
// have lost their factor, and enroll another one before they go on.
func (s State) RecoveryPending() bool { return s.recoveryPending() }

func (s State) recoveryPending() bool {
	return s.Enrollable && slices.ContainsFunc(s.Proofs, func(p storage.Proof) bool {
		return p.Kind == storage.FactorRecovery && s.User.FactorAddedAt.Before(p.At)
	})
}

// Reported is what the client is told of the proofs that count. The class is
// spelled as the request asked for it, where it asked for one that was reached, and
// is never told for longer than [mfa.Policy.AssuranceAge].
func (s State) Reported() storage.Authentication {
	reported := s.Policy.Aged(s.Proofs, s.since(), s.Now)
	request := s.Interaction.Request
	if request == nil {
		return reported
	}
	best := ""
	for _, v := range slices.Concat(request.EssentialACR, request.ACRValues, s.ruleACR()) {
		if mfa.AtLeast(reported.ACR, v) && mfa.AtLeast(v, best) {
			best = v
		}
	}
	if best != "" {
		reported.ACR = best
	}
	return reported
}

// ruleACR is the class that a rule of the client's wants: the client is told no less.
func (s State) ruleACR() []string {
	if s.Access.ACR == "" {
		return nil
	}
	return []string{s.Access.ACR}
}

// sinceFor is the time before which proofs do not count toward a requirement.
func (s State) sinceFor(r requirement) time.Time {
	if !r.ages || s.Policy.AssuranceAge <= 0 || !mfa.Ages(r.acr) {
		return s.since()
	}
	return later(s.since(), s.Now.Add(-s.Policy.AssuranceAge))
}

// since is the time before which proofs do not count; zero: all do. prompt=login
// and select_account want them given in this interaction, max_age wants them
// young at the time of the request. One given since is always young enough,
// even for max_age=0.
func (s State) since() time.Time {
	in := s.Interaction
	if in.HasPrompt(interaction.PromptLogin) || in.HasPrompt(interaction.PromptSelectAccount) {
		return in.CreatedAt
	}
	var maxAge time.Duration
	switch {
	case in.Page != nil && in.Page.Fresh > 0:
		maxAge = in.Page.Fresh
	case in.Request != nil && in.Request.MaxAge != nil:
		maxAge = time.Duration(*in.Request.MaxAge) * time.Second
	case s.Client != nil && s.Client.DefaultMaxAge != nil:
		maxAge = s.Client.DefaultMaxAge.Duration()
	default:
		return time.Time{}
	}
	if maxAge == 0 {
		return in.CreatedAt
	}
	// Both ends are told to the client in whole seconds.
	return in.CreatedAt.Truncate(time.Second).Add(-maxAge)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Merge returns the newest proof of each kind and credential, oldest first.
func Merge(proofs ...storage.Proof) []storage.Proof {
	var merged []storage.Proof
	for _, p := range proofs {
		same := func(q storage.Proof) bool { return q.Kind == p.Kind && q.CredentialID == p.CredentialID }
		if i := slices.IndexFunc(merged, same); i < 0 {
			merged = append(merged, p)
		} else if merged[i].At.Before(p.At) {
			merged[i] = p
		}
	}
	slices.SortStableFunc(merged, func(a, b storage.Proof) int { return a.At.Compare(b.At) })
	return merged
}

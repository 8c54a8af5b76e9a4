package login

import (
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// demand is the class that a request must reach before it is answered.
type demand struct {
	acr string
	// soft says that acr_values merely prefers the class: where the person can
	// neither show nor enrol what leads there, the request is answered without.
	soft bool
	// byPolicy says that the policy alone wants it, so that a trusted device may
	// stand in and enrolment may wait.
	byPolicy bool
}

// demand is the strictest of what the policy, the person's own factors and the
// request ask for. An essential acr that is not ours is reached by nothing.
func (s State) demand() demand {
	d := demand{acr: s.Policy.Wants(s.User, s.Client), byPolicy: true}
	request := &s.Interaction.Request
	if guards := s.Policy.Guards(s.User); s.changesAccount() && !mfa.AtLeast(d.acr, guards) {
		d.acr = guards
	}
	if len(request.EssentialACR) > 0 {
		asked, known := least(request.EssentialACR)
		if !known {
			asked = request.EssentialACR[0]
		}
		if !mfa.AtLeast(d.acr, asked) || asked == d.acr {
			d.acr = asked
		}
		return demand{acr: d.acr}
	}
	asked, known := least(request.ACRValues)
	switch {
	case !known || mfa.AtLeast(mfa.ACRPassword, asked):
		return d
	case mfa.AtLeast(d.acr, asked):
		return demand{acr: d.acr} // who asks for a level gets it shown
	}
	return demand{acr: asked, soft: d.acr == mfa.ACRPassword || s.reaches(d.acr)}
}

// changesAccount reports whether it is for a page that changes how the person
// signs in: such pages want fresh evidence, or another factor.
func (s State) changesAccount() bool {
	return s.Client == nil && (s.Interaction.Request.MaxAge != nil || s.Interaction.Enrol != "")
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

// reached is what the proofs are worth that are young enough for the request.
func (s State) reached() storage.Authentication { return mfa.Level(s.Proofs, s.since(), *s.Policy) }

// counted is what those of them are worth that the client takes: a second factor
// that was shown for another client is none here, if this one does not count its
// kind.
func (s State) counted() storage.Authentication {
	kinds := s.Policy.CountingFor(s.User, s.Client)
	proofs := slices.DeleteFunc(slices.Clone(s.Proofs), func(p storage.Proof) bool {
		return p.Kind != storage.FactorPassword && !slices.Contains(kinds, p.Kind)
	})
	return mfa.Level(proofs, s.since(), *s.Policy)
}

func (s State) reaches(acr string) bool { return mfa.AtLeast(s.counted().ACR, acr) }

// short reports whether what was shown is less than the request demands, and no
// trusted device stands in.
func (s State) short() bool {
	d := s.demand()
	return !s.reaches(d.acr) && (!d.byPolicy || !s.trusted(d.acr))
}

// trusted reports whether a trusted device stands in: only where the client
// takes trust, only up to the class that it was given at, and never where the
// request wants a new sign-in (requirement TD2).
func (s State) trusted(acr string) bool {
	return s.Client != nil && s.Client.TrustDevices && s.since().IsZero() && s.TrustACR != "" && mfa.AtLeast(s.TrustACR, acr)
}

// FactorsMatter reports whether the next step hangs on what the person could
// show or enrol, so that Offer must be known.
func (s State) FactorsMatter() bool {
	return s.User != nil && !identityStale(s) && (s.short() || s.enrolmentAsked() || s.recoveryPending())
}

// wanted is what the factors are asked for.
func (s State) wanted(person mfa.Person) mfa.Demand {
	return mfa.Demand{Now: s.Now, Person: person, Client: s.Client, Wanted: s.demand().acr, Have: s.reached().ACR}
}

// levelUnreachable: nothing that the person has or could enrol will do.
func levelUnreachable(s State) bool {
	d := s.demand()
	return s.short() && !d.soft && len(s.Offer.Ask) == 0 && len(s.Offer.Enrol) == 0
}

func factorMissing(s State) bool { return s.short() && len(s.Offer.Ask) > 0 }

// enrolmentMissing: the request needs a factor that the person has not got; a
// recovery code was used, so that what was lost must be replaced; or the person
// asked for another factor.
func enrolmentMissing(s State) bool {
	if s.enrolmentAsked() || s.recoveryPending() {
		return true
	}
	return s.short() && len(s.Offer.Enrol) > 0 && !s.enrolmentWaits()
}

// enrolmentWaits reports whether enrolment was put off in this interaction, while
// its grace runs.
func (s State) enrolmentWaits() bool {
	return s.Interaction.EnrolSkipped && s.mayPutOff()
}

// mayPutOff reports whether the person may enrol later.
func (s State) mayPutOff() bool {
	return s.demand().byPolicy && !s.enrolmentAsked() && !s.recoveryPending() && s.Policy.MayPutOff(s.User, s.Now)
}

// putOffUntil is when the grace for enrolment ends.
func (s State) putOffUntil() time.Time {
	asked := s.User.FactorAskedAt
	if asked.IsZero() {
		asked = s.Now
	}
	return asked.Add(s.Policy.EnrolGrace)
}

func (s State) enrolmentAsked() bool {
	in := s.Interaction
	return in.Enrol != "" && s.User.FactorAddedAt.Before(in.CreatedAt)
}

// recoveryPending: whoever signed in by a recovery code has lost their factor,
// and enrols another one before they go on.
func (s State) recoveryPending() bool {
	return s.Enrollable && slices.ContainsFunc(s.Proofs, func(p storage.Proof) bool {
		return p.Kind == storage.FactorRecovery && s.User.FactorAddedAt.Before(p.At)
	})
}

// told is what the client is told of the proofs that count. The class is spelled
// as the request asked for it, where it asked for one that was reached.
func (s State) told() storage.Authentication {
	reached := s.reached()
	best := ""
	for _, v := range slices.Concat(s.Interaction.Request.EssentialACR, s.Interaction.Request.ACRValues) {
		if mfa.AtLeast(reached.ACR, v) && mfa.AtLeast(v, best) {
			best = v
		}
	}
	if best != "" {
		reached.ACR = best
	}
	return reached
}

// since is the time before which proofs do not count; zero: all do. prompt=login
// and select_account want them given in this interaction, max_age wants them
// young at the time of the request. One given since is always young enough,
// even for max_age=0.
func (s State) since() time.Time {
	in := s.Interaction
	if in.Request.HasPrompt(storage.PromptLogin) || in.Request.HasPrompt(storage.PromptSelectAccount) {
		return in.CreatedAt
	}
	var maxAge time.Duration
	switch {
	case in.Request.MaxAge != nil:
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

// merge returns the newest proof of each kind and credential, oldest first.
func merge(proofs ...storage.Proof) []storage.Proof {
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

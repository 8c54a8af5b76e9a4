package mfa

import (
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// Demand is what a sign-in lacks: all that decides which factor comes next.
type Demand struct {
	Now    time.Time
	Person Person
	Client *client.Client // nil: the account page
	// Wanted is the least class to reach, and Have the one that was reached.
	Wanted, Have string
}

// Offer is the answer of [Factors.Offer].
type Offer struct {
	// Ask are the kinds that the person can be asked for now, best first, and
	// Default the one to begin with. Where there is none, Default is "".
	Ask     []storage.FactorKind
	Default storage.FactorKind
	// Guards says that Ask leads to no class that is wanted: it has to be shown
	// before anything may be enrolled.
	Guards bool
	// Enroll are the kinds that the person may add now to get on. It is empty
	// as long as there is something to ask for: nobody gets past an enrolled
	// factor by enrolling another.
	Enroll []storage.FactorKind
}

// Offer says what to ask the person for, or to enroll, so as to get from Have
// to Wanted. An empty offer is a dead end: a factor that counts is enrolled but
// disabled, or nothing that is configured reaches Wanted.
func (f *Factors) Offer(d Demand) Offer {
	counting := f.policy.CountingFor(d.Person.User, d.Client)
	guards := f.policy.Guards(d.Person.User)
	guarding := slices.Clone(counting)
	if guards != ACRPassword {
		// A client that takes fewer kinds opens no way past what guards the account.
		guarding = f.policy.Counting(nil)
	}
	enrolled := slices.DeleteFunc(guarding, func(k storage.FactorKind) bool {
		factor := f.byKind[k]
		return factor == nil || !factor.Available(d.Person)
	})
	reaching := slices.DeleteFunc(slices.Clone(enrolled), func(k storage.FactorKind) bool {
		return !AtLeast(f.policy.Reaches(k), d.Wanted) || !slices.Contains(counting, k)
	})
	if len(reaching) > 0 {
		return ask(d, reaching)
	}
	guard := slices.DeleteFunc(enrolled, func(k storage.FactorKind) bool { return !AtLeast(f.policy.Reaches(k), guards) })
	if len(guard) > 0 && (!AtLeast(d.Have, guards) || rank(d.Have) <= rank(ACRPassword)) {
		offer := ask(d, guard) // before they may enroll what reaches it
		offer.Guards = true
		return offer
	}
	var offer Offer
	for _, k := range counting {
		if _, can := f.byKind[k].(Enroller); can && AtLeast(f.policy.Reaches(k), d.Wanted) {
			offer.Enroll = append(offer.Enroll, k)
		}
	}
	return offer
}

// ask offers kinds that are not disabled, and begins with one that is not locked.
func ask(d Demand, kinds []storage.FactorKind) Offer {
	var offer Offer
	for _, k := range kinds {
		lockout := d.Person.lockout(k)
		if !lockout.DisabledAt.IsZero() {
			continue
		}
		offer.Ask = append(offer.Ask, k)
		if offer.Default == "" && !d.Now.Before(lockout.LockedUntil) {
			offer.Default = k
		}
	}
	if offer.Default == "" && len(offer.Ask) > 0 {
		offer.Default = offer.Ask[0]
	}
	return offer
}

func (p Person) lockout(k storage.FactorKind) storage.Lockout {
	i := slices.IndexFunc(p.Lockouts, func(l storage.Lockout) bool { return l.Kind == k })
	if i < 0 {
		return storage.Lockout{}
	}
	return p.Lockouts[i]
}

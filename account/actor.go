package account

import (
	"io"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// visitor is a browser in which nobody showed who they are; it may hold a one-time
// token. Its events name no actor.
const visitor storage.ActorKind = ""

// Origin is where a request came from. All of it is the browser's or the
// network's word: it is recorded and told, never relied on.
type Origin struct {
	// Address is the client's address, and UserAgent its browser's description,
	// both as events keep them.
	Address, UserAgent string
	// RequestID finds the request in the log.
	RequestID string
	// ClientID is the relying party on whose behalf the person is here; empty
	// on pages of the account's own.
	ClientID string
	// IdentifierHash is that of what was typed as a name; see [HashIdentifier].
	IdentifierHash string
	// Locale is the language of the page (BCP 47), for messages.
	Locale string
}

// Actor is who asks for a change. It is made by [Person], [Visitor], [Operator],
// [Client] or [System]; the zero Actor is a visitor from nowhere.
type Actor struct {
	kind storage.ActorKind
	id   string
	from Origin
	// The rest is of a person.
	sid        storage.ID
	epoch      int64
	proofs     []storage.Proof
	shown      storage.Authentication
	interacted time.Time
	began      time.Time
	// holds is the person for whose account the actor has just spent a one-time token.
	holds storage.ID
	// administers says that they act on the accounts of others, as far as their duties go.
	administers bool
	duties      Duty
	// source is the source of provisioning that acts, and made is whom of its people
	// this change is about.
	source storage.MembershipSource
	made   storage.ID
	// proves is the class that fresh proofs must reach for what is grave; empty: whoever
	// let the actor in judged that.
	proves string
	// reason is why, in the actor's words.
	reason string
}

// Evidence is what a person showed of who they are.
type Evidence struct {
	// User is the person as they were read together with the evidence: the
	// proofs count under that password epoch and no other.
	User *storage.User
	// SID is the session in which they act; empty before there is one.
	SID storage.ID
	// Proofs are those of the session and of a sign-in under way.
	Proofs []storage.Proof
	// Shown is what an access token says of them (acr and auth_time), for whoever acts by
	// one: the class, and when the oldest proof was given that it rests on. A refresh makes
	// it no younger.
	Shown storage.Authentication
	// Interaction is when the interaction began in which the person acts: what
	// was shown since then is fresh, however long they take for its pages. Zero
	// is none.
	Interaction time.Time
	// Began is when the session began in which they act; zero before there is one.
	Began time.Time
}

// Person is somebody who showed who they are.
func Person(e Evidence, from Origin) Actor {
	return Actor{
		kind: storage.ActorPerson, id: string(e.User.ID), from: from,
		sid: e.SID, epoch: e.User.PasswordEpoch, proofs: slices.Clone(e.Proofs), shown: e.Shown, interacted: e.Interaction, began: e.Began,
	}
}

// Visitor is a browser in which nobody showed who they are.
func Visitor(from Origin) Actor { return Actor{from: from} }

// Operator is whoever runs the installation, at its command line. Who may run
// commands may do everything; name is kept as the actor of the event.
func Operator(name string) Actor { return Actor{kind: storage.ActorOperator, id: name} }

// Client is a client that acts on accounts with a token of its own.
func Client(id string, from Origin) Actor {
	return Actor{kind: storage.ActorClient, id: id, from: from}
}

// System is a job of ours.
func System(job string) Actor { return Actor{kind: storage.ActorSystem, id: job} }

// NewEvent starts a security event of the actor about a person; userID is empty
// where it is not known, or must not be told, whom it is about. Every event
// about people is begun here.
func NewEvent(now time.Time, random io.Reader, by Actor, typ storage.EventType, userID storage.ID) (storage.Event, error) {
	e, err := storage.NewEvent(now, random, typ)
	if err != nil {
		return storage.Event{}, err
	}
	e.ActorKind, e.ActorID = by.kind, by.id
	e.UserID, e.SID, e.ClientID = userID, by.sid, by.from.ClientID
	e.Address, e.UserAgent, e.RequestID = by.from.Address, by.from.UserAgent, by.from.RequestID
	e.IdentifierHash = by.from.IdentifierHash
	e.Detail = by.reason
	if by.kind == storage.ActorOperator {
		e.Detail = byCommand
		if by.reason != "" {
			e.Detail += ": " + by.reason
		}
	}
	return e, nil
}

// Because is the actor with the reason that they give for what they do, besides those that
// they gave before: it stands in each event of it.
func (a Actor) Because(reason string) Actor {
	if a.reason != "" && reason != "" {
		reason = a.reason + ": " + reason
	}
	if reason != "" {
		a.reason = reason
	}
	return a
}

// Source is what events that others record of the actor have in common.
func (a Actor) Source() storage.Event {
	return storage.Event{
		ActorKind: a.kind, ActorID: a.id, SID: a.sid, ClientID: a.from.ClientID,
		Address: a.from.Address, UserAgent: a.from.UserAgent, RequestID: a.from.RequestID,
	}
}

// byCommand begins the detail of every event that an operator caused.
const byCommand = "by command line"

// is reports whether the actor is the person.
func (a Actor) is(user storage.ID) bool { return a.kind == storage.ActorPerson && a.id == string(user) }

// holding is the actor once they have spent a one-time token of the person.
func (a Actor) holding(user storage.ID) Actor {
	a.holds = user
	return a
}

// reached is the class that a person's fresh proofs are worth under the policy:
// those that were given within [mfa.Policy.FreshFor], or in this very interaction. What a
// token says counts as the one proof that it is.
func (a Actor) reached(now time.Time, policy mfa.Policy) string {
	since := now.Add(-policy.FreshFor)
	if !a.interacted.IsZero() && a.interacted.Before(since) {
		since = a.interacted
	}
	reached := mfa.Level(a.proofs, since, policy).ACR
	if !a.shown.Time.Before(since) && mfa.AtLeast(a.shown.ACR, reached) {
		return a.shown.ACR
	}
	return reached
}

// sitting is when the actor sat down: what a person did since in their session, or in
// the interaction that made it, was done by whoever does this now. Of anybody else it
// is now.
func (a Actor) sitting(now time.Time) time.Time {
	since := now
	for _, t := range []time.Time{a.began, a.interacted} {
		if !t.IsZero() {
			since = earlier(since, t)
		}
	}
	for _, p := range a.proofs {
		since = earlier(since, p.At)
	}
	return since
}

// showedMailboxOnly reports whether the person showed nothing but a password and
// what is sent to their mailbox.
func (a Actor) showedMailboxOnly() bool {
	return !slices.ContainsFunc(a.proofs, func(p storage.Proof) bool {
		return p.Kind != storage.FactorPassword && p.Kind != storage.FactorEmail
	})
}

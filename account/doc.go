// Package account is the one door to everything that concerns a person: every
// change of an account, whoever asks for it and from wherever, is a method of
// [Service].
//
// A method takes an [Actor] and begins by deciding whether that actor may
// (authorization), for a person on evidence that is fresh enough
// (re-authentication). It then applies policy (which passwords and names are
// taken) and writes the rows, one security event that names the actor, and the
// messages to the account's owner in one transaction.
//
// Invariants:
//
//   - What guards an account (its password, factors, recovery codes, addresses)
//     changes only for a person whose proofs reach what guards it now, given
//     within mfa.Policy.FreshFor or in the very interaction that asks (requirement
//     FE1), for the holder of a one-time token that was sent for this, or for an
//     operator.
//   - A change is conditional on the password epoch that it was allowed under:
//     one that was begun before the owner's recovery does not land after it
//     (replay of an old authorization).
//   - An event is composed by [NewEvent] and names who did it.
//   - Pages, commands and jobs keep no rule of their own: what they may show or
//     ask for in advance they ask the service.
package account

// Package account is the one door to everything that concerns a person: every change
// to an account, whoever asks for it and from wherever, is a method of [Service].
//
// A method takes an [Actor] and first decides whether that actor is allowed
// (authorization); a person needs evidence that is fresh enough (re-authentication).
// It then applies policy (which passwords and names are accepted) and writes the rows,
// one security event that names the actor, and the messages to the account's owner, in
// one transaction.
//
// Invariants:
//
//   - What guards an account (its password, factors, recovery codes, addresses)
//     changes only for a person whose proofs reach what guards it now, given
//     within mfa.Policy.FreshFor or in the same interaction that asks (requirement
//     FE1), for the holder of a one-time token that was sent for this purpose, or for
//     an operator.
//   - A change is conditional on the password epoch that it was allowed under: a
//     change that began before the owner's recovery does not succeed after it (replay
//     of an old authorization).
//   - [NewEvent] composes every event, which names who did it.
//   - Pages, commands and jobs contain no rules of their own: they ask the service
//     what they may show or request in advance.
package account

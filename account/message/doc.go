// Package message is what Latchkey says to people by email and SMS.
//
// A handler creates an intent ([Intents.New]): what a message is about, sealed into a
// row of the outbox, in the same transaction as the change. The outbox worker composes
// the message once ([Composer.Compose]): it looks up the person, creates the one-time
// token and writes the text. Every attempt to send it sends that text.
//
// Invariants:
//
//   - A handler does the same work whether or not there is an account (requirement
//     EN2); the composer decides whether to say something, and what.
//   - A token exists in the message and nowhere else (requirement OT3). For an address
//     that may not have one, none is created and nothing is stored.
//   - Links begin with the configured issuer, whatever a request said (requirement
//     RE3).
//   - A message to an unverified address contains no text that the requester could
//     choose.
package message

// Package message is what Latchkey says to people by e-mail and SMS.
//
// A handler makes an intent ([Intents.New]): what a message is about, sealed
// into a row of the outbox that is written in the transaction of the change.
// The outbox's worker composes it ([Composer.Compose]): it looks the person up,
// makes the one-time token and writes the text, once; every try to send it
// sends that text.
//
// Invariants:
//
//   - A handler does the same work whether or not there is an account
//     (requirement EN2); whether something is said, and what, is the composer's
//     decision.
//   - A token exists in the message and nowhere else (requirement OT3). None is
//     made, and nothing is stored, for an address that may not have one.
//   - Links begin with the configured issuer, whatever a request said
//     (requirement RE3).
//   - A message to an address that is not proven to be somebody's holds no text
//     that whoever asked for it could choose.
package message

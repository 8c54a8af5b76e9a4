// Package access says who may use what: it decides, from rules and from what is
// known of a person, whether they may use a client (authorization), and which
// claims about them tokens carry.
//
// Everything here is a pure function. Rules and expressions are compiled once,
// when the configuration is read; a decision reads a [Subject] and a [Request],
// does no I/O, and says which rule it followed, so that the same code answers at
// authorization, code exchange, refresh, userinfo and for `latchkey explain`
// (requirements AC1, AC3).
//
// Invariants:
//
//   - The first rule that fits decides; where there are rules and none fits, the
//     answer is no ([Policy.Decide]).
//   - An address that was not proven to be a person's names nobody, and has no domain.
//   - An expression reads the person and nothing else, and its cost is bounded when it
//     is compiled and again while it runs ([Expression]).
package access

// Package access says who may use what. From rules and from what is known about a
// person it decides whether they may use a client (authorization), and which claims
// about them tokens carry.
//
// Everything here is a pure function. Rules and expressions are compiled once, when
// the configuration is read. A decision reads a [Subject] and a [Request], does no
// I/O, and names the rule it followed, so the same code answers at authorization, code
// exchange, refresh, userinfo and for `latchkey explain` (requirements AC1, AC3).
//
// Invariants:
//
//   - The first matching rule decides; if there are rules and none matches, the
//     answer is no ([Policy.Decide]).
//   - An unverified address identifies nobody, and has no domain.
//   - An expression reads the person and nothing else. Its cost is bounded when it is
//     compiled and again while it runs ([Expression]).
package access

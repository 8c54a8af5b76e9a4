// Package ident holds the syntax and the canonical form of identifiers: email
// addresses, usernames, phone numbers, roles, scopes and the names that people
// choose. Each rule is written once; pages, commands, imports, configuration and
// rate limits all use it. The package is pure: it knows neither stores nor HTTP.
//
// Invariants:
//
//   - [Canonical] is total and idempotent: any input has a form in which it is
//     looked up, counted and compared, so no spelling evades a rate limit or
//     enumerates accounts.
//   - Two identifiers that [Email] or [Username] accept and that look the same
//     have the same canonical form (homoglyph spoofing; PRECIS, RFC 8265, and,
//     in short, the script rules of UTS #39).
//   - Nothing accepted here contains NUL, a control character or a character that
//     reorders text (bidirectional override).
package ident

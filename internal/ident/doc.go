// Package ident holds the syntax and the canonical form of identifiers: e-mail
// addresses, usernames, phone numbers, roles, scopes and the names that people
// choose. There is one spelling of each rule, which pages, commands, imports,
// configuration and limits ask. It is pure: it knows neither stores nor HTTP.
//
// Invariants:
//
//   - [Canonical] is total and idempotent: whatever was typed has a form in which it is
//     looked up, counted and compared, so that no spelling dodges a limit or
//     enumerates accounts.
//   - Two identifiers that [Email] or [Username] accept and that look the same
//     have the same canonical form (homoglyph spoofing; PRECIS, RFC 8265, and
//     the script rules of UTS #39 in short).
//   - Nothing that is accepted here holds NUL, a control character or a
//     character that reorders text (bidirectional override).
package ident

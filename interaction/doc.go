// Package interaction keeps what waits for a person: an authorization request, the
// request of a device (RFC 8628), or the wish of a page of the account. It is shared by
// the provider, which starts and ends requests of clients, and by the hosted pages,
// which collect what is missing.
//
// Invariants:
//
//   - An interaction belongs to the browser that started it, by the keyed hash of a
//     cookie's secret. To any other browser its id is worth nothing (requirement
//     AZ3, CSRF).
//   - The request of a device belongs to no browser: whoever has its user code sees it
//     and may decide, once, as themselves; whoever has its device code, and is its
//     client, redeems it, once (requirements TK7, PR1).
//   - It is changed by compare-and-swap: of two tabs none loses what the other
//     wrote. One that was taken does not come back for a second code (security.md L2).
//   - What one person answered is nothing to another who signs in after them:
//     [Answers] are one value that is dropped as a whole.
//   - Starting is a rate limit of its own, and what is no navigation of a person
//     stores nothing (requirements DS3, LK2).
package interaction

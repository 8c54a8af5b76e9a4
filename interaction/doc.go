// Package interaction stores what waits for a person: an authorization request, a device
// request (RFC 8628), or an action requested on an account page. It is shared by the
// provider, which starts and ends clients' requests, and by the hosted pages, which collect
// what is missing.
//
// Invariants:
//
//   - An interaction belongs to the browser that started it, by the keyed hash of a
//     cookie's secret. To any other browser its ID is worthless (requirement AZ3, CSRF).
//   - A device request belongs to no browser. Anyone who has its user code sees it and may
//     decide, once, as themselves; the client that has its device code redeems it, once
//     (requirements TK7, PR1).
//   - It changes by compare-and-swap: two tabs never overwrite each other's answers. One
//     that was consumed does not come back for a second code (security.md L2).
//   - One person's answers mean nothing for another who signs in after them: [Answers] are
//     one value that is dropped as a whole.
//   - Starting one has its own rate limit, and a request that is not a person's navigation
//     stores nothing (requirements DS3, LK2).
package interaction

// Package login is the hosted pages: sign-in, consent, sign-out, errors.
//
// The flow is data. [flow.Next] is a pure function that says, from the request, the
// client, the session and the consents, which step is still missing. Each page shows one
// step, collects its evidence, and sends the browser back to where flow.Next is asked
// again. No page knows which page follows it.
//
// Invariants:
//
//   - An interaction answers only to the browser that started it.
//   - Evidence is what the server computed and stored; the order of requests
//     and the fields of a form prove nothing.
//   - An attempt is counted before a password is checked.
package login

// Package login is the hosted pages: sign-in, consent, sign-out, errors.
//
// The flow is data. [flow.Next] is a pure function that says, from the request, the
// client, the session and the consents, which step is still missing; each page
// shows one step, collects its evidence, and sends the browser on to where it
// is asked again. No page knows which page follows it.
//
// Invariants:
//
//   - An interaction answers to the browser that started it and to no other.
//   - Evidence is what the server computed and stored; the order of requests
//     and the fields of a form prove nothing.
//   - An attempt is counted before a password is looked at.
package login

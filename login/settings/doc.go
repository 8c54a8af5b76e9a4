// Package settings is the pages where people manage their own account.
//
// Invariants:
//
//   - A page is always about the person whose session the browser has. No form names
//     a person, and an item that a form names (a session, a factor, a client) is
//     changed only if it is that person's own.
//   - What decides how somebody signs in changes only on fresh evidence, by the
//     flow's own rule; if the flow would ask only for a password, a page may ask for
//     it in place.
//   - A form can set only what the page shows fields for.
//   - Anything that ends something asks for confirmation first, on its own page that a
//     link leads to: GET changes nothing, POST does it.
//   - Every change is recorded as an event and reported to the owner, in one
//     transaction.
package settings

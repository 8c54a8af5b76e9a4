// Package settings is the pages where people look after their own account.
//
// Invariants:
//
//   - Whoever a page is about is whom the browser's session says. No form names
//     a person, and what a form names (a session, a factor, a client) is changed
//     only where it is that person's own.
//   - What decides how somebody signs in changes only on fresh evidence, by the
//     rule of the flow itself; where a password is all that the flow would ask
//     for, a page may ask for it in place.
//   - A form can set what the page shows fields for, and nothing else.
//   - What ends something asks first, on a page of its own that a link leads to: GET
//     changes nothing, POST does it.
//   - Every change has its event, and its owner is told, in one transaction.
package settings

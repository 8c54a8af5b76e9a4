// Package console is the pages under /admin where administrators manage people, groups,
// applications and the service itself.
//
// A page is one file and one row of a table (see [Console.pages] and the acts of people):
// its address, the operation of the admin API that does the same, and what fills it. The
// row determines the scope it requires, its place in the navigation, the command and the
// API call that it shows, its exports and its tests.
//
// Invariants:
//
//   - Only a person with an administrative role who has reached the class that the
//     configuration requires gets in. Both are checked at each request: removing the role
//     or ending the session ends access here too (requirement AD1).
//   - Nothing is decided here that admin, account or access decide: a page asks them.
//   - Every change is a method of account.Service, made by a form with a token of this
//     browser (CSRF, requirement CS1), with a reason, and answered with a 303.
//   - Every page works without JavaScript. What people and browsers say about themselves
//     is always shown as text (XSS) and never exported as a formula (CSV injection).
//   - Lists use keyset pagination and count nothing, so a page costs the same with a
//     hundred people as with a million.
package console

// Package console is the pages under /admin on which administrators look after people,
// groups, applications and the service itself.
//
// A page is one file and one row of a table (see [Console.pages] and the acts of people): its address, the
// operation of the admin API that does the same, and what fills it. From the row follow
// what scope it takes, its place in the navigation, the command and the API call that it
// shows, its exports and its tests.
//
// Invariants:
//
//   - Whoever enters has a role that administers and has shown the class that the
//     configuration wants, judged anew at each request: a role that is taken away and a
//     session that ends end this too (requirement AD1).
//   - Nothing is decided here that admin, account or access decide: a page asks them.
//   - Every change is a method of account.Service, made by a form with a token of this
//     browser (CSRF, requirement CS1), with a reason, and answered by 303.
//   - Every page works without JavaScript. What people and browsers say of themselves is
//     text wherever it is shown (XSS), and no formula where it is exported (CSV injection).
//   - A list is read by keyset and nothing is counted, so that a page costs the same
//     with a hundred people as with a million.
package console

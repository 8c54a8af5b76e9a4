// Package op is the OpenID provider: what relying parties speak to.
//
// Three tables say what it can do: its addresses (endpoints), the grants of the
// token endpoint (grantTypes) and the ways in which a client authenticates
// (authMethods). An endpoint, a grant and a method are one file each, which holds
// its row; routes and discovery read the tables. A request's form is parsed once, its
// client authenticated once, and every endpoint answers errors by one type,
// [Error]. Requests to the authorization endpoint are judged from values and a
// client alone, whichever way they came.
//
// Invariants:
//
//   - A browser is only ever redirected to a URI that its client registered.
//   - A grant's row is unique by its code's hash: two successes for one code cannot
//     be, whatever becomes of the code.
//   - Whether a token works is asked of its grant's row each time; a signature
//     alone opens nothing here.
//   - What cannot be judged (a store that does not answer, a key that this node does
//     not know) is 503 with Retry-After, never a verdict on a token.
//   - What several nodes compare is the database's time.
package op

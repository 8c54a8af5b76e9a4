// Package op is the OpenID provider: what relying parties talk to.
//
// Three tables say what it can do: its endpoints (endpoints), the grant types of the
// token endpoint (grantTypes) and the client authentication methods (authMethods). Each
// endpoint, grant type and method is one file, which holds its row; routes and discovery
// read the tables. A request's form is parsed once, its client is authenticated once, and
// every endpoint returns errors as one type, [Error]. Requests to the authorization
// endpoint are validated from their values and the client alone, however they arrived.
//
// Invariants:
//
//   - A browser is only ever redirected to a URI that its client registered.
//   - A grant's row is unique by the hash of its code: one code can never succeed twice,
//     whatever becomes of the code.
//   - Whether a token works is looked up in its grant's row each time; a signature alone
//     opens nothing here.
//   - What cannot be judged (a store that does not answer, a key that this node does
//     not know) is a 503 with Retry-After, never a verdict on a token.
//   - Times that several nodes compare come from the database.
package op

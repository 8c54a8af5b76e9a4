// Package op is the OpenID provider: what relying parties speak to.
//
// The endpoints that only answer JSON (token, introspection, revocation) are
// methods of zitadel's op.Server, behind a front that is stricter than the
// library (see [strict]). The endpoints that meet a browser (authorize, resume,
// userinfo, end session) and the documents (discovery, JWKS) are handlers of
// our own, because the library's cannot see a cookie.
//
// Invariants:
//
//   - A browser is only ever redirected to a URI that its client registered.
//   - A code is taken before anything else is looked at, and a grant's row is
//     unique by its code's hash: two successes for one code cannot be.
//   - Whether a token works is asked of its grant's row each time; a signature
//     alone opens nothing here.
package op

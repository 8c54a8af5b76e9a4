// Package interop signs in with relying parties that were not written here:
// coreos/go-oidc, zitadel's client/rp, and panva's openid-client from npm, each
// against a running latchkey process, in every way that the library supports.
//
// What the libraries check themselves (signatures, iss, aud, nonce, at_hash,
// state, the issuer of a response) is left to them: if they accept it, that is the
// proof. A browser without JavaScript plays the person.
package interop

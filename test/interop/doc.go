// Package interop signs in with relying parties that were not written here:
// coreos/go-oidc, zitadel's client/rp, and panva's openid-client from npm, each
// against a running latchkey process, in every way that its library supports.
//
// What the libraries check themselves (signatures, iss, aud, nonce, at_hash,
// state, the issuer of a response) is left to them: that they are content is
// the proof. The person is played by a browser without JavaScript.
package interop

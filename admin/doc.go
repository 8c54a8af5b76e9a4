// Package admin is who may administer: roles of people, scopes of clients, and what
// each of the scopes lets somebody do. It is pure. The packages below it are the ways
// in: api is the REST interface.
//
// A person needs the role and the client the scope: what a token lets do is what both
// allow. A client that acts for itself has the scopes that its configuration gives it.
// What may be done to whom is decided by package account, for an actor with duties.
package admin

// Resource is the identifier of the resource server (RFC 8707) that administration is:
// the aud of the access tokens that it takes.
const Resource = "urn:latchkey:admin"

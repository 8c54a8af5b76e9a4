// Package admin says who may administer: roles of people, scopes of clients, and what
// each scope allows. It is pure. The packages below it are the ways in: api is the REST
// interface.
//
// A person needs the role and the client needs the scope: a token allows what both allow.
// A client that acts for itself has the scopes that its configuration gives it. Package
// account decides what may be done to whom, for an actor with duties.
package admin

// Resource is the identifier of the resource server (RFC 8707) that administration is:
// the aud of the access tokens that it takes.
const Resource = "urn:latchkey:admin"

// APIPath is where its REST interface is, below the issuer.
const APIPath = "/admin/api/v1"

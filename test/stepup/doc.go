// Package stepup shows step-up authentication (RFC 9470) end to end: a resource
// server that rejects authentication that is too weak or too old, a client that asks
// for what is missing, and a person who provides it. The resource server is the one
// in docs/recipes/step-up.md.
package stepup

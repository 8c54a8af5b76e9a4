// Package stepup shows step-up authentication (RFC 9470) from end to end: a
// resource server that refuses what was authenticated too weakly or too long
// ago, a client that asks for what is missing, and a person who gives it. The
// resource server is the one of docs/recipes/step-up.md.
package stepup

package op

import "time"

// Requirements are what the installation requires of the requests of every client, beyond
// what a client's own metadata require. A [Provider] and a [Trial] judge by the same.
type Requirements struct {
	// RequirePushed refuses every authorization request that was not pushed (RFC 9126).
	RequirePushed bool
	// PushedLifetime is for how long a browser may come with a pushed request: a minute
	// by default, and ten at most.
	PushedLifetime time.Duration
	// RequireDPoP binds every token to a key of its client (RFC 9449).
	RequireDPoP bool
	// RequireDPoPNonce wants a nonce of ours in each proof (RFC 9449 section 8).
	RequireDPoPNonce bool
	// RequireCertificate binds every token to the TLS certificate of its client (RFC 8705
	// section 3). Together with RequireDPoP, either is enough.
	RequireCertificate bool
}

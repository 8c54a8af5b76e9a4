// Package registration is how clients come into the database and change there: by
// themselves (RFC 7591, RFC 7592, OpenID Connect Dynamic Client Registration 1.0), or
// written down by an administrator. Both are judged by [client.Metadata.Validate].
//
// Invariants (requirement DR1):
//
//   - What registers itself gets what the policy allows: members of its metadata that no
//     specification has are not read, so that no extension of ours can be asked for, and
//     grants, response types and scopes are those of the policy at most.
//   - Nothing is inherited: a client that changes itself is what it says then, and no more.
//   - Secrets and tokens are shown once and kept as keyed hashes. A token that was made
//     under a key which this node does not know is not judged (requirement KY5).
//   - One write is one event, in one transaction.
package registration

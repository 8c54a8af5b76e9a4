// Package registration is how clients enter the database and change there: by dynamic
// registration (RFC 7591, RFC 7592, OpenID Connect Dynamic Client Registration 1.0), or
// created by an administrator. [client.Metadata.Validate] checks both.
//
// Invariants (requirement DR1):
//
//   - A client that registers itself gets only what the policy allows. Metadata members
//     that no specification defines are not read, so nobody can ask for an extension of
//     ours; grant types, response types and scopes are at most those of the policy.
//   - Nothing is inherited: an update replaces the client's metadata completely.
//   - Secrets and tokens are shown once and stored as keyed hashes. A token made under a
//     key that this node does not know is not judged (requirement KY5).
//   - One write is one event, in one transaction.
package registration

// Package document handles clients that publish their own metadata: their client_id is the
// https address of that metadata (client ID metadata documents,
// draft-ietf-oauth-client-id-metadata-document). Nobody registered them, and nobody vouches
// for them.
//
// Invariants (requirements DR1, FT1, TH1):
//
//   - The operator decides whose documents count: those of some hosts, or of any.
//   - An address is called only through the guarded client (SSRF), and only after the
//     caller was counted by network and the address's host by name (rate limit). A client
//     that somebody already uses is not counted: nobody can lock it out by asking for
//     others.
//   - A document that cannot be validated makes no client. One that was good stays in use
//     for a while if a newer one cannot be fetched, but not if its server says that it is
//     gone.
//   - Each lookup reads the row of a client that was used: a client that was removed,
//     disabled or locked down on one node is so on all, whatever is cached.
//   - A row is written once somebody allowed the client something; strangers cannot cause
//     one.
package document

// Package document knows clients by what they publish of themselves: their client_id is
// the https address of their metadata (client ID metadata documents,
// draft-ietf-oauth-client-id-metadata-document). Nobody wrote them down, and nobody
// vouches for them.
//
// Invariants (requirements DR1, FT1, TH1):
//
//   - Whose documents count is the operator's to say: those of some hosts, or of any.
//   - An address is called through the guarded client only (SSRF), and not before its
//     caller was counted by network and its host by name (rate limit). A client that
//     somebody uses already is not counted: nobody can lock it out by asking for others.
//   - A document that cannot be judged makes no client. One that was good is used on for
//     a while where a newer cannot be had, but not where its server says that it is gone.
//   - Each look-up reads the row of a client that was used: what was removed, disabled or
//     locked down on one node is so on all, whatever is cached.
//   - A row is written once somebody allowed the client something, and not by strangers.
package document

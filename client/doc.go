// Package client says what a relying party is, wherever it is defined: its metadata
// in the names of RFC 7591, the rules that the metadata must satisfy, how redirect
// URIs are compared, and the registry that looks clients up. A client from the
// configuration file, from dynamic registration or from the database is the same
// thing here.
//
// Invariants:
//
//   - A [Client] never changes once it is in use: a reload creates new ones and
//     replaces the old ones in one step ([Registry.Replace]).
//   - Secrets exist only as keyed hashes ([Secret]).
//   - There is one rule for loopback hosts ([IsLoopback]) and one for matching
//     a redirect URI ([Client.MatchesRedirect]).
//   - There is one function for a person's sub at a client ([Subject]).
package client

// Package client says what a relying party is, apart from where it is written
// down: its metadata in the names of RFC 7591, the rules that the metadata must
// satisfy, how redirect URIs are compared, and the registry that looks clients
// up. A client from the configuration file, from dynamic registration and from
// the database is the same thing here.
//
// Invariants:
//
//   - A [Client] is never changed once it is in use: a reload makes new ones
//     and puts them in place of the old ones in one step ([Registry.Replace]).
//   - Secrets exist only as keyed hashes ([Secret]).
//   - There is one rule for loopback hosts ([IsLoopback]) and one for matching
//     a redirect URI ([Client.MatchesRedirect]).
//   - There is one function for the sub of a person at a client ([Subject]).
package client

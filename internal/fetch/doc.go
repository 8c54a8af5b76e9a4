// Package fetch is the HTTP client for addresses that clients register or send: their
// keys, request objects, and where they are told of logouts. Whoever may choose such
// an address could otherwise have the provider reach inside its own network
// (server-side request forgery, SSRF; requirement FT1).
//
// Invariants:
//
//   - Only https, and under dev http to loopback.
//   - A name is resolved once for a connection, each of its addresses is judged, and
//     what was judged is dialed (pinning): a second answer of the name server (DNS
//     rebinding) changes nothing.
//   - Only addresses that are public are dialed, and those of networks that the
//     operator allows. What embeds an address of another kind (IPv4-mapped, NAT64,
//     6to4, Teredo) is not public.
//   - Redirects are not followed. Time, header and body are bounded; nothing is
//     decompressed.
//   - What is fetched is kept for as long as its own headers say, within bounds, and
//     fetched once for all who wait. A failure is kept for seconds, so that nobody
//     can have an address called in a loop.
package fetch

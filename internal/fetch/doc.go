// Package fetch is the HTTP client for addresses that clients register or send: their
// keys, their request objects, and their logout endpoints. Anyone who may choose such an
// address could otherwise make the provider reach inside its own network (server-side
// request forgery, SSRF; requirement FT1).
//
// Invariants:
//
//   - Only https, and under dev http to loopback.
//   - A name is resolved once per connection, each of its addresses is checked, and a
//     checked address is dialed (pinning): a second answer from the name server (DNS
//     rebinding) changes nothing.
//   - Only public addresses are dialed, and those in networks that the operator allows.
//     An address that embeds one of another kind (IPv4-mapped, NAT64, 6to4, Teredo) is not
//     public.
//   - Redirects are not followed. Time, header and body are bounded; nothing is
//     decompressed.
//   - A response is cached for as long as its own headers say, within bounds, and fetched
//     once for all who wait. A failure is cached for seconds, so nobody can make us call
//     an address in a loop.
package fetch

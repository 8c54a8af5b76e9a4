// Package mfa holds the factors by which people prove who they are besides a
// password: authenticator apps, codes by e-mail and SMS, recovery codes and
// passkeys; the devices that they trust; and what all that amounts to.
//
// Invariants:
//
//   - An attempt is counted, durably and on all nodes, before anything is
//     compared; what is compared is compared in constant time.
//   - What may be used once is spent by one conditional write: a code, a
//     recovery code, a TOTP step, a challenge, a device's secret.
//   - What began under one attempt is void under every other.
//   - A store that does not answer refuses the attempt.
//   - Levels follow from proofs alone. A trusted device is none, and raises none.
//
// No caller knows a kind of factor: see [Factor], [Enroller] and [Factors].
package mfa

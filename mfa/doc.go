// Package mfa holds the factors by which people prove who they are besides a
// password: authenticator apps, codes by email and SMS, recovery codes and passkeys;
// the devices that they trust; and what all of that adds up to.
//
// Invariants:
//
//   - An attempt is counted, durably and on all nodes, before anything is compared;
//     comparisons are constant-time.
//   - Anything that may be used once is spent by one conditional write: a code, a
//     recovery code, a TOTP step, a challenge, a device's secret.
//   - What began under one attempt is void under every other.
//   - If the store does not answer, the attempt is refused.
//   - Levels follow from proofs alone. A trusted device is not a level, and raises none.
//
// No caller knows a kind of factor: see [Factor], [Enroller] and [Factors].
package mfa

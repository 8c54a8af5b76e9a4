// Package limits is the rate limits of the hosted pages against guessing (brute
// force) and flooding.
//
// Invariants:
//
//   - An attempt is counted before anything is looked at (requirement TH2), in the
//     store that all nodes share; without it nobody gets in (TH5).
//   - A name that nobody has costs as much, and is refused as soon, as one that
//     somebody has (user enumeration, requirements EN1, EN2).
//   - What strangers do keeps no owner out of a device where they signed in before
//     (requirement TH3), and pushes out nobody's wait (LK1).
package limits

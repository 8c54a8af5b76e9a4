// Package limits is the rate limits of the hosted pages against guessing (brute
// force) and flooding.
//
// Invariants:
//
//   - An attempt is counted before anything is checked (requirement TH2), in the store
//     that all nodes share; without that store nobody gets in (TH5).
//   - A name that nobody has costs as much as one that somebody has, and is refused as
//     soon (user enumeration, requirements EN1, EN2).
//   - What strangers do never locks an owner out of a device where they signed in before
//     (requirement TH3), and displaces nobody's wait (LK1).
package limits

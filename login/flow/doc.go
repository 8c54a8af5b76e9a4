// Package flow decides what a sign-in is missing: a pure function over everything that is
// known, without HTTP, stores or clocks.
//
// Invariants:
//
//   - The decision has no memory: the same evidence gives the same step, in whatever
//     order it came (requirement PA5).
//   - Each requested step that is completed moves the flow forward: anyone who can prove
//     everything reaches the end.
//   - What guards an account changes only on evidence that reaches what guards it and is
//     fresh, or was given in this same interaction, whichever door the request comes
//     through (requirement FE1).
package flow

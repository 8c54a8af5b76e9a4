// Package flow decides what a sign-in is missing: a pure function over all that is
// known, without HTTP, stores or clocks.
//
// Invariants:
//
//   - The decision has no memory: the same evidence gives the same step, in whatever
//     order it came (requirement PA5).
//   - Each step that is asked for and answered brings the flow on: whoever can show
//     everything comes to the end.
//   - What guards an account changes only on evidence that reaches what guards it and
//     is young, or was given in this very interaction, whichever door the wish comes
//     through (requirement FE1).
package flow

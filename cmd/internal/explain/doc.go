// Package explain answers what would happen if somebody went to an application: which
// rule decides, which steps sign-in would ask for, and what the tokens would say. It
// asks the packages that decide and issue, and issues nothing.
//
// Expectations (the tests of access that are written beside it) are questions with the
// answer given.
package explain

// Package explain answers what would happen if somebody went to an application: which
// rule decides, which steps sign-in would ask for, and what the tokens would contain. It
// asks the packages that decide and issue, and issues nothing itself.
//
// Expectations (the access tests that are written beside the rules) are questions that come
// with the answer.
package explain

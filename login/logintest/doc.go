// Package logintest is what tests of the hosted pages stand on: their parts over a
// real SQLite store, a clock that tests move, and a person's browser. It knows no
// page, so that the tests of each package of pages can use it.
package logintest

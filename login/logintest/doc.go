// Package logintest is the test harness for the hosted pages: their parts over a real
// SQLite store, a clock that tests move, and a person's browser. It knows no page, so the
// tests of every page package can use it.
package logintest

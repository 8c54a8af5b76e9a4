// Package alone holds the tests that measure: how long answers take, how much
// memory a flood costs. Beside others they would measure those as well, so that
// `make test` and `make check` run this package when all others are done, without
// the race detector. Each bounds its own time.
package alone

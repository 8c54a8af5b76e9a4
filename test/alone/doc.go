// Package alone holds the tests that measure: how long answers take, how much
// memory a flood costs. Beside others they would measure those as well, so that
// `make test` and `make check` run this package when all others are done, without
// the race detector. Each bounds its own time.
//
// Two questions of time may be asked at once, as many as there are cores: each asks
// about its kinds of accounts in an order that is drawn anew, so that what another
// one takes falls on all kinds alike, and tells of none.
package alone

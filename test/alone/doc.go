// Package alone holds the tests that measure: how long responses take, how much memory a
// flood costs. Beside other tests they would measure those as well, so `make test` and
// `make check` run this package after all others, without the race detector. Each test
// bounds its own time.
//
// Several timing tests may run at once, as many as there are cores. Each asks about its
// kinds of accounts in an order that is shuffled every round, so the load of the others
// falls on all kinds alike and reveals none.
package alone

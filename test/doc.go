// Package test covers what crosses packages: which way imports lean, and what holds
// when many requests, several nodes, killed processes and lost stores meet. Its tests
// run the real binary against real stores; see internal/testenv.
package test

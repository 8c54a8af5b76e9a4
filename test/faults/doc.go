// Package faults runs a provider of several nodes under a random load of standard
// clients, breaks something, repairs it, and judges the responses.
//
// Every row of a table is one fault. The load comes from a seed, which a failure
// prints and -seed accepts. What the clients saw is a journal, and one pure function
// says what must not be in it: a code redeemed twice, two successors of one refresh
// token, an honest chain that was ended, a lost revocation, a response after every
// deadline, a wrong readiness.
package faults

// Package faults runs a provider of several nodes under a random load of standard
// clients, breaks something, mends it, and judges what was answered.
//
// Every row of a table is one fault. The load is drawn from a seed, which a failure
// names and -seed takes; what the clients saw is a journal, and one pure function
// says what in it may not be: a code that was redeemed twice, two successors of a
// refresh token, an honest chain that was ended, a revocation that was lost, an
// answer that came after every deadline, a wrong readiness.
package faults

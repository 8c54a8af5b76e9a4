// Package conformance asks a running latchkey process what the OpenID
// Foundation's conformance suite asks of a provider. Each subtest has the name of
// the suite's module that it stands for, and requires what the module requires,
// including its warnings; where a module waits, the test waits for the same thing.
package conformance

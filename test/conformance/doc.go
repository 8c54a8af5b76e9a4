// Package conformance asks a running latchkey process what the OpenID
// Foundation's conformance suite asks of a provider. Each subtest bears the name
// of the suite's module that it stands for, and demands what the module demands,
// its warnings included; where a module waits, the test waits for what it waits
// for.
package conformance

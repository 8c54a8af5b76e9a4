package mfa

// AddressBinding says how a sign-in between its factors is bound to its network
// address. A cookie and the browser's family bind it in any case (requirement PA4).
type AddressBinding string

// The bindings.
const (
	BindOff     AddressBinding = "off"
	BindNetwork AddressBinding = "network" // the same /24, or /48 of IPv6
	BindExact   AddressBinding = "exact"
)

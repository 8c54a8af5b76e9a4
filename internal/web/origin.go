package web

import (
	"net/netip"
	"strings"
)

// CoarseAddress is an address as a person is shown it: enough to tell one's
// own network from another, and no more. Empty where it is none.
func CoarseAddress(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		b := addr.As4()
		b[3] = 0
		return strings.TrimSuffix(netip.AddrFrom4(b).String(), "0") + "x"
	}
	prefix, err := addr.Prefix(48)
	if err != nil {
		return ""
	}
	return prefix.Addr().String()
}

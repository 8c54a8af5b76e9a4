package web

import "testing"

func TestCoarseAddress(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.77": "203.0.113.x", "10.0.0.10": "10.0.0.x", "::ffff:192.0.2.1": "192.0.2.x",
		"2001:db8:1234:5678::9": "2001:db8:1234::", "fe80::1%eth0": "fe80::", "": "", "nowhere": "",
	} {
		if got := CoarseAddress(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

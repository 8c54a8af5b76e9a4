package web

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
)

// peerAddress is who opened the connection.
func peerAddress(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

func isTrusted(proxies []netip.Prefix, addr netip.Addr) bool {
	for _, p := range proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// forwardedFor returns the rightmost hop of X-Forwarded-For that is not a
// trusted proxy: everything left of it is that hop's own word. What does not
// parse ends the walk at the last address that did.
func forwardedFor(r *http.Request, proxies []netip.Prefix, peer netip.Addr) netip.Addr {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	client := peer
	for i := len(hops) - 1; i >= 0; i-- {
		addr, err := parseHop(strings.TrimSpace(hops[i]))
		if err != nil {
			return client
		}
		client = addr
		if !isTrusted(proxies, addr) {
			return client
		}
	}
	return client
}

// parseHop reads an address with or without a port.
func parseHop(hop string) (netip.Addr, error) {
	if ap, err := netip.ParseAddrPort(hop); err == nil {
		return ap.Addr().Unmap().WithZone(""), nil
	}
	addr, err := netip.ParseAddr(strings.Trim(hop, "[]"))
	return addr.Unmap().WithZone(""), err
}

// AddressBucket is what a limit counts by: the address, or the /64 of an IPv6
// one, of which a single subscriber has 2^64.
func AddressBucket(addr netip.Addr) string {
	if !addr.Is6() {
		return addr.String()
	}
	prefix, err := addr.Prefix(64)
	if err != nil {
		return addr.String()
	}
	return prefix.String()
}

// AddressBuckets are the networks that an address is counted by, the narrowest
// first: of IPv6 the /64, and the /56 and /48, which one subscriber may have as well.
func AddressBuckets(addr netip.Addr) []string {
	buckets := []string{AddressBucket(addr)}
	if !addr.Is6() {
		return buckets
	}
	for _, bits := range []int{56, 48} {
		if prefix, err := addr.Prefix(bits); err == nil {
			buckets = append(buckets, prefix.String())
		}
	}
	return buckets
}

// requestIDForm is what is taken over from a trusted proxy.
var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// requestID takes over the id of a trusted proxy, or makes one of 96 bits.
func requestID(r *http.Request, trusted bool) string {
	if trusted {
		if id := r.Header.Get("X-Request-Id"); requestIDForm.MatchString(id) {
			return id
		}
	}
	var b [12]byte
	rand.Read(b[:]) // never fails: crypto/rand documents that it crashes instead
	return hex.EncodeToString(b[:])
}

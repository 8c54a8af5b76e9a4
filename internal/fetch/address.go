package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// ErrForbidden says that an address is not one that may be called. Another try ends
// the same until the configuration changes.
var ErrForbidden = errors.New("the address may not be called")

// notPublic are the networks of special purpose within the address space that is
// routed (IANA special-purpose address registries, RFC 6890).
var notPublic = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
)

// routed6 is all of IPv6 that is given out for global use; loopback, unique local,
// link-local, multicast, IPv4-mapped and NAT64 addresses are outside of it.
var routed6 = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// isPublic reports whether an address may be called whoever asks.
func isPublic(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" || a.Is6() && !routed6.Contains(a) {
		return false
	}
	return !contains(notPublic, a)
}

func contains(networks []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// may reports whether an address may be dialed. An IPv4-mapped address is judged as
// the operator's networks spell it, and is otherwise not public.
func (c *Client) may(a netip.Addr) bool {
	plain := a.Unmap().WithZone("")
	return isPublic(a) || a.Zone() == "" && (contains(c.cfg.Allowed, plain) || c.cfg.Loopback && plain.IsLoopback())
}

// check says why an address may not be called at all, before anything is looked up.
func (c *Client) check(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: it cannot be read", ErrForbidden) // the cause repeats the address
	case u.Host == "" || u.Opaque != "" || u.User != nil:
		return nil, fmt.Errorf("%w: it is no plain https address", ErrForbidden)
	case u.Scheme == "https":
	case u.Scheme == "http" && c.cfg.Loopback && isLoopbackName(u.Hostname()):
	default:
		return nil, fmt.Errorf("%w: use https", ErrForbidden)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, checkHost(u.Hostname())
}

// checkHost refuses what some resolvers take for an address in another spelling
// (decimal, octal, hexadecimal, shortened): a host that ends in a number is an IPv4
// address as everybody writes it, or nothing (WHATWG URL, "ends in a number").
func checkHost(host string) error {
	if strings.Contains(host, "%") {
		return fmt.Errorf("%w: its host has a zone", ErrForbidden)
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	last := strings.TrimSuffix(host, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	digits := strings.TrimLeft(last, "0123456789") == ""
	hex := len(last) >= 2 && strings.EqualFold(last[:2], "0x")
	if digits || hex {
		return fmt.Errorf("%w: its host is a number", ErrForbidden)
	}
	return nil
}

// isLoopbackName reports whether a host is this machine by its very name.
func isLoopbackName(host string) bool {
	a, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && a.Unmap().IsLoopback()
}

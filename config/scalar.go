package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// parseScalar reads the text of a file, a variable or a default as a value of
// type t. Its errors say how such a value is written.
func parseScalar(text string, t reflect.Type) (any, error) {
	switch t {
	case durationType:
		return parseDuration(text)
	case timeType:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a time; write it like 2027-01-31T00:00:00Z", text)
		}
		return at, nil
	case prefixType:
		return parsePrefix(text)
	case secretType:
		return NewSecret(text), nil
	}
	switch t.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			return nil, fmt.Errorf("%q is neither true nor false", text)
		}
		return text == "true", nil
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", text)
		}
		return n, nil
	case reflect.Uint8, reflect.Uint32:
		n, err := strconv.ParseUint(text, 10, t.Bits())
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number from 0 to %d", text, uint64(1)<<t.Bits()-1)
		}
		return reflect.ValueOf(n).Convert(t).Interface(), nil
	case reflect.String:
		return reflect.ValueOf(text).Convert(t).Interface(), nil
	}
	return nil, fmt.Errorf("no way to read a %s", t)
}

var days = regexp.MustCompile(`^(\d{1,5})d`)

// parseDuration is time.ParseDuration with days, which refresh tokens live for.
func parseDuration(text string) (time.Duration, error) {
	bad := fmt.Errorf("%q is not a duration; write a number with a unit, such as 30s, 10m, 8h or 30d", text)
	var total time.Duration
	rest := text
	if m := days.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, bad
		}
		total = time.Duration(n) * 24 * time.Hour
		if rest = text[len(m[0]):]; rest == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return 0, bad
	}
	return total + d, nil
}

// parsePrefix reads a network, or one address as a network of its own.
func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return prefix, fmt.Errorf("%q is not a network; write it like 10.0.0.0/8 or 2001:db8::/32", text)
	}
	if masked := prefix.Masked(); masked != prefix {
		return prefix, fmt.Errorf("%q has bits set beyond its length; did you mean %s", text, masked)
	}
	return prefix, nil
}

// decodeScalar is the decode hook that reads text by the type of its field.
func decodeScalar(from, to reflect.Type, value any) (any, error) {
	if from.Kind() != reflect.String || from == to || to.Kind() == reflect.Pointer || to.Kind() == reflect.Interface {
		return value, nil
	}
	if to.Kind() == reflect.Slice {
		return splitList(reflect.ValueOf(value).String()), nil
	}
	return parseScalar(reflect.ValueOf(value).String(), to)
}

// splitList splits the comma-separated text of a variable or a default.
func splitList(text string) []any {
	items := []any{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

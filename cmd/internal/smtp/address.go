package smtp

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/net/idna"
)

// onTheWire spells an address as SMTP has it: an internationalized domain in its
// A-labels (RFC 5890), the local part as it is.
func onTheWire(address string) (string, error) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "", errors.New("an address without a domain")
	}
	if isASCII(address[at:]) {
		return address, nil
	}
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil {
		return "", fmt.Errorf("domain of an address: %w", err)
	}
	return address[:at+1] + domain, nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

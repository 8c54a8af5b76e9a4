package web

import (
	"net/netip"
	"strings"
)

// agentPart is a word of a User-Agent and what it stands for. Browsers claim to
// be one another, so the order matters: the first that is found counts.
type agentPart struct{ word, name string }

var browsers = []agentPart{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"},
	{"Vivaldi/", "Vivaldi"}, {"YaBrowser/", "Yandex"}, {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"},
	{"Chrome/", "Chrome"}, {"Chromium/", "Chromium"}, {"Safari/", "Safari"}, {"curl/", "curl"},
}

var systems = []agentPart{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"},
	{"Macintosh", "macOS"}, {"Linux", "Linux"},
}

// BrowserName is a User-Agent in words that its person knows: "Firefox,
// Windows". It is made of our words only, and empty where none fits.
func BrowserName(userAgent string) string {
	var names []string
	for _, parts := range [][]agentPart{browsers, systems} {
		for _, part := range parts {
			if strings.Contains(userAgent, part.word) {
				names = append(names, part.name)
				break
			}
		}
	}
	return strings.Join(names, ", ")
}

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

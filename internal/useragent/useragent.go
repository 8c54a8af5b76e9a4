// Package useragent says which browser and system a User-Agent header names, for
// people who look through their devices. The header is unverified input: what
// comes out is always one of our own words, or nothing.
package useragent

import (
	"strings"

	"github.com/mileusna/useragent"
)

// maxLength bounds what is looked at, in bytes.
const maxLength = 512

// browsers are the names that the parser gives browsers, and what people call them.
var browsers = map[string]string{
	useragent.Firefox: "Firefox", useragent.Chrome: "Chrome", useragent.HeadlessChrome: "Chrome", useragent.Edge: "Edge",
	useragent.Safari: "Safari", useragent.MobileSafari: "Safari", useragent.Opera: "Opera", useragent.OperaMini: "Opera Mini",
	useragent.OperaTouch: "Opera", useragent.Vivaldi: "Vivaldi", useragent.SamsungBrowser: "Samsung Internet",
	useragent.InternetExplorer: "Internet Explorer", "curl": "curl",
}

var systems = map[string]string{
	useragent.Windows: "Windows", useragent.MacOS: "macOS", useragent.IOS: "iOS", useragent.Android: "Android",
	useragent.Linux: "Linux", useragent.ChromeOS: "ChromeOS", useragent.CrOS: "ChromeOS", useragent.FreeBSD: "FreeBSD",
}

// Parse returns the browser ("Firefox") and the system or device ("Windows",
// "iPhone") that a header names; empty what it does not name.
func Parse(header string) (browser, system string) {
	if len(header) > maxLength {
		header = header[:maxLength]
	}
	parsed := useragent.Parse(header)
	browser, system = browsers[parsed.Name], systems[parsed.OS]
	for _, device := range []string{"iPhone", "iPad"} {
		if system == "iOS" && strings.Contains(header, device) {
			system = device
		}
	}
	return browser, system
}

package ui

import "strings"

// deviceName makes of a browser's own word what its owner knows it by.
func deviceName(p Page, userAgent string) string {
	browser, system := readUserAgent(userAgent)
	switch {
	case browser == "" && system == "":
		return p.T("device.unknown")
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return p.T("device.on", browser, system)
}

// agentWord is a word of a user agent and what it stands for. The order matters:
// browsers claim to be one another, and the most particular word comes first.
type agentWord struct{ word, name string }

var (
	browserWords = []agentWord{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
		{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
		{"curl/", "curl"},
	}
	systemWords = []agentWord{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"},
		{"Mac OS X", "macOS"}, {"Macintosh", "macOS"}, {"Linux", "Linux"},
	}
)

func readUserAgent(userAgent string) (browser, system string) {
	return firstWord(browserWords, userAgent), firstWord(systemWords, userAgent)
}

func firstWord(words []agentWord, userAgent string) string {
	for _, w := range words {
		if strings.Contains(userAgent, w.word) {
			return w.name
		}
	}
	return ""
}

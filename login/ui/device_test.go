package ui

import "testing"

func TestDeviceIsNamed(t *testing.T) {
	for _, c := range []struct{ agent, browser, system string }{
		{firefox, "Firefox", "Linux"},
		{safari, "Safari", "iPhone"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge", "Windows"},
		{"Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome", "Android"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", "Safari", "macOS"},
		{"<script>alert(1)</script>", "", ""},
		{"", "", ""},
	} {
		if browser, system := readUserAgent(c.agent); browser != c.browser || system != c.system {
			t.Errorf("%q is %q on %q: want %q on %q", c.agent, browser, system, c.browser, c.system)
		}
	}
}

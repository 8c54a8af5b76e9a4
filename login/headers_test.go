package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestCS2_EveryPageBearsThePolicy opens every page, as a stranger, within a flow,
// and by a form that is not ours.
func TestCS2_EveryPageBearsThePolicy(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	s.person("ada@example.com")
	within := s.browser()
	within.start("")
	in := within.signIn("ada@example.com", goodPassword).url.Query().Get(interactionParam)
	pages := 0
	for _, path := range s.pages.Paths() {
		for name, page := range map[string]*shown{
			"as a stranger":     s.browser().get(path),
			"with a token":      s.browser().get(path + "?token=AAAA"),
			"within a flow":     within.get(path + "?" + interactionParam + "=" + in),
			"by a foreign form": within.post(path, url.Values{}),
		} {
			if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
				continue
			}
			pages++
			checkHeaders(t, path+" "+name, page.header)
		}
	}
	if pages < 3*len(s.pages.Paths()) {
		t.Errorf("only %d pages were seen", pages)
	}
}

func checkHeaders(t *testing.T, page string, h http.Header) {
	t.Helper()
	policy := h.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action"} {
		if !strings.Contains(policy, part) {
			t.Errorf("%s: the policy lacks %s: %q", page, part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("%s: the policy is loose: %q", page, policy)
	}
	for header, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		"Cache-Control": "no-store",
	} {
		if got := h.Get(header); got != want {
			t.Errorf("%s: %s is %q, want %q", page, header, got, want)
		}
	}
	if h.Get("X-Request-Id") == "" {
		t.Errorf("%s bears no request id", page)
	}
}

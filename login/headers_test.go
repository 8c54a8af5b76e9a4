package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
)

// TestCS2_EveryPageBearsThePolicy opens every page, as a stranger, within a flow,
// and by a form that is not ours.
func TestCS2_EveryPageBearsThePolicy(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	s.person("ada@example.com")
	within := s.browser()
	within.start("")
	in := within.signIn("ada@example.com", goodPassword).URL.Query().Get(interaction.Param)
	pages := 0
	for _, path := range s.pages.Paths() {
		for name, page := range map[string]*testbrowser.Page{
			"as a stranger":     s.browser().Get(path),
			"with a token":      s.browser().Get(path + "?token=AAAA"),
			"within a flow":     within.Get(path + "?" + interaction.Param + "=" + in),
			"by a foreign form": within.Post(path, url.Values{}),
		} {
			if !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
				continue
			}
			pages++
			checkHeaders(t, path+" "+name, page.Header)
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

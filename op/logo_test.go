package op

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// TestFT1_LogosAreFetchedByUs: pictures and nothing else, bounded, from the guarded
// client, in a sandbox.
func TestFT1_LogosAreFetchedByUs(t *testing.T) {
	t.Parallel()
	d := newDocuments(t)
	png := "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 100)
	served := func(media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			_, _ = w.Write([]byte(body))
		}
	}
	d.web.put(documentID, documentOf(documentID, "logo_uri", "https://cdn.example/logo"))
	for name, logo := range map[string]struct {
		h      http.HandlerFunc
		status int
	}{
		"png":         {served("image/png", png), http.StatusOK},
		"svg":         {served("image/svg+xml; charset=utf-8", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), http.StatusOK},
		"html":        {served("text/html", "<script>alert(1)</script>"), http.StatusNotFound},
		"no type":     {served("", png), http.StatusNotFound},
		"html as png": {served("image/png", "<html><script>alert(1)</script>"), http.StatusNotFound},
		"huge":        {served("image/png", png+strings.Repeat("x", maxLogo)), http.StatusNotFound},
		"moved": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://agent.example/logo", http.StatusFound)
		}, http.StatusNotFound},
		"away": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, http.StatusNotFound},
	} {
		d.clock.Advance(2 * time.Hour)
		d.web.serve("https://cdn.example/logo", logo.h)
		w := d.get(client.LogoPath(documentID), nil)
		if w.Code != logo.status {
			t.Errorf("%s: %d", name, w.Code)
		}
		if w.Code != http.StatusOK {
			continue
		}
		h := w.Header()
		if !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: headers %v", name, h)
		}
	}
	// A connection that is kept was judged when it was made; the next one is judged anew.
	d.web.serve("https://cdn.example/logo", served("image/png", png))
	d.server.CloseClientConnections()
	d.web.names["cdn.example"] = []string{"127.0.0.1"}
	d.clock.Advance(2 * time.Hour)
	if w := d.get(client.LogoPath(documentID), nil); w.Code != http.StatusNotFound {
		t.Errorf("a logo from inside: %d", w.Code)
	}
	for _, path := range []string{client.LogoPath("wiki"), client.LogoPath("nobody"), client.LogosPath[:len(client.LogosPath)-len("{client}")] + "!!"} {
		if w := d.get(path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

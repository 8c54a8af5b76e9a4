package flash_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// TestOT3_ASecretIsHandedOn to its page and browser, for a while, and stands in no
// address, body or cookie.
func TestOT3_ASecretIsHandedOn(t *testing.T) {
	t.Parallel()
	p := logintest.New(t, logintest.Options{})
	store, browser := p.Flash(), web.NewSecret()
	const secret, page = "a-secret-of-a-client", "/admin/applications/wiki/secret"
	r, w := httptest.NewRequest(http.MethodPost, "/admin/applications/wiki/add-secret", nil), httptest.NewRecorder()
	r.AddCookie(&http.Cookie{Name: "latchkey-browser", Value: browser})
	logintest.Check(t, store.Hand(w, r, page, secret))
	answer := w.Result()
	if answer.StatusCode != http.StatusSeeOther || answer.Header.Get("Location") != page || strings.Contains(w.Body.String(), secret) || len(answer.Cookies()) != 1 {
		t.Fatalf("the answer is %d %v %s", answer.StatusCode, answer.Header, w.Body)
	}
	carried := answer.Cookies()[0]
	if !carried.HttpOnly || carried.MaxAge <= 0 || strings.Contains(carried.Value, secret) {
		t.Errorf("the cookie is %+v", carried)
	}
	read := func(store *flash.Store, browser, path string) string {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.AddCookie(&http.Cookie{Name: "latchkey-browser", Value: browser})
		r.AddCookie(carried)
		return store.Handed(r)
	}
	if got := read(store, browser, page); got != secret {
		t.Errorf("its page shows %q", got)
	}
	if got := read(store, browser, page+"?lang=de"); got != secret {
		t.Errorf("in another language it shows %q", got)
	}
	if read(store, browser, "/admin/applications/mail/secret") != "" || read(store, web.NewSecret(), page) != "" {
		t.Error("another page, or another browser, has it")
	}
	p.Clock.Advance(3 * time.Minute)
	if got := read(store, browser, page); got != "" {
		t.Errorf("later it shows %q", got)
	}
}

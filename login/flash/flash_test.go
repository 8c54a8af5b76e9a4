package flash_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/flash"
	"github.com/latchkey-id/latchkey/login/logintest"
)

// TestAMessageIsReadAsItWasKept, numbers of its texts included, and no field that is
// longer than anything that is typed in earnest.
func TestAMessageIsReadAsItWasKept(t *testing.T) {
	t.Parallel()
	p := logintest.New(t, logintest.Options{})
	store, browser := p.Flash(), web.NewSecret()
	kept := flash.Message{
		Problems: []flash.Problem{{Field: "password", Text: "wrong.password_short", Args: []any{"Count", 15}}},
		Typed:    map[string]string{"username": "ada", "name": strings.Repeat("x", 321)}, Trace: "one", Limited: time.Minute,
	}
	r, w := httptest.NewRequest(http.MethodPost, p.URL.String(), nil), httptest.NewRecorder()
	r.AddCookie(&http.Cookie{Name: "latchkey-browser", Value: browser})
	logintest.Check(t, store.Redirect(w, r, "/login?interaction=x&again=1", kept))
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || to != "/login?again=1&interaction=x" {
		t.Fatalf("answer %d to %q", w.Code, to)
	}
	r = httptest.NewRequest(http.MethodGet, to, nil)
	r.AddCookie(&http.Cookie{Name: "latchkey-browser", Value: browser})
	got, err := store.Read(r)
	logintest.Check(t, err)
	delete(kept.Typed, "name")
	kept.Read = true
	if !reflect.DeepEqual(got, kept) {
		t.Errorf("read %+v, want %+v", got, kept)
	}
	r.Header.Del("Cookie")
	if got, err := store.Read(r); err != nil || !reflect.DeepEqual(got, flash.Message{}) {
		t.Errorf("without a cookie: %+v, %v", got, err)
	}
}

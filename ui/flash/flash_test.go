package flash_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// TestAMessageIsReadAsItWasKept, numbers of its texts included, and no field that is
// longer than anything that is typed in earnest.
func TestAMessageIsReadAsItWasKept(t *testing.T) {
	t.Parallel()
	p := logintest.New(t, logintest.Options{})
	store, browser := p.Flash(), web.NewSecret()
	kept := flash.Message{
		Problems: []flash.Problem{{Field: "password", Text: "wrong.password_short", Args: []any{"Count", 15}}},
		Typed:    url.Values{"username": {"ada"}, "name": {strings.Repeat("x", 5000)}}, Trace: "one", Limited: time.Minute,
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

// TestWhatWasTypedStays, but for secrets, and no more than a person types.
func TestWhatWasTypedStays(t *testing.T) {
	t.Parallel()
	p := logintest.New(t, logintest.Options{})
	store, browser := p.Flash(), web.NewSecret()
	form := url.Values{"name": {"Ada"}, "remove": {"one", "two"}}
	for _, secret := range flash.SecretFields() {
		form.Set(secret, "a secret")
	}
	for i := range 100 {
		form.Set(fmt.Sprintf("z-%02d", i), strings.Repeat("x", 4000))
	}
	r, w := httptest.NewRequest(http.MethodPost, p.URL.String(), strings.NewReader(form.Encode())), httptest.NewRecorder()
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.AddCookie(&http.Cookie{Name: "latchkey-browser", Value: browser})
	logintest.Check(t, r.ParseForm())
	logintest.Check(t, store.Refuse(w, r, "/account/profile", flash.Message{}))
	r = httptest.NewRequest(http.MethodGet, w.Header().Get("Location"), nil)
	r.AddCookie(&http.Cookie{Name: "latchkey-browser", Value: browser})
	got, err := store.Read(r)
	logintest.Check(t, err)
	total := 0
	for field, values := range got.Typed {
		total += len(strings.Join(values, ""))
		if slices.Contains(flash.SecretFields(), field) {
			t.Errorf("%s is kept", field)
		}
	}
	if got.Typed.Get("name") != "Ada" || !slices.Equal(got.Typed["remove"], []string{"one", "two"}) || total > 16<<10 {
		t.Errorf("kept %d bytes: %v", total, got.Typed)
	}
}

// TestAMessageIsReadInAnotherLanguage: whoever does not understand what is wrong looks
// for their language, and not within seconds.
func TestAMessageIsReadInAnotherLanguage(t *testing.T) {
	t.Parallel()
	p := logintest.New(t, logintest.Options{})
	store, browser := p.Flash(), web.NewSecret()
	read := func(address string) flash.Message {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, address, nil)
		r.AddCookie(&http.Cookie{Name: "latchkey-browser", Value: browser})
		m, err := store.Read(r)
		logintest.Check(t, err)
		return m
	}
	r, w := httptest.NewRequest(http.MethodPost, p.URL.String(), nil), httptest.NewRecorder()
	r.AddCookie(&http.Cookie{Name: "latchkey-browser", Value: browser})
	logintest.Check(t, store.Redirect(w, r, "/login?interaction=x", flash.Message{Failure: "wrong.passkey"}))
	to := w.Header().Get("Location")
	if m := read(to); m.Failure == "" {
		t.Error("it is not read")
	}
	p.Clock.Advance(time.Minute)
	if m := read(to); m.Failure != "" {
		t.Error("a minute later it is read again")
	}
	if m := read(to + "&lang=de"); m.Failure == "" {
		t.Error("it is not read in German")
	}
	if m := read(to + "&lang=ja"); m.Failure == "" {
		t.Error("it is not read in Japanese")
	}
	if m := read("/login?again=1&interaction=y&lang=ja"); m.Failure != "" {
		t.Error("another page says so")
	}
	p.Clock.Advance(time.Hour)
	if m := read(to + "&lang=de"); m.Failure != "" {
		t.Error("an hour later it is read in German")
	}
}

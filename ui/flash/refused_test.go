package flash_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage/ephemeral"
	"github.com/latchkey-id/latchkey/ui/flash"
)

// flaky is a store that is gone at times.
type flaky struct {
	ephemeral.Store
	gone bool
}

var errGone = errors.New("the store is gone")

func (f *flaky) Get(ctx context.Context, key string) ([]byte, error) {
	if f.gone {
		return nil, errGone
	}
	return f.Store.Get(ctx, key)
}

func (f *flaky) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if f.gone {
		return errGone
	}
	return f.Store.Put(ctx, key, value, ttl)
}

func (f *flaky) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) error {
	if f.gone {
		return errGone
	}
	return f.Store.Swap(ctx, key, old, value, ttl)
}

// TestTH5_AFormOutlivesAStoreThatIsGone: where the message of a form that was refused
// cannot be kept, the browser keeps it, sealed; whoever tries again when the store is
// back finds what they typed, and no secret was anywhere.
func TestTH5_AFormOutlivesAStoreThatIsGone(t *testing.T) {
	t.Parallel()
	p := logintest.New(t, logintest.Options{})
	kept := &flaky{Store: p.Store.Ephemeral()}
	store := flash.New(flash.Config{Store: kept, Hasher: p.Hasher, Sealer: p.Sealer, Cookies: p.Cookies, Now: p.Clock.Now})
	jar := map[string]*http.Cookie{"latchkey-browser": {Name: "latchkey-browser", Value: web.NewSecret()}}
	send := func(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
		for _, c := range jar {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			if jar[c.Name] = c; c.MaxAge < 0 {
				delete(jar, c.Name)
			}
		}
		return w
	}
	errs := &web.Errors{Log: p.Logger, Render: p.UI.RenderError}
	var read flash.Message
	page := errs.Handle(store.Show(func(w http.ResponseWriter, r *http.Request) (err error) {
		if kept.gone {
			return web.Unavailable(errGone)
		}
		read, err = store.Read(r)
		return err
	}, errs.Render))
	form := errs.HandleForm(func(_ http.ResponseWriter, r *http.Request) error {
		logintest.Check(t, r.ParseForm())
		return web.Unavailable(errGone)
	}, store.Lead(func(r *http.Request) string { return r.URL.RequestURI() }))

	kept.gone = true
	r := httptest.NewRequest(http.MethodPost, "/login?interaction=x", strings.NewReader(url.Values{"username": {"ada"}, "password": {"a secret"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := send(form, r)
	to := w.Header().Get("Location")
	sealed := jar["latchkey-refused"]
	if w.Code != http.StatusSeeOther || to != "/login?again=1&interaction=x" || sealed == nil || strings.Contains(sealed.Value, "ada") || !sealed.HttpOnly {
		t.Fatalf("answer %d to %q with %v", w.Code, to, sealed)
	}
	for range 2 { // loaded again and again, it says what it is, and asks to send nothing
		w = send(page, httptest.NewRequest(http.MethodGet, to, nil))
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), `id="continue" href="`+strings.ReplaceAll(to, "&", "&amp;")) {
			t.Fatalf("answer %d: %s", w.Code, w.Body)
		}
	}
	kept.gone = false
	if send(page, httptest.NewRequest(http.MethodGet, "/other?again=1", nil)); read.Typed.Get("username") != "" {
		t.Error("another page reads it")
	}
	send(page, httptest.NewRequest(http.MethodGet, to, nil))
	if read.Typed.Get("username") != "ada" || read.Typed.Has("password") || jar["latchkey-refused"] != nil {
		t.Errorf("read %v, cookies %v", read.Typed, jar)
	}
	read = flash.Message{}
	if send(page, httptest.NewRequest(http.MethodGet, to, nil)); read.Typed.Get("username") != "ada" { // the second redirect of a double click
		t.Errorf("a moment later: %v", read.Typed)
	}
	p.Clock.Advance(11 * time.Second)
	if send(page, httptest.NewRequest(http.MethodGet, to, nil)); read.Typed.Has("username") {
		t.Errorf("it is read each time that the page is loaded")
	}
}

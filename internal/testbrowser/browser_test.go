package testbrowser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
)

const page = `<form action="/there?x=1" method="post">
<input type="hidden" name="csrf" value="c"><input name="name" value="Ada"><textarea name="about">text</textarea>
<input type="checkbox" name="on" value="1" checked><input type="checkbox" name="off" value="1">
<select name="lang"><option value="de">D</option><option value="en" selected>E</option></select>
<button id="other" type="submit" name="other" value="1">O</button><button id="send" type="submit" name="go" value="2">S</button>
</form><p class="note">one  two</p><a data-factor="totp" href="/totp">T</a>`

func TestBrowserSendsWhatAFormHolds(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "c", Value: "1"})
		_, _ = fmt.Fprint(w, page)
	})
	mux.HandleFunc("POST /there", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, _ = fmt.Fprintf(w, "%s|%s|%s|%s|%s", r.PostForm.Encode(), r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Cookie"), r.Header.Get("User-Agent"), r.Header.Get("Accept-Language"))
	})
	mux.HandleFunc("GET /in", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/out", http.StatusSeeOther) })
	mux.HandleFunc("GET /out", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://wiki.example.com/cb?code=1", http.StatusSeeOther)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	b := testbrowser.New(t, server.URL, nil)
	first := b.Get("/")
	if got := first.Texts("note"); len(got) != 1 || got[0] != "one two" || first.Link("data-factor", "totp") != "/totp" || first.Value("name") != "Ada" {
		t.Errorf("the page says %q", got)
	}
	b.Header.Set("User-Agent", "curl")
	b.Header["Accept-Language"] = nil
	b.Submit("send", "name=Grace", "on=").Want(t, http.StatusOK, "about=text&csrf=c&go=2&lang=en&name=Grace|same-origin|c=1|curl|")
	b.SubmitOn(first, "other").Want(t, http.StatusOK, "about=text&csrf=c&lang=en&name=Ada&on=1&other=1|")
	b.Get("/")
	b.Forge("send", "role=admin").Want(t, http.StatusOK, "role=admin")
	if p := b.Get("/in"); p.URL.Path != "/out" || p.Location == nil || p.Location.Host != "wiki.example.com" {
		t.Errorf("it went on to %s, and %v", p.URL, p.Location)
	}
	b.Follow(false)
	if p := b.Get("/in"); p.URL.Path != "/in" || p.Location.Path != "/out" {
		t.Errorf("it followed to %s", p.URL)
	}
}

package ui

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// sources are what each asset is made of.
var sources = map[string][]string{
	"latchkey.css": {"latchkey.css"}, "latchkey.js": {"page.js", "passkey.js"}, "mark.svg": {"mark.svg"}, "console.css": {"console.css"}, "console.js": {"console.js"},
}

// TestAssetsAreCurrent holds what is compressed to what it was made of: run go
// generate where it fails.
func TestAssetsAreCurrent(t *testing.T) {
	for name, parts := range sources {
		var want []byte
		for _, part := range parts {
			text, err := os.ReadFile("assets/" + part)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, text...)
		}
		for _, encoding := range encodings {
			packed, err := packedFiles.ReadFile("packed/" + name + encoding.ext)
			if err != nil {
				t.Fatal(err)
			}
			if got := unpack(t, encoding.name, packed); !bytes.Equal(got, want) {
				t.Errorf("packed/%s%s is not what assets holds: run go generate ./ui", name, encoding.ext)
			}
		}
	}
}

func unpack(t *testing.T, coding string, body []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(body)
	switch coding {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestAssetsAreServedCompressed shows what each browser is sent, and that it
// may keep it.
func TestAssetsAreServedCompressed(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	u.Register(mux)
	address, err := u.assets.url("latchkey.css")
	if err != nil {
		t.Fatal(err)
	}
	for accept, want := range map[string]string{
		"gzip, deflate, br, zstd": "br", "gzip": "gzip", "br;q=0, gzip;q=0.5": "gzip", "": "", "identity": "", "br;q=1.0": "br", "GZIP": "gzip",
	} {
		r := httptest.NewRequest("GET", address, nil)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		h := w.Result().Header
		if got := h.Get("Content-Encoding"); got != want || w.Code != 200 {
			t.Errorf("%q: %d %q, want %q", accept, w.Code, got, want)
		}
		if body := string(unpack(t, want, w.Body.Bytes())); !strings.Contains(body, ":root") {
			t.Errorf("%q: no style", accept)
		}
		if h.Get("Vary") != "Accept-Encoding" || !strings.Contains(h.Get("Cache-Control"), "immutable") || !strings.HasPrefix(h.Get("Content-Type"), "text/css") {
			t.Errorf("%q: headers %v", accept, h)
		}
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/assets/latchkey.0.css", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("an asset of another time: %d", w.Code)
	}
}

// TestFirstSignInIsLight bounds what the sign-in page and all that it loads weigh.
func TestFirstSignInIsLight(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	page, _ := begin(u, "en", "signin.title", nil)
	w := httptest.NewRecorder()
	screen := SignIn{Page: page, SignUp: "/signup", Forgot: "/forgot-password", Passkey: &Ceremony{Action: "/login/passkey", Options: strings.Repeat("x", 400)}}
	if err := u.Render(w, http.StatusOK, screen); err != nil {
		t.Fatal(err)
	}
	weight, requests := w.Body.Len(), 1
	loaded := slices.DeleteFunc(slices.Clone(assetNames), func(name string) bool { return strings.HasPrefix(name, "console.") })
	for _, name := range loaded {
		address, err := u.assets.url(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(w.Body.String(), address); n != 1 {
			t.Errorf("%s is named %d times", name, n)
		}
		weight, requests = weight+len(u.assets.byName[u.assets.hashed[name]].bodies["br"]), requests+1
	}
	if others := strings.Count(w.Body.String(), assetPath); others != len(loaded) || requests > 5 || weight > 20_000 {
		t.Errorf("%d requests, %d of them assets, %d bytes", requests, others, weight)
	}
}

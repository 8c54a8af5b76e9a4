package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

// TestCS1_FormNeedsItsToken shows that a POST counts only with the token of the
// browser that it comes from, and from a page of ours.
func TestCS1_FormNeedsItsToken(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	page, w := begin(u, "en", "signin.title", nil)
	other, _ := begin(u, "en", "signin.title", nil)
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || !strings.HasPrefix(cookies[0].Name, "__Host-") {
		t.Fatalf("the browser was given %v", cookies)
	}
	for _, c := range []struct {
		name, token, site string
		cookie            bool
		want              bool
	}{
		{name: "as it should be", token: page.CSRF, site: "same-origin", cookie: true, want: true},
		{name: "no token", site: "same-origin", cookie: true},
		{name: "the token of another browser", token: other.CSRF, site: "same-origin", cookie: true},
		{name: "no cookie", token: page.CSRF, site: "same-origin"},
		{name: "from another site", token: page.CSRF, site: "cross-site", cookie: true},
	} {
		r := post(url.Values{"csrf": {c.token}}, c.site)
		if c.cookie {
			r.AddCookie(cookies[0])
		}
		handled := false
		err := u.Form(func(http.ResponseWriter, *http.Request) error { handled = true; return nil })(httptest.NewRecorder(), r)
		if handled != c.want || (err == nil) != c.want {
			t.Errorf("%s: handled %t, error %v", c.name, handled, err)
		}
	}
}

// TestKY5_AFormOfAnUnknownKeyIsNotJudged: while a hash key is rolled over the nodes, a
// form that another node made is not called foreign; and one of a revoked key is.
func TestKY5_AFormOfAnUnknownKeyIsNotJudged(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	page, w := begin(u, "en", "signin.title", nil)
	another := keys.SecretKey{ID: "another", Key: bytes.Repeat([]byte{2}, 32)}
	for _, c := range []struct {
		name, site string
		list       []keys.SecretKey
		status     int
	}{
		{"of a key that is not known", "same-origin", []keys.SecretKey{another}, http.StatusServiceUnavailable},
		{"of such a key, from another site", "cross-site", []keys.SecretKey{another}, http.StatusForbidden},
		{"of a revoked key", "same-origin", []keys.SecretKey{another, {ID: "test", Revoked: true}}, http.StatusForbidden},
	} {
		if u.cfg.Hasher, err = keys.NewHasher(c.list); err != nil {
			t.Fatal(err)
		}
		r := post(url.Values{"csrf": {page.CSRF}}, c.site)
		r.AddCookie(w.Result().Cookies()[0])
		err := u.Form(func(http.ResponseWriter, *http.Request) error { return nil })(httptest.NewRecorder(), r)
		var refused *web.Error
		if !errors.As(err, &refused) || refused.Status != c.status || (c.status == http.StatusServiceUnavailable) != (refused.RetryAfter > 0) {
			t.Errorf("%s: %v", c.name, err)
		}
		answer := httptest.NewRecorder() // the same of what a script asks
		u.strength(answer, r)
		if answer.Code != c.status || (c.status == http.StatusServiceUnavailable) != (answer.Header().Get("Retry-After") != "") {
			t.Errorf("%s, of a script: %d %v", c.name, answer.Code, answer.Header())
		}
	}
}

func post(form url.Values, site string) *http.Request {
	r := httptest.NewRequest("POST", "/password/strength", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", site)
	return r
}

// TestCS2_PolicyOfAPage shows that nothing inline runs, nobody frames a page, and
// a form goes to us and where the page was told.
func TestCS2_PolicyOfAPage(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	page := u.Begin(w, r, Options{Title: "signin.title", FormAction: []string{"https://wiki.example.com"}})
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'none'", "script-src 'nonce-" + page.Nonce + "'", "style-src 'self' 'nonce-" + page.Nonce + "'", "frame-ancestors 'none'",
		"base-uri 'none'", "form-action 'self' https://wiki.example.com",
	} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy lacks %q: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is unsafe: %s", policy)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: %s", got)
	}
}

// TestBrandAndClient shows whose colours and logo a page bears.
func TestBrandAndClient(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Example", LogoURI: "https://example.com/logo.svg", AccentColor: "#0f766e"})
	if err != nil {
		t.Fatal(err)
	}
	wiki := &client.Client{ID: "wiki", Metadata: client.Metadata{AccentColor: "#e11d48"}}
	of := func(c *client.Client) Page { p, _ := begin(u, "en", "signin.title", c); return p }
	if p := of(nil); p.Colors != accentStyle(mustColor("#0f766e")) || p.Brand.LogoURI != "https://example.com/logo.svg" {
		t.Errorf("the brand's page has %s and %s", p.Colors, p.Brand.LogoURI)
	}
	if p := of(wiki); p.Colors != accentStyle(mustColor("#e11d48")) || p.Client.Name != "wiki" {
		t.Errorf("the client's page has %s and the name %q", p.Colors, p.Client.Name)
	}
	wiki.AccentColor = "red; } body { display: none"
	if p := of(wiki); p.Colors != accentStyle(mustColor("#0f766e")) {
		t.Errorf("a colour that is none became %s", p.Colors)
	}
	if _, err := newRenderer(Brand{Name: "Example", AccentColor: "red"}); err == nil {
		t.Error("a brand's colour that is none was taken")
	}
}

// TestDR1_PagesSayThatNobodyVouched for a client that registered itself, and only then.
func TestDR1_PagesSayThatNobodyVouched(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	for source, warns := range map[storage.ClientSource]bool{
		"": false, storage.ClientByAdministrator: false, storage.ClientByStatement: false, storage.ClientByAnybody: true, storage.ClientByToken: true, storage.ClientByDocument: true,
	} {
		page, _ := begin(u, "en", "signin.title", &client.Client{ID: "app", Source: source})
		for name, screen := range map[string]Screen{"sign-in": SignIn{Page: page}, "consent": Consent{Page: page}} {
			w := httptest.NewRecorder()
			if err := u.Render(w, http.StatusOK, screen); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(w.Body.String(), `id="unvouched"`); got != warns {
				t.Errorf("%s of a client of source %q: warns %v, want %v", name, source, got, warns)
			}
		}
	}
}

// TestStrengthIsToldToOurPagesOnly shows the estimate that a page asks for.
func TestStrengthIsToldToOurPagesOnly(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	u.cfg.Strength = func(password string) int { return min(len(password)/4, 4) }
	mux := http.NewServeMux()
	u.Register(mux)
	page, w := begin(u, "en", "signup.title", nil)
	if page.StrengthURL != strengthPath {
		t.Fatalf("the page asks %q", page.StrengthURL)
	}
	r := post(url.Values{"csrf": {page.CSRF}, "password": {"correct horse"}}, "same-origin")
	r.AddCookie(w.Result().Cookies()[0])
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, r)
	var told struct{ Strength int }
	if err := json.Unmarshal(answer.Body.Bytes(), &told); err != nil || told.Strength != 3 {
		t.Errorf("%d %s: want 3", answer.Code, answer.Body)
	}
	answer = httptest.NewRecorder()
	mux.ServeHTTP(answer, post(url.Values{"password": {"correct horse"}}, "same-origin"))
	if answer.Code != http.StatusForbidden {
		t.Errorf("without a token: %d", answer.Code)
	}
}

// TestErrorPageSpeaksTheLanguage shows an error in the language of the request,
// and one without texts as it is.
func TestErrorPageSpeaksTheLanguage(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	show := func(address string, shown web.ErrorPage) string {
		w := httptest.NewRecorder()
		u.RenderError(w, httptest.NewRequest("GET", address, nil), shown)
		if w.Code != shown.Status {
			t.Errorf("status %d: want %d", w.Code, shown.Status)
		}
		return w.Body.String()
	}
	known := web.ErrorPage{Status: 404, Key: "not_found", Title: "Page not found", ID: "abc"}
	if body := show("/?ui_locales=tlh+de", known); !strings.Contains(body, "Seite nicht gefunden") || !strings.Contains(body, `lang="de"`) {
		t.Errorf("no German error: %s", body)
	}
	if body := show("/", web.ErrorPage{Status: 502, Title: "Something of the demo", ID: "abc"}); !strings.Contains(body, "Something of the demo") {
		t.Errorf("not as it is: %s", body)
	}
}

// A scope of the installation's own says in the page's language what it allows.
func TestAScopeIsDescribedInTheLanguageOfThePage(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]string{"de": "Ihre Aufgaben lesen", "fr": "tasks.read"} {
		if page, _ := begin(u, lang, "consent.title", nil); page.Scope("tasks.read") != want {
			t.Errorf("in %s: %q, want %q", lang, page.Scope("tasks.read"), want)
		}
	}
}

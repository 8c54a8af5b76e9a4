package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/settings"
)

// refusing is the jar of a browser that keeps no cookies.
type refusing struct{}

func (refusing) SetCookies(*url.URL, []*http.Cookie) {}
func (refusing) Cookies(*url.URL) []*http.Cookie     { return nil }

// straight is the way to a server in this process.
type straight struct{ server http.Handler }

func (s straight) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := r.Clone(r.Context())
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	asked.RemoteAddr, asked.RequestURI, asked.Host = "192.0.2.1:40000", r.URL.RequestURI(), r.URL.Host
	answer := httptest.NewRecorder()
	s.server.ServeHTTP(answer, asked)
	response := answer.Result()
	response.Request = r
	return response, nil
}

var (
	wayOn    = regexp.MustCompile(`(?s)<main.*?(<a [^>]*href="|<button).*</main>`)
	anyWayOn = regexp.MustCompile(`<a [^>]*href="/|<button`)
	button   = regexp.MustCompile(`<button class="primary" id="([a-z-]+)" type="submit"`)
)

// TestEveryPageMayBeBookmarked: whoever opens the address of any page of sign-in, account,
// device or sign-out, from a bookmark or a link that somebody shared, signed in or not,
// and reloads it, or comes back to it, sees the same page twice and a way on; nobody is
// told what is not so. Where a browser refuses cookies, forms say that.
func TestEveryPageMayBeBookmarked(t *testing.T) {
	now := time.Now()
	n := newIdleServer(t, &now)
	f, err := newFoundation(n.process, n.boot.cfg)
	if err != nil {
		t.Fatal(err)
	}
	factors, devices, err := newFactors(n.process, f)
	if err != nil {
		t.Fatal(err)
	}
	accounts := newAccounts(n.process, f, factors, devices)
	pages := login.New(loginConfig(n.process, f, accounts, factors, devices))
	paths := slices.Concat(pages.Paths(), settings.New(settingsConfig(n.process, f, accounts, pages, factors)).Paths(), []string{"/logout", "/authorize", "/authorize/resume", "/"})
	n.person(t, "ada@example.com", time.Time{})
	browser := func(jar http.CookieJar) *testbrowser.Browser {
		b := testbrowser.New(t, "http://localhost", &http.Client{Transport: straight{n}})
		if jar != nil {
			b.Client.Jar = jar
		}
		return b
	}
	ada := browser(nil)
	ada.Get("/account")
	ada.Submit("login-submit", "username=ada@example.com", "password=correct horse battery staple").Want(t, http.StatusOK, "signout-link")
	session := ada.Cookies()

	forms := 0
	for _, path := range paths {
		if strings.Contains(path, "{") || strings.HasSuffix(path, "/passkey") {
			continue // takes a program's JSON, or an id
		}
		for who, cookies := range map[string][]*http.Cookie{"nobody": nil, "ada": session} {
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			jar.SetCookies(&url.URL{Scheme: "http", Host: "localhost"}, cookies)
			b := browser(jar)
			first := b.Get(path)
			if first.Status == http.StatusMethodNotAllowed || first.Status == http.StatusNotFound {
				break // only a form is sent there
			}
			if first.Status == http.StatusOK && first.Header.Get("Content-Type") != "text/html; charset=utf-8" {
				break // a download
			}
			again := b.Get(path)
			if again.Status != first.Status || again.URL.Path != first.URL.Path {
				t.Errorf("%s, %s: %d at %s, and %d at %s when it is reloaded", path, who, first.Status, first.URL.Path, again.Status, again.URL.Path)
			}
			leads := wayOn
			if again.Status == http.StatusOK {
				leads = anyWayOn // the menu of the account does
			}
			if again.Status >= 500 || !leads.MatchString(again.Body) {
				t.Errorf("%s, %s: %d without a way on:\n%s", path, who, again.Status, again.Body)
			}
			if who == "nobody" && strings.Contains(again.Body, "still signed in") {
				t.Errorf("%s: nobody is told to be signed in", path)
			}
			m := button.FindStringSubmatch(again.Body)
			if m == nil {
				continue
			}
			// The same browser, once it refuses cookies: the page says so, or its form does.
			forms++
			b.Client.Jar = refusing{}
			page := b.Get(path)
			if page.Has(m[1]) {
				page = b.Submit(m[1])
			}
			if path == "/logout" && page.Has("signed-out") && page.Status == http.StatusOK {
				continue // who has no session is asked nothing
			}
			if page.Status < 400 || !strings.Contains(page.Text("error-detail")+page.Text("notice"), "ookies") || !wayOn.MatchString(page.Body) {
				t.Errorf("%s, %s without cookies: %d %q\n%s", path, who, page.Status, page.Text("error-detail"), page.Body)
			}
		}
	}
	if forms < 10 {
		t.Errorf("only %d forms were sent", forms)
	}
}

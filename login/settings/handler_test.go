package settings

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/ui"
)

// everyPage has all pages, those of phone numbers too.
var everyPage = options{sms: &mfa.SMSLimits{Countries: []string{"DE"}, Factor: mfa.SMSPots{PerNumber: 10, PerCountry: 100, PerDay: 100}, Confirmation: mfa.SMSPots{PerNumber: 10, PerCountry: 100, PerDay: 100}}}

// shownAt is where somebody is who opens a page while there is nothing that it is
// about: no number waits for its code, nothing is to be removed.
func shownAt(path string) string {
	switch path {
	case phoneCodePath, ui.PathPhoneRemoval:
		return ui.PathPhone
	case ui.PathFactorRemoval, ui.PathDeviceRemoval:
		return ui.PathSecurity
	case ui.PathApplicationRemoval:
		return ui.PathApplications
	case ui.PathSessionsEnd:
		return ui.PathSessions
	}
	return path
}

func TestEveryPageShowsToWhoeverIsSignedIn(t *testing.T) {
	s := newSite(t, everyPage)
	s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	for _, route := range s.pages.routes() {
		if route.path == addFactorPath {
			continue // leads to the flow
		}
		page := b.Get(route.path)
		page.Want(t, http.StatusOK, `id="signout-link"`)
		if want := shownAt(route.path); page.URL.Path != want {
			t.Errorf("%s shows %s, want %s", route.path, page.URL.Path, want)
		}
	}
}

func TestPA2_NobodyElseSeesAnything(t *testing.T) {
	s := newSite(t, everyPage)
	s.Person("ada@example.com")
	for _, path := range s.pages.Paths() {
		b := s.Browser()
		b.Get(path).Want(t, http.StatusOK, "login-submit")
		if path == addFactorPath {
			continue
		}
		// Whoever signs in then is where they wanted to be.
		page := b.SignIn("ada@example.com", logintest.GoodPassword)
		if want := shownAt(path); page.URL.Path != want {
			t.Errorf("after signing in for %s: at %s, want %s", path, page.URL.Path, want)
		}
	}
}

func TestCS1_EveryFormWantsItsToken(t *testing.T) {
	s := newSite(t, everyPage)
	s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	_, form := b.Get(ui.PathProfile).Form("profile-submit")
	other := s.signedIn("ada@example.com")
	_, foreign := other.Get(ui.PathProfile).Form("profile-submit")
	posts := 0
	for _, route := range s.pages.routes() {
		if route.post == nil {
			if page := b.Post(route.path, form); page.Status != http.StatusMethodNotAllowed {
				t.Errorf("POST %s: %d", route.path, page.Status)
			}
			continue
		}
		posts++
		for name, csrf := range map[string]string{"none": "", "another browser's": foreign.Get("csrf"), "wrong": form.Get("csrf") + "x"} {
			values := url.Values{"csrf": {csrf}, "which": {everySession}, "confirm": {"ada@example.com"}, "name": {"Mallory"}, "device": {allDevices}}
			b.Post(route.path, values).Want(t, http.StatusForbidden, "error-title")
			if t.Failed() {
				t.Fatalf("%s takes a form with a token that is %s", route.path, name)
			}
		}
		// A form of ours from another site is refused by where it came from.
		b.Header.Set("Sec-Fetch-Site", "cross-site")
		b.Post(route.path, form).Want(t, http.StatusForbidden, "error-title")
		b.Header.Del("Sec-Fetch-Site")
	}
	if posts < 14 {
		t.Errorf("%d pages take forms: some are missing", posts)
	}
	b.Get(ui.PathAccount).Want(t, http.StatusOK, `id="signout-link"`)
}

func TestCS3_TheWayBackIsOurOwn(t *testing.T) {
	s := newSite(t, options{})
	s.Person("ada@example.com")
	b := s.Browser()
	b.Get(ui.PathSessions + "?next=https://evil.example&return_to=//evil.example&done=https://evil.example")
	page := b.SignIn("ada@example.com", logintest.GoodPassword)
	if page.URL.RequestURI() != ui.PathSessions || page.URL.Host != s.URL.Host {
		t.Errorf("signing in ends at %s", page.URL)
	}
	// What a page says comes from a closed list.
	if b.Get(ui.PathSessions + "?done=Your+account+is+locked").Has("notice") {
		t.Error("an address makes a page say what it likes")
	}
	if b.Get(ui.PathApplications + "?done=application_revoked&client=Evil").Has("notice") {
		t.Error("an address makes a page name a client that is not registered")
	}
	b.Get(ui.PathSessions+"?done=session_ended").Want(t, http.StatusOK, `id="notice"`)
}

func TestLoginWithoutARequestEndsOnTheAccount(t *testing.T) {
	s := newSite(t, options{})
	s.Person("ada@example.com")
	b := s.signedIn("ada@example.com")
	if b.Page.URL.Path != ui.PathAccount {
		t.Errorf("ends at %s", b.Page.URL)
	}
}

package signin_test

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

func complete(t *testing.T, p *logintest.Parts, m signin.Method, form url.Values) signin.Result {
	t.Helper()
	r := httptest.NewRequest("POST", p.URL.String(), nil)
	r.PostForm = form
	result, err := m.Complete(r, signin.Attempt{Interaction: &interaction.Interaction{ID: "one", Browser: "a browser"}})
	logintest.Check(t, err)
	return result
}

// TestEN1_APasswordFailsAlike: for a wrong one, somebody who does not exist, one who
// has no password, and one who may not sign in, the result is the same but for what
// was typed; a password is never in it.
func TestEN1_APasswordFailsAlike(t *testing.T) {
	t.Parallel()
	p := logintest.New(t, logintest.Options{})
	ada := p.Person("ada@example.com")
	p.Person("nopassword@example.com", func(u *storage.User) { u.PasswordHash = "" })
	p.Person("gone@example.com", func(u *storage.User) { u.DisabledAt = p.Clock.Now() })
	methods := p.Methods(p.Limiter(nil), nil)
	for name, password := range map[string]string{
		"ada@example.com": "not her password", "nobody@example.com": logintest.GoodPassword, "nopassword@example.com": logintest.GoodPassword,
		"gone@example.com": logintest.GoodPassword, "": "",
	} {
		got := complete(t, p, methods.Password, url.Values{"username": {name}, "password": {password}})
		if want := (signin.Result{Problem: signin.Problem{Field: "password", Text: "signin.wrong"}}); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	got := complete(t, p, methods.Password, url.Values{"username": {"ada@example.com"}, "password": {logintest.GoodPassword}})
	e := got.Evidence
	if e == nil || e.User.ID != ada.ID || e.Proof.Kind != storage.FactorPassword || !e.Proof.At.Equal(p.Clock.Now()) || e.Level.ACR != mfa.ACRPassword {
		t.Errorf("the right password: %+v", e)
	}
}

// TestEveryMethodIsInTheTable, and each answers somewhere of its own.
func TestEveryMethodIsInTheTable(t *testing.T) {
	t.Parallel()
	p := logintest.New(t, logintest.Options{})
	methods := p.Methods(p.Limiter(nil), nil).All()
	seen := map[string]bool{}
	for _, m := range methods {
		for _, pattern := range m.Routes() {
			if seen[pattern] {
				t.Errorf("%s answers two methods", pattern)
			}
			seen[pattern] = true
		}
	}
	if !seen["POST /login"] || !seen["POST /login/passkey"] {
		t.Errorf("routes %v", seen)
	}
}

// TestPK1_APasskeyIsTakenWhereItIsOffered alone: here the provider's host is an address,
// which passkeys cannot belong to. The page has no button, and an answer comes to nothing.
func TestPK1_APasskeyIsTakenWhereItIsOffered(t *testing.T) {
	t.Parallel()
	p := logintest.New(t, logintest.Options{})
	in := &interaction.Interaction{ID: "one", Browser: "a browser"}
	var page ui.SignIn
	for _, m := range p.Methods(p.Limiter(nil), nil).All() {
		logintest.Check(t, m.Begin(httptest.NewRequest("GET", p.URL.String(), nil), signin.Attempt{Interaction: in}, &page))
		if m.Routes()[0] != "POST /login/passkey" {
			continue
		}
		if got := complete(t, p, m, url.Values{"credential": {"{}"}}); got != (signin.Result{Next: in.Address("/login")}) {
			t.Errorf("an answer: %+v", got)
		}
	}
	if page.Passkey != nil || page.Forgot != in.Address("/forgot-password") {
		t.Errorf("the page has passkey %v, forgotten %q", page.Passkey, page.Forgot)
	}
}

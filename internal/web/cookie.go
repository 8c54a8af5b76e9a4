package web

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// Cookies sets and reads this service's cookies. Each is __Host- prefixed,
// Secure, HttpOnly and SameSite=Lax: Strict would break a sign-in that starts
// on another site.
type Cookies struct {
	// Insecure drops the prefix and Secure. It is for plain-http loopback
	// under `latchkey dev` alone, where a browser would refuse the prefix.
	Insecure bool
	// Path is the issuer's, such as /auth; empty where it has none. It is part of each
	// cookie's name, so that two providers of one host do not take the other's. The
	// cookie's own path is / all the same, without which no browser takes the prefix.
	Path string
	// Monitored says that there is a cookie beside the session's that scripts may read,
	// by which applications notice that the session is another one, or none.
	Monitored bool
}

func (c Cookies) name(name string) string {
	name = "latchkey" + strings.ReplaceAll(c.Path, "/", ".") + "-" + name
	if c.Insecure {
		return name
	}
	return "__Host-" + name
}

// Set sets the cookie. A zero maxAge makes it end with the browser.
func (c Cookies) Set(w http.ResponseWriter, name, value string, maxAge time.Duration) {
	c.forgetState(w, name)
	http.SetCookie(w, &http.Cookie{
		Name: c.name(name), Value: value, Path: "/", MaxAge: int(maxAge / time.Second),
		Secure: !c.Insecure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Get returns the cookie's value; empty when the browser has none.
func (c Cookies) Get(r *http.Request, name string) string {
	cookie, err := r.Cookie(c.name(name))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// Clear removes the cookie from the browser.
func (c Cookies) Clear(w http.ResponseWriter, name string) {
	c.forgetState(w, name)
	http.SetCookie(w, &http.Cookie{
		Name: c.name(name), Path: "/", MaxAge: -1,
		Secure: !c.Insecure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// SessionStateName is the name of the cookie that tells scripts of our frame which
// session there is (OpenID Connect Session Management 1.0).
func (c Cookies) SessionStateName() string { return c.name("state") }

// SetSessionState sets that cookie, which is a secret of nobody's: scripts may read it,
// and frames on pages of other sites, as far as browsers still let them.
func (c Cookies) SetSessionState(w http.ResponseWriter, r *http.Request, value string) {
	if c.Get(r, "state") != value {
		http.SetCookie(w, c.stateCookie(value, 0))
	}
}

// forgetState ends the cookie of the session's state with the session, and when another
// one begins.
func (c Cookies) forgetState(w http.ResponseWriter, name string) {
	if c.Monitored && name == CookieSession {
		http.SetCookie(w, c.stateCookie("", -1))
	}
}

func (c Cookies) stateCookie(value string, maxAge int) *http.Cookie {
	made := &http.Cookie{Name: c.SessionStateName(), Value: value, Path: "/", MaxAge: maxAge, Secure: !c.Insecure, SameSite: http.SameSiteNoneMode}
	if c.Insecure {
		made.SameSite = http.SameSiteLaxMode // None is for Secure alone
	}
	return made
}

// The names of the cookies.
const (
	// CookieBrowser holds a 256-bit secret that tells one browser from
	// another. Interactions and form tokens are bound to it (requirement AZ3).
	CookieBrowser = "browser"
	// CookieSession holds the secret of a signed-in session.
	CookieSession = "session"
	// CookiePartial holds the secret of a sign-in between its factors (PA1).
	CookiePartial = "partial"
	// CookieDevice says that people signed in completely in this browser before.
	CookieDevice = "device"
	// CookieTrust holds the secret of a trusted device (TD1).
	CookieTrust = "trust"
	// CookieRefused keeps, sealed, what a page says of a form that was refused because
	// a store did not answer.
	CookieRefused = "refused"
	// CookieHanded carries, sealed, a secret that was just made to the page that shows it.
	CookieHanded = "handed"
	// CookieLanguage holds the language that was chosen from a page's menu.
	CookieLanguage = "language"
)

// secretLength is that of a 256-bit secret in unpadded base64url.
const secretLength = 43

// Browser returns the secret of the browser's cookie; empty when it has none.
func (c Cookies) Browser(r *http.Request) string {
	if v := c.Get(r, CookieBrowser); len(v) == secretLength {
		return v
	}
	return ""
}

// EnsureBrowser returns the secret of the browser's cookie and sets a new one
// where there is none.
func (c Cookies) EnsureBrowser(w http.ResponseWriter, r *http.Request) string {
	if v := c.Browser(r); v != "" {
		return v
	}
	v := NewSecret()
	c.Set(w, CookieBrowser, v, 0)
	return v
}

// NewSecret makes 256 bits of randomness as 43 characters of base64url.
func NewSecret() string {
	var b [32]byte
	rand.Read(b[:]) // never fails: crypto/rand documents that it crashes instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

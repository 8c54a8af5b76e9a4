package main

import (
	"fmt"
	"net/http"
	"time"
)

// The account pages that other addresses lead to.
const (
	accountPath  = "/account"
	passwordPath = "/account/password"
)

// The addresses that belong to the host, whatever the issuer's path is.
const (
	changePasswordPath = "/.well-known/change-password"
	securityTextPath   = "/.well-known/security.txt"
)

// wellKnown adds the addresses that browsers and tools ask every site for.
func wellKnown(mux *http.ServeMux, f *foundation, home bool) {
	if home {
		// Whoever types the address of the service looks for their account.
		mux.Handle("GET /{$}", http.RedirectHandler(accountPath, http.StatusSeeOther))
	}
	// Password managers lead people here (W3C, A Well-Known URL for Changing Passwords).
	mux.Handle("GET "+changePasswordPath, http.RedirectHandler(passwordPath, http.StatusSeeOther))
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		writeText(w, "User-agent: *\nDisallow: /\n")
	})
	if contact := f.cfg.Branding.SupportURI; contact != "" {
		mux.HandleFunc("GET "+securityTextPath, func(w http.ResponseWriter, _ *http.Request) {
			writeText(w, securityText(contact, f.cfg.IssuerOrigin(), f.now()))
		})
	}
}

// securityFor is how long a security.txt says that it holds: RFC 9116 wants less
// than a year, and ours is made anew each time.
const securityFor = 90 * 24 * time.Hour

// securityText tells where to report what is wrong with the service (RFC 9116).
func securityText(contact, origin string, now time.Time) string {
	expires := now.Add(securityFor).UTC().Truncate(24 * time.Hour)
	return fmt.Sprintf("Contact: %s\nExpires: %s\nCanonical: %s%s\n", contact, expires.Format(time.RFC3339), origin, securityTextPath)
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	fmt.Fprint(w, text) // whoever asked went away
}

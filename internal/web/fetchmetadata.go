package web

import (
	"net/http"
	"strings"
)

// Navigates reports whether a person may be looking at the answer: Fetch Metadata
// (https://www.w3.org/TR/fetch-metadata/) tells of pictures, frames, scripts and
// prefetches, which any page can make a browser ask for without a click. A request
// that says nothing of the kind, as of old browsers and of programs, may be one.
func Navigates(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" && mode != "navigate" {
		return false
	}
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" && dest != "document" {
		return false
	}
	return !strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch")
}

package web

import "net/http"

// AllowOpener lets the answer be shown in a window whose opener keeps a handle on
// it. By default Cross-Origin-Opener-Policy cuts the two apart, from the first
// answer on that says so: each step of a flow that may run in a pop-up has to
// allow it.
func AllowOpener(w http.ResponseWriter) { w.Header()["Cross-Origin-Opener-Policy"] = unsafeNone }

var unsafeNone = []string{"unsafe-none"}

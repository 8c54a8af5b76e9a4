package web

import (
	"net/http"
	"strings"
)

// Page sets the headers of an HTML page: a policy under which only our own
// style, pictures, and styles and scripts with the nonce of this answer load, nobody
// frames the page, it frames nothing but pages of the origins in frames, and its forms
// go to us or, where a form's answer redirects to a relying party, to the origins in
// formAction as well: browsers hold redirects after a POST to form-action too. It
// returns the nonce.
func Page(w http.ResponseWriter, frames []string, formAction ...string) (nonce string) {
	nonce = NewSecret()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	policy := []string{
		"default-src 'none'",
		"style-src 'self' 'nonce-" + nonce + "'",
		"img-src 'self' https: data:",
		"script-src 'nonce-" + nonce + "'",
		"connect-src 'self'",
		"form-action " + strings.Join(append([]string{"'self'"}, formAction...), " "),
		"frame-ancestors 'none'",
		"base-uri 'none'",
	}
	if len(frames) > 0 {
		policy = append(policy, "frame-src "+strings.Join(frames, " "))
	}
	h.Set("Content-Security-Policy", strings.Join(policy, "; "))
	return nonce
}

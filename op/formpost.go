package op

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/internal/web"
)

// formPostPage sends itself on, and without scripts waits for a click (OAuth
// 2.0 Form Post Response Mode). Nothing in the form is called submit, which
// would hide the function of that name.
var formPostPage = template.Must(template.New("form_post").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>One moment</title>
</head>
<body>
<main>
<h1>One moment</h1>
<form method="post" action="{{.Action}}">
{{range $name, $values := .Answer}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">
{{end}}{{end}}<p>You are being sent back to the application. If nothing happens, please continue yourself.</p>
<button type="submit" id="continue">Continue</button>
</form>
</main>
<script nonce="{{.Nonce}}">document.forms[0].submit()</script>
</body>
</html>
`))

// postForm answers a client with a page that posts the answer to its redirect URI.
func postForm(w http.ResponseWriter, redirectURI string, answer url.Values) error {
	nonce := web.NewSecret()
	var page bytes.Buffer
	err := formPostPage.Execute(&page, map[string]any{
		"Action": redirectURI,
		"Answer": answer,
		"Nonce":  nonce,
	})
	if err != nil {
		return fmt.Errorf("render form_post page: %w", err)
	}
	privately(w)
	h := w.Header()
	h.Set("Content-Security-Policy", fmt.Sprintf(
		"default-src 'none'; script-src 'nonce-%s'; form-action %s; frame-ancestors 'none'; base-uri 'none'",
		nonce, formActionSource(redirectURI)))
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	write(w, page.Bytes())
	return nil
}

// formActionSource is the CSP source that covers a redirect URI: its origin, or
// for IPv6 hosts, which CSP cannot spell, its scheme.
func formActionSource(redirectURI string) string {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return "'none'"
	}
	if strings.HasPrefix(u.Host, "[") {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}

// write sends the rest of an answer whose status has been sent. That it fails
// means that the other side has gone, and that there is nobody left to tell.
func write(w http.ResponseWriter, body []byte) { _, _ = w.Write(body) }

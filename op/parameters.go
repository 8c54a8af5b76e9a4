package op

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/latchkey-id/latchkey/internal/web"
)

// maxQueryBytes bounds a query (requirement DS1).
const maxQueryBytes = 32 << 10

// browserForm returns the parameters that an endpoint reads of what a browser
// sent: the query of a GET, the body of a POST. A POST's query is not looked at.
// faulty names those that cannot be relied on.
func browserForm(w http.ResponseWriter, r *http.Request, reads map[string]bool) (form url.Values, faulty []string, err error) {
	encoded := r.URL.RawQuery
	switch {
	case r.Method == http.MethodPost && !isForm(r):
		return nil, nil, badForm(fmt.Errorf("a body of type %q", r.Header.Get("Content-Type")))
	case r.Method == http.MethodPost:
		if encoded, err = readBody(w, r); err != nil {
			return nil, nil, badForm(fmt.Errorf("read body: %w", err))
		}
		r.Body = io.NopCloser(strings.NewReader(encoded)) // for whoever looks for a form token
	case len(encoded) > maxQueryBytes:
		return nil, nil, badForm(fmt.Errorf("a query of %d bytes", len(encoded)))
	}
	if form, faulty, err = parseParameters(encoded, reads); err != nil {
		return nil, nil, badForm(err)
	}
	return form, faulty, nil
}

func badForm(cause error) error {
	return &web.Error{
		Status: http.StatusBadRequest, Key: "request_unreadable",
		Title:  "We couldn’t read this request",
		Detail: "The app that sent you here made a mistake. Go back to it and try again. If it keeps happening, tell the people who run it.",
		Cause:  cause,
	}
}

// lacksCookies reports whether a POST came without the browser's cookies though
// it may have some: a form on another site is sent without SameSite=Lax
// cookies. The GET that we answer with will bring them. Where the form is too
// long for an address it has to do without.
func lacksCookies(r *http.Request, cookies web.Cookies, form url.Values) bool {
	return r.Method == http.MethodPost && cookies.Browser(r) == "" && len(form.Encode()) <= maxBounceBytes
}

// maxBounceBytes is the longest query that every proxy lets through.
const maxBounceBytes = 6 << 10

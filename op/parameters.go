package op

import (
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/internal/web"
)

// What a browser may bring along (requirement DS1).
const (
	maxParameterBytes = 10 << 10
	maxQueryBytes     = 32 << 10
)

// parameters are those of one request: each was sent once and none is empty,
// since an empty one counts as omitted (RFC 6749 section 3.1).
type parameters map[string]string

// readParameters sorts a form into the parameters that may be relied on and the
// names of those that may not: repeated (RFC 6749 section 3.1), too long or no text.
func readParameters(form url.Values) (params parameters, faulty []string) {
	params = make(parameters, len(form))
	for name, values := range form {
		switch {
		case len(values) != 1 || len(values[0]) > maxParameterBytes || !isText(values[0]):
			faulty = append(faulty, name)
		case values[0] != "":
			params[name] = values[0]
		}
	}
	return params, faulty
}

// isText reports whether a database takes it: no byte sequence that is no UTF-8,
// and no NUL.
func isText(value string) bool { return utf8.ValidString(value) && strings.IndexByte(value, 0) < 0 }

// browserForm returns what a browser sent: the query of a GET, the body of a
// POST. A POST's query is not looked at.
func browserForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method != http.MethodPost {
		if len(r.URL.RawQuery) > maxQueryBytes {
			return nil, badForm(fmt.Errorf("a query of %d bytes", len(r.URL.RawQuery)))
		}
		form, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return nil, badForm(fmt.Errorf("parse query: %w", err))
		}
		return checkedForm(form)
	}
	if !isForm(r) {
		return nil, badForm(fmt.Errorf("a body of type %q", r.Header.Get("Content-Type")))
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		return nil, badForm(fmt.Errorf("parse body: %w", err))
	}
	return checkedForm(r.PostForm)
}

// isForm reports whether the body says that it is a form.
func isForm(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

func checkedForm(form url.Values) (url.Values, error) {
	if len(form) > maxFormParameters {
		return nil, badForm(fmt.Errorf("%d parameters", len(form)))
	}
	return form, nil
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

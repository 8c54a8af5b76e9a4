package op

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// What a request may measure (requirement DS1): more than any that means
// something needs.
const (
	maxFormBytes      = 64 << 10
	maxFormParameters = 64
	maxParameterBytes = 10 << 10
	// maxHintBytes is beyond any ID token of ours: one that we issued is taken as
	// a hint whatever it measures.
	maxHintBytes = 32 << 10
)

func parameterSet(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// parseParameters decodes the parameters of a query or a form that an endpoint
// reads. It ignores all others, however long, repeated or malformed: RFC 6749
// sections 3.1 and 3.2 have it so, and trackers add theirs to every address. Nor
// is a parameter there that is empty. Of those that are read, faulty names the
// ones that cannot be relied on: sent twice, too long, malformed or no text.
func parseParameters(encoded string, reads map[string]bool) (form url.Values, faulty []string, err error) {
	form = make(url.Values, 8)
	count := 0
	for encoded != "" {
		var pair string
		pair, encoded, _ = strings.Cut(encoded, "&")
		if pair == "" {
			continue
		}
		if count++; count > maxFormParameters {
			return nil, nil, fmt.Errorf("more than %d parameters", maxFormParameters)
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || !reads[name] {
			continue
		}
		limit := maxParameterBytes
		if name == "id_token_hint" {
			limit = maxHintBytes
		}
		value, err = url.QueryUnescape(value)
		_, repeated := form[name]
		switch {
		case err == nil && repeated && mayRepeat(name) && len(form[name]) > 0:
			form[name] = append(form[name], value)
		case err != nil || repeated || len(value) > limit || !isText(value):
			faulty = append(faulty, name)
			form[name] = nil
		default:
			form[name] = []string{value}
		}
	}
	for name, values := range form {
		if len(values) == 0 || values[0] == "" {
			delete(form, name)
		}
	}
	return form, faulty, nil
}

// mayRepeat reports whether a parameter may be sent twice (RFC 8707 section 2, RFC 8693
// section 2.1).
func mayRepeat(name string) bool { return name == "resource" || name == "audience" }

// isText reports whether a database takes it: no byte sequence that is no UTF-8,
// and no NUL.
func isText(value string) bool { return utf8.ValidString(value) && strings.IndexByte(value, 0) < 0 }

// isForm reports whether the body says that it is a form.
func isForm(r *http.Request) bool {
	contentType := r.Header.Get("Content-Type")
	if contentType == formType {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == formType
}

const formType = "application/x-www-form-urlencoded"

// readForm reads the form of a client's own request: a POST whose parameters are
// in the body and nowhere else. A query ends in logs (security.md L8).
func readForm(w http.ResponseWriter, r *http.Request, reads map[string]bool) (url.Values, error) {
	switch {
	case r.Method != http.MethodPost:
		return nil, &Error{
			Code: codeInvalidRequest, Description: "this endpoint accepts POST only",
			Status: http.StatusMethodNotAllowed, Header: http.Header{"Allow": {http.MethodPost}},
		}
	case !isForm(r):
		return nil, invalidRequest("the body must be "+formType, errors.New("it is "+loggable(r.Header.Get("Content-Type"))))
	}
	if misplaced, faulty, err := parseParameters(r.URL.RawQuery, reads); err != nil || len(misplaced)+len(faulty) > 0 {
		return nil, invalidRequest("send parameters in the body, not in the query", err)
	}
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	form, faulty, err := parseParameters(body, reads)
	if err != nil {
		return nil, invalidRequest("too many parameters", err)
	}
	if len(faulty) > 0 {
		return nil, faultyParameters(faulty)
	}
	return form, nil
}

// readBody returns the body of a request, up to the size that a form may have.
func readBody(w http.ResponseWriter, r *http.Request) (string, error) {
	bounded := http.MaxBytesReader(w, r.Body, maxFormBytes)
	var body []byte
	var err error
	if r.ContentLength >= 0 && r.ContentLength <= maxFormBytes {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(bounded, body)
	} else {
		body, err = io.ReadAll(bounded)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return "", &Error{
			Code: codeInvalidRequest, Description: "the body is too large", Status: http.StatusRequestEntityTooLarge, Cause: err,
		}
	case err != nil:
		return "", invalidRequest("the body cannot be read", err)
	}
	return string(body), nil
}

// faultyParameters refuses parameters of ours that are ambiguous (RFC 6749
// section 3.1: none may be sent twice) or no text.
func faultyParameters(names []string) error {
	return invalidRequest("a parameter is repeated, too long or not text", errors.New(loggable(strings.Join(names, " "))))
}

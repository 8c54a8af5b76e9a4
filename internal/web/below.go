package web

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// wellKnown is where documents about a host are (RFC 8615).
const wellKnown = "/.well-known/"

// below serves a handler below the issuer's path: behind it nothing knows of the path.
// It is cut off the request, and put before every path that the answer leads to. An
// address that holds the path in the middle, as RFC 8414 section 3.1 and RFC 9728
// section 3.1 have it, is that of the document below it.
type below struct {
	path string
	// atRoot are paths that are answered without the issuer's path too: the host's own.
	atRoot []string
	next   http.Handler
	errors *Errors
}

func (b *below) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ours := b.cut(r.URL.Path)
	if !ours {
		b.errors.Show(w, r, &Error{
			Status: http.StatusNotFound, Key: "not_found",
			Title:  "Page not found",
			Detail: "This page doesn’t exist. If you followed a link, it is out of date.",
			Cause:  errOutside,
		})
		return
	}
	inner := new(http.Request)
	*inner = *r
	inner.URL = new(url.URL)
	*inner.URL = *r.URL
	inner.URL.Path, inner.URL.RawPath = path, ""
	if raw, ok := b.cut(r.URL.RawPath); ok && r.URL.RawPath != "" {
		inner.URL.RawPath = raw
	}
	b.next.ServeHTTP(w, inner)
}

var errOutside = errors.New("the path is not below the issuer's: a proxy has to pass it on as it came")

// cut takes the issuer's path out of a request's, and reports whether what is left is ours.
func (b *below) cut(path string) (string, bool) {
	if path == b.path {
		return "/", true
	}
	if inner, ok := strings.CutPrefix(path, b.path+"/"); ok {
		return "/" + inner, true
	}
	if rest, ok := strings.CutPrefix(path, wellKnown); ok {
		name, at, _ := strings.Cut(rest, "/")
		if at, ok = strings.CutPrefix("/"+at, b.path); ok && (at == "" || at[0] == '/') {
			return wellKnown + name + at, true
		}
	}
	return path, slices.Contains(b.atRoot, path)
}

// links finds the paths that an HTML page leads to. What people wrote is escaped by
// html/template, so that no quote of theirs ends up here; // and /\ begin another host.
var links = regexp.MustCompile(`(\s(?:href|src|action|formaction|data-url)="/)([^/\\])`)

// placedWriter puts the issuer's path before each path that an answer leads to: its
// Location, and the links, forms and files of a page.
type placedWriter struct {
	http.ResponseWriter
	path   string
	wrote  bool
	status int
	// page holds an HTML page until it is whole; nil for every other answer.
	page *bytes.Buffer
}

// Unwrap lets http.ResponseController reach the connection.
func (w *placedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *placedWriter) WriteHeader(status int) {
	if w.wrote {
		return
	}
	w.wrote, w.status = true, status
	h := w.Header()
	if to := h.Get("Location"); strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") {
		h.Set("Location", w.path+to)
	}
	if strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		w.page = &bytes.Buffer{}
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *placedWriter) Write(body []byte) (int, error) {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
	if w.page != nil {
		return w.page.Write(body)
	}
	return w.ResponseWriter.Write(body)
}

// finish sends a page that was held back.
func (w *placedWriter) finish() {
	if w.page == nil {
		return
	}
	body := links.ReplaceAll(w.page.Bytes(), []byte("${1}"+w.path[1:]+"/${2}"))
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.ResponseWriter.WriteHeader(w.status)
	_, _ = w.ResponseWriter.Write(body) // the browser went away
}

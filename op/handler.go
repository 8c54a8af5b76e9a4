package op

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/internal/web"
)

// routes are where endpoints are mounted.
type routes struct {
	*http.ServeMux
	// page makes a handler of one whose errors are pages.
	page func(web.HandlerFunc) http.Handler
}

// pageAt mounts an endpoint that browsers visit; see [routes.only].
func (to routes) pageAt(path string, h web.HandlerFunc, methods ...string) {
	to.only(path, to.page(h), methods...)
}

// only mounts a handler for the methods, and a page that says so for all others.
func (to routes) only(path string, h http.Handler, methods ...string) {
	for _, method := range methods {
		to.Handle(method+" "+path, h)
	}
	to.Handle(path, to.page(notAllowed(methods)))
}

// documentAt mounts a document that is the same for everybody.
func (to routes) documentAt(path string, serve http.HandlerFunc) {
	to.HandleFunc("OPTIONS "+path, publicCORS)
	to.only(path, serve, http.MethodGet)
}

func notFound(http.ResponseWriter, *http.Request) error {
	return &web.Error{
		Status: http.StatusNotFound, Key: "not_found",
		Title:  "Page not found",
		Detail: "This page doesn’t exist. If you followed a link, it is out of date.",
	}
}

func notAllowed(methods []string) web.HandlerFunc {
	allowed := strings.Join(methods, ", ")
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allowed)
		return &web.Error{
			Status: http.StatusMethodNotAllowed, Key: "wrong_method",
			Title:  "This address doesn’t take such requests",
			Detail: "The app used a method that this address doesn’t support. The problem is on its side.",
			Cause:  errors.New("method " + loggable(r.Method)),
		}
	}
}

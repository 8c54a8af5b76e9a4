package op

import (
	"errors"
	"net/http"
	"strings"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
)

// Handler answers every endpoint of the protocol at its path below the issuer,
// and any other path with a page that says there is nothing.
func (p *Provider) Handler() http.Handler {
	mux := http.NewServeMux()
	route := func(path string, h http.Handler, methods ...string) {
		for _, method := range methods {
			mux.Handle(method+" "+path, h)
		}
		mux.Handle(path, p.cfg.Errors.Handle(notAllowed(methods)))
	}
	page := p.cfg.Errors.Handle
	route(authorizePath, page(p.authorize), http.MethodGet, http.MethodPost)
	route(resumePath, page(p.resume), http.MethodGet)
	route(endSessionPath, p.cfg.Errors.HandleForm(p.endSession, p.askAgain), http.MethodGet, http.MethodPost)
	route(signedOutPath, page(p.showSignedOut), http.MethodGet)

	mux.Handle("GET "+errorPagePath+"{code}", page(p.showError))
	if p.cfg.CheckSession {
		route(checkSessionPath, p.checkSessionPage(), http.MethodGet)
	}

	mux.HandleFunc("GET "+client.LogosPath, p.serveLogo)

	userinfo := p.cors(http.HandlerFunc(p.userinfo), http.MethodGet, http.MethodPost)
	route(userinfoPath, userinfo, http.MethodGet, http.MethodPost, http.MethodOptions)
	for _, e := range clientEndpoints {
		h := p.serveClient(e)
		if e.path != introspectionPath { // asked by servers, never by a browser
			h = p.cors(h, http.MethodPost)
		}
		mux.Handle(e.path, h)
	}

	for path, serve := range map[string]http.HandlerFunc{
		jwksPath:                p.serveJWKS,
		openIDConfigurationPath: p.discovery.serve,
		oauthMetadataPath:       p.discovery.serve,
		resourceMetadataPath:    p.resource.serve,
	} {
		mux.HandleFunc("OPTIONS "+path, publicCORS)
		route(path, serve, http.MethodGet)
	}
	p.registers(mux)
	mux.Handle("/", page(notFound))
	return mux
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

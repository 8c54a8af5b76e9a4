package flash

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
)

// Refused is an error that a form was answered with. It is shown by the form's own page
// (Post/Redirect/Get): beside the form, with what was typed there, where it can be tried
// again; in its place, where it cannot.
type Refused struct {
	Status       int    `json:"status"`
	Key          string `json:"key"`
	Title        string `json:"title"`
	Detail       string `json:"detail"`
	ContinueURL  string `json:"continue_url,omitempty"`
	ContinueName string `json:"continue_name,omitempty"`
	// Again says that it can be tried again, and Until when.
	Again bool      `json:"again,omitempty"`
	Until time.Time `json:"until,omitzero"`
	ID    string    `json:"id"`
}

// page is what is shown of it at a time.
func (f *Refused) page(now time.Time) web.ErrorPage {
	return web.ErrorPage{
		Status: f.Status, Key: f.Key, Title: f.Title, Detail: f.Detail, ContinueURL: f.ContinueURL, ContinueName: f.ContinueName,
		RetryAfter: max(f.Until.Sub(now), 0), Again: f.Again, ID: f.ID,
	}
}

// maxCookie bounds a message that the browser keeps, in bytes: browsers take cookies of
// up to 4 KiB, name and attributes included.
const maxCookie = 3500

// messageKey is where a request has the message of its page.
type messageKey struct{}

// Lead returns what answers the errors of forms: a redirect to the form's page, so that
// going back or reloading sends nothing again, and what was typed there stays. A program,
// and a browser that keeps no cookies, get the error itself.
func (s *Store) Lead(pageOf func(*http.Request) string) web.Lead {
	return func(w http.ResponseWriter, r *http.Request, shown web.ErrorPage) bool {
		browser := s.cfg.Cookies.Browser(r)
		to, err := url.Parse(pageOf(r))
		if browser == "" || err != nil || !navigates(r) {
			return false
		}
		m := Message{Typed: typed(r), Refused: &Refused{
			Status: shown.Status, Key: shown.Key, Title: shown.Title, Detail: shown.Detail,
			ContinueURL: shown.ContinueURL, ContinueName: shown.ContinueName, Again: shown.Again, ID: shown.ID,
		}}
		if shown.RetryAfter > 0 {
			m.Refused.Until = s.cfg.Now().Add(shown.RetryAfter)
		}
		m.bound()
		query := to.Query()
		query.Del(Param)
		name := id(browser, to.Path, query)
		// The request may be what was given up, and the store what did not answer.
		ctx, stop := context.WithTimeout(context.WithoutCancel(r.Context()), keptWithin)
		defer stop()
		if err := s.keep(ctx, name, m, lifetime); err != nil && !s.keepInCookie(w, name, m) {
			return false
		}
		query.Set(Param, "1")
		to.RawQuery = query.Encode()
		http.Redirect(w, r, to.String(), http.StatusSeeOther)
		return true
	}
}

// keptWithin bounds how long an answer waits for the store to keep its message.
const keptWithin = time.Second

// navigates reports whether the request is one of a person's browser that shows the
// answer as a page (Fetch Metadata), rather than of a script or a program.
func navigates(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" && mode != "navigate" {
		return false
	}
	accept := r.Header.Get("Accept")
	return accept == "" || strings.Contains(accept, "text/html") || strings.Contains(accept, "*/*")
}

// keepInCookie has the browser keep the message, sealed, and reports whether it fits.
// What was typed is left out where it does not.
func (s *Store) keepInCookie(w http.ResponseWriter, name string, m Message) bool {
	sealed, err := s.seal(name, m)
	if err == nil && len(sealed) > maxCookie {
		m.Typed = nil
		sealed, err = s.seal(name, m)
	}
	if err != nil || len(sealed) > maxCookie {
		return false
	}
	s.cfg.Cookies.Set(w, web.CookieRefused, sealed, lifetime)
	return true
}

// Show wraps what shows the page of a form: it says the error that the form was answered
// with, if there is one. render writes the page of an error.
func (s *Store) Show(h web.HandlerFunc, render func(http.ResponseWriter, *http.Request, web.ErrorPage)) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		name := s.name(r)
		if name == "" {
			return h(w, r)
		}
		m, inCookie, err := s.waiting(r, name)
		if err != nil {
			return err
		}
		if inCookie { // it is read once, and for a moment again, as any other
			s.cfg.Cookies.Clear(w, web.CookieRefused)
			m.Read = true
			_ = s.keep(r.Context(), name, m, rereadFor) // a comfort: the store may still be gone
		}
		ctx := context.WithValue(r.Context(), messageKey{}, m)
		if m.Refused != nil {
			shown := m.Refused.page(s.cfg.Now())
			if !shown.Again {
				render(w, r.WithContext(ctx), shown)
				return nil
			}
			if m.Refused.Until.IsZero() || shown.RetryAfter > 0 { // the wait is not over
				ctx = web.WithRefusal(ctx, shown)
			}
		}
		err = h(w, r.WithContext(ctx))
		if err != nil { // an error was shown instead: what was typed waits for the page
			m.Refused, m.Read = nil, false
			if s.keep(ctx, name, m, lifetime) != nil {
				s.keepInCookie(w, name, m)
			}
		}
		return err
	}
}

// waiting reads the message from where it waits: the store, or the browser.
func (s *Store) waiting(r *http.Request, name string) (m Message, inCookie bool, err error) {
	if sealed := s.cfg.Cookies.Get(r, web.CookieRefused); sealed != "" {
		if m, err := s.open(name, sealed); err == nil {
			return m, true, nil
		}
	}
	m, err = s.Read(r)
	return m, false, err
}

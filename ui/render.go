package ui

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"github.com/latchkey-id/latchkey/internal/web"
)

//go:embed templates/*.html templates/*/*.html
var templateFiles embed.FS

// Screen is the data of one page. Its name is that of its template.
type Screen interface{ Screen() string }

// shells are what surrounds a screen: the folder account has its own.
const (
	shell        = "templates/layout.html"
	accountShell = "templates/account/layout.html"
	partials     = "templates/partials.html"
	icons        = "templates/icons.html"
)

// accountFolder holds the screens of the account pages.
const accountFolder = "account/"

// lazy parses a page when it is first shown: all of them together are half of
// the memory of an idle node, and of the time of its start. That each can be
// parsed is for tests to show, since they are part of the binary.
type lazy func() (*template.Template, error)

func (u *Renderer) findTemplates() (map[string]lazy, error) {
	found := map[string]lazy{}
	err := fs.WalkDir(templateFiles, "templates", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || file == shell || file == accountShell || file == partials || file == icons {
			return err
		}
		screen := strings.TrimSuffix(strings.TrimPrefix(file, "templates/"), ".html")
		found[screen] = sync.OnceValues(func() (*template.Template, error) { return u.parse(screen, templateFiles, file) })
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find pages: %w", err)
	}
	return found, nil
}

func (u *Renderer) parse(screen string, files fs.FS, file ...string) (*template.Template, error) {
	around := []string{shell, partials, icons}
	if strings.HasPrefix(screen, accountFolder) {
		around = append(around, accountShell)
	}
	t, err := template.New("layout").Funcs(template.FuncMap{"asset": u.assets.url, "sections": sections}).ParseFS(templateFiles, around...)
	if err != nil {
		return nil, err
	}
	if t, err = t.ParseFS(files, file...); err != nil {
		return nil, err
	}
	return t.Lookup("layout"), nil
}

// Parse makes a screen of other pages of ours, such as the demo's, that look
// like these: a file that defines the template "content", with more files besides, which
// may define "body".
func (u *Renderer) Parse(files fs.FS, file string, more ...string) (*template.Template, error) {
	t, err := u.parse(file, files, append([]string{file}, more...)...)
	if err != nil {
		return nil, fmt.Errorf("parse page %s: %w", file, err)
	}
	return t, nil
}

// Render writes a page whole or not at all.
func (u *Renderer) Render(w http.ResponseWriter, status int, screen Screen) error {
	parsed, ok := u.templates[screen.Screen()]
	if !ok {
		return fmt.Errorf("no page %q", screen.Screen())
	}
	t, err := parsed()
	if err != nil {
		return fmt.Errorf("parse page: %w", err)
	}
	return u.Execute(w, status, t, screen)
}

// Execute is [Renderer.Render] for a template of [Renderer.Parse].
func (u *Renderer) Execute(w http.ResponseWriter, status int, t *template.Template, data any) error {
	var body bytes.Buffer
	if err := t.Execute(&body, data); err != nil {
		return fmt.Errorf("render %T: %w", data, err)
	}
	if page, is := data.(interface{ status(int) int }); is {
		status = page.status(status)
	}
	w.WriteHeader(status)
	if _, err := body.WriteTo(w); err != nil {
		u.cfg.Log.Debug("writing a page failed", "screen", fmt.Sprintf("%T", data), "error", err) // the browser went away
	}
	return nil
}

// ErrorPage says what happened, whose side it is on, and the id that finds the log lines.
type ErrorPage struct {
	Page
	Error Refused
	// SignedIn says that this browser has a session, as far as its cookie tells.
	SignedIn bool
	// Again is where the same may be tried again; empty where it may not.
	Again string
}

// ContinueURL leads on, so that no error is a dead end: to the application that
// it is about, to the account, or to sign-in.
func (e ErrorPage) ContinueURL() string {
	switch {
	case e.Error.ContinueURL != "":
		return e.Error.ContinueURL
	case e.Again != "":
		return e.Again
	case e.SignedIn:
		return PathAccount
	}
	return signInPath
}

// ContinueLabel says where that is.
func (e ErrorPage) ContinueLabel() string {
	switch {
	case e.Error.ContinueURL != "":
		return e.T("continue.application", "Client", e.Error.ContinueName)
	case e.Again != "":
		return e.T("denied.again")
	case e.SignedIn:
		return e.T("continue.account")
	}
	return e.T("continue.signin")
}

// DocumentTitle says first that it is an error.
func (e ErrorPage) DocumentTitle() string { return e.T("error.prefix", "Title", e.Title) }

// Screen implements [Screen].
func (ErrorPage) Screen() string { return "error" }

// RenderError writes an error page; it is what web.Errors renders with.
func (u *Renderer) RenderError(w http.ResponseWriter, r *http.Request, shown web.ErrorPage) {
	page := u.Begin(w, r, Options{Title: "error.title", Locales: strings.Fields(r.URL.Query().Get("ui_locales"))})
	data := ErrorPage{Error: *page.refused(shown), SignedIn: u.cfg.Cookies.Get(r, web.CookieSession) != ""}
	page.Refused, page.Trace, page.Title = nil, "", data.Error.Title
	if data.Page = page; shown.Again {
		data.Again = retryAddress(r)
	}
	if err := u.Render(w, shown.Status, data); err != nil {
		u.cfg.Log.ErrorContext(r.Context(), "rendering the error page failed", "error", err)
		http.Error(w, shown.Title+" ("+shown.ID+")", shown.Status)
	}
}

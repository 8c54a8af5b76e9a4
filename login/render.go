package login

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

//go:embed templates/*.html
var templateFiles embed.FS

// screens are the pages; each is a template beside layout.html.
var screens = []string{"signin", "consent", "signout", "signedout", "error"}

func loadTemplates(a *assets) (map[string]*template.Template, error) {
	made := make(map[string]*template.Template, len(screens))
	for _, screen := range screens {
		t, err := template.New("layout.html").Funcs(template.FuncMap{"asset": a.url}).
			ParseFS(templateFiles, "templates/layout.html", "templates/"+screen+".html")
		if err != nil {
			return nil, fmt.Errorf("parse page %s: %w", screen, err)
		}
		made[screen] = t
	}
	return made, nil
}

// page is what every page shows.
type page struct {
	Lang  string
	Title string
	Brand string
	// Client is whom the person signs in to; nil where nobody asked.
	Client *clientView
	// Action is where the page's form goes.
	Action string
	CSRF   string
	Nonce  string
	texts  texts
}

// T returns a text of the page's language by its key.
func (p page) T(key string, args ...any) string { return p.texts.get(key, args...) }

func (p page) scopeText(scope string) string { return p.texts.scope(scope) }

// clientView is what a page shows of a client.
type clientView struct {
	Name, LogoURI, PolicyURI, TOSURI string
}

func newClientView(c *storage.Client) *clientView {
	if c == nil {
		return nil
	}
	v := &clientView{Name: c.Name, LogoURI: c.LogoURI, PolicyURI: c.PolicyURI, TOSURI: c.TOSURI}
	if v.Name == "" {
		v.Name = c.ID
	}
	return v
}

// page starts a page of an interaction, or of none. It sets the headers, and
// the browser's cookie that the form token is bound to.
func (p *Pages) page(w http.ResponseWriter, r *http.Request, in *storage.Interaction, title string) page {
	texts := textsFor(in, r)
	data := page{Lang: texts.lang, Title: texts.get(title), Brand: p.cfg.Brand, texts: texts}
	var formAction []string
	if in != nil {
		formAction = redirectOrigin(in.Request.RedirectURI)
		if client, ok := p.cfg.Clients.Client(in.Request.ClientID); ok {
			data.Client = newClientView(client)
		}
	}
	data.CSRF = p.formToken(p.cfg.Cookies.EnsureBrowser(w, r))
	data.Nonce = web.Page(w, formAction...)
	return data
}

// redirectOrigin is what form-action must allow for a form whose answer
// redirects, by way of the provider, to the client: the origin, or for a native
// application's own scheme the scheme.
func redirectOrigin(redirectURI string) []string {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme == "" {
		return nil
	}
	if u.Host == "" {
		return []string{u.Scheme + ":"}
	}
	return []string{u.Scheme + "://" + u.Host}
}

// render writes a page whole or not at all.
func (p *Pages) render(w http.ResponseWriter, screen string, status int, data any) error {
	var body bytes.Buffer
	if err := p.templates[screen].Execute(&body, data); err != nil {
		return fmt.Errorf("render page %s: %w", screen, err)
	}
	w.WriteHeader(status)
	_, err := body.WriteTo(w)
	if err != nil {
		p.cfg.Log.Debug("write page", "screen", screen, "error", err) // the browser went away
	}
	return nil
}

package ui

import (
	"html/template"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/locale"
	"github.com/latchkey-id/latchkey/internal/useragent"
	"github.com/latchkey-id/latchkey/internal/web"
)

// Options is what a page begins with.
type Options struct {
	// Title is the key of the page's title, which is its heading too.
	Title string
	// Action is where the page's form goes.
	Action string
	// Client is whom the person is on the way to; nil where nobody asked.
	Client *client.Client
	// Elsewhere says that the client is on another device, so that no page leads to it.
	Elsewhere bool
	// Locales are the languages wanted, best first: the request's ui_locales.
	// The browser's come after them.
	Locales []string
	// FormAction lists the origins, besides ours, that the answer to the page's
	// form may redirect to: browsers hold those to the policy.
	FormAction []string
	// Frames lists the origins of the pages that the page frames.
	Frames []string
	// Person is who is signing in, once that is known, and Switch the address
	// where somebody else does; either may be empty.
	Person, Switch string
}

// onceLength is enough for a value that two renderings do not share, in characters.
const onceLength = 16

// Identity is whose account a page is about.
type Identity struct {
	Person string
	// Switch is where somebody else signs in; empty where that cannot be offered.
	Switch string
}

// Initial stands for a picture of the person.
func (i Identity) Initial() string { return initial(i.Person) }

// Parameter is one of a page's address.
type Parameter struct{ Name, Value string }

// Page is what every page shows; each screen embeds it.
type Page struct {
	Lang, Dir string
	Title     string
	Brand     BrandView
	// Client is whom the person is on the way to; nil where nobody asked.
	Client *ClientView
	// Elsewhere says that the client is on another device.
	Elsewhere bool
	Action    string
	CSRF      string
	// Once is a value of this rendering alone: a form of the page that is sent twice is
	// known by it (idempotent).
	Once string
	// Hidden are fields that the form carries along, such as a one-time token.
	Hidden map[string]string
	Nonce  string
	// Colors are the page's colours, for its style element.
	Colors template.CSS
	// Identity is who is signing in, once that is known; nil before.
	Identity *Identity
	// Languages are what the language menu offers, and Here and Query the address
	// that it leads back to. A page that answers a form has no menu: it could not
	// be asked for again.
	Languages []locale.Language
	Here      string
	Query     []Parameter
	// StrengthURL estimates passwords; empty where the browser does.
	StrengthURL string
	// Errors are the field errors, by the field's name. Set them with [Page.Fail].
	Errors map[string]string
	// Notice is said above the form; see [Page.Say].
	Notice *Notice
	// Refused is why the form of the page was refused, where it can be sent again; nil is
	// that it was not.
	Refused *Refused
	// Trace is the id that finds what happened in the log and the audit record,
	// shown in small print below the form where an attempt failed.
	Trace string
	texts *locale.Texts
	// zone is the time zone of the person; nil is UTC.
	zone    *time.Location
	catalog *access.Catalog
	focus   *string
}

// Notice is something that the person should know before anything else.
type Notice struct {
	Kind NoticeKind
	Text string
}

// NoticeKind says how a notice is meant.
type NoticeKind string

// The kinds of notices.
const (
	NoticeDone    NoticeKind = "done"
	NoticeWarning NoticeKind = "warning"
	NoticeFailure NoticeKind = "failure"
)

// Begin starts a page: it chooses the language, and sets the answer's headers
// and the browser's cookie that the form token is bound to.
func (u *Renderer) Begin(w http.ResponseWriter, r *http.Request, o Options) Page {
	if o.Client != nil && o.Client.RunsInBrowsers() {
		web.AllowOpener(w)
	}
	t := u.languageOf(r, o.Locales)
	u.keepLanguage(w, r)
	estimate := ""
	if u.cfg.Strength != nil {
		estimate = strengthPath
	}
	page := Page{
		StrengthURL: estimate,
		Lang:        t.Tag, Dir: t.Dir(), Title: t.Get(o.Title), texts: t, catalog: u.cfg.Catalog,
		Brand: u.brand, Client: newClientView(o.Client), Colors: u.colorsFor(o.Client),
		Elsewhere: o.Elsewhere, Action: o.Action, CSRF: u.formToken(u.cfg.Cookies.EnsureBrowser(w, r)), Once: web.NewSecret()[:onceLength],
		Nonce: web.Page(w, o.Frames, o.FormAction...), focus: new(string),
	}
	if o.Person != "" {
		page.Identity = &Identity{Person: o.Person, Switch: o.Switch}
	}
	page.offerLanguages(r)
	if refusal := web.Refusal(r.Context()); refusal != nil {
		web.SetRetryAfter(w, refusal.RetryAfter)
		page.Refused, page.Trace = page.refused(*refusal), refusal.ID
	}
	return page
}

// DocumentTitle is the title of the page's tab. A page on which something is wrong
// says so first: screen readers read it out before the page.
func (p Page) DocumentTitle() string {
	if p.Failed() || p.Refused != nil || p.Notice != nil && p.Notice.Kind == NoticeFailure {
		return p.T("error.prefix", "Title", p.Title)
	}
	return p.Title
}

// CancelLabel says where cancelling leads: back to the client.
func (p Page) CancelLabel() string {
	if p.Client == nil || p.Elsewhere {
		return p.T("signin.cancel")
	}
	return p.T("signin.back_to", "Client", p.Client.Name)
}

// T returns a text of the page's language by its key. The values are the names of
// its placeholders, each followed by what stands there; "Count" chooses the plural.
func (p Page) T(key string, values ...any) string { return p.texts.Get(key, values...) }

// Scope says what a scope means; one that is not of the standard is shown as it is.
func (p Page) Scope(scope string) string {
	if text := p.catalog.Describe(scope, p.Lang); text != "" {
		return text
	}
	if _, is := client.ConsentedResource(scope); is {
		return p.T("consent.resource")
	}
	return p.texts.Or("scope."+scope, scope)
}

// Fail says what is wrong with a field, by the key of a text.
func (p *Page) Fail(field, key string, values ...any) {
	if p.Errors == nil {
		p.Errors = map[string]string{}
	}
	p.Errors[field] = p.T(key, values...)
}

// Carry adds a hidden field to the form.
func (p *Page) Carry(name, value string) {
	if p.Hidden == nil {
		p.Hidden = map[string]string{}
	}
	p.Hidden[name] = value
}

// TraceTo shows the id of a request in which an attempt to sign in failed, so that
// whoever is asked for help can find it.
func (p *Page) TraceTo(r *http.Request) { p.Trace = web.RequestID(r.Context()) }

// Failed reports whether a field is wrong.
func (p *Page) Failed() bool { return len(p.Errors) > 0 }

// Say puts a notice above the form, by the key of a text.
func (p *Page) Say(kind NoticeKind, key string, values ...any) {
	p.Notice = &Notice{Kind: kind, Text: p.T(key, values...)}
}

// Duration says how long something takes, roughly, as in "3 minutes".
func (p Page) Duration(d time.Duration) string { return p.texts.Duration(d) }

// Device names the browser of a User-Agent header, as in "Firefox on Windows".
func (p Page) Device(header string) string {
	switch browser, system := useragent.Parse(header); {
	case browser != "" && system != "":
		return p.T("device.on", "Browser", browser, "System", system)
	case browser+system != "":
		return browser + system
	}
	return p.T("device.unknown")
}

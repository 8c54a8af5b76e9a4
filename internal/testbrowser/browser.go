// Package testbrowser is a person's browser without JavaScript, for tests: it
// keeps cookies, follows redirects within the provider, and fills in forms by the
// ids of their buttons and the names of their fields. It stops at the edge: a
// redirect to another host, such as a relying party, is not followed but seen as
// [Page.Location]. What needs a real browser is in test/browser.
package testbrowser

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Agent is the User-Agent of a browser whose Header names no other.
const Agent = "Mozilla/5.0 (X11; Linux) Firefox/140.0"

// maxRedirects is where a test is told that redirects lead nowhere.
const maxRedirects = 10

// Browser is a browser with one tab.
type Browser struct {
	// Page is what it shows.
	Page *Page
	// Header is sent with every request, instead of what browsers send. An empty
	// list of values sends none.
	Header http.Header
	// Client has the cookies, and follows redirects.
	Client *http.Client
	// Seen, where it is not nil, is told of every page that is shown.
	Seen func(*Page)

	t    testing.TB
	base *url.URL
}

// New returns a browser that knows no cookie, for the provider at an address.
// The client is how it is reached; its jar and its redirects become the
// browser's own. Nil is one that reaches everything.
func New(t testing.TB, address string, client *http.Client) *Browser {
	t.Helper()
	base, err := url.Parse(address)
	if err != nil {
		t.Fatalf("address of the provider: %v", err)
	}
	b := &Browser{t: t, base: base, Header: http.Header{}, Client: &http.Client{}}
	if client != nil {
		b.Client = new(http.Client)
		*b.Client = *client
	}
	if b.Client.Jar, err = cookiejar.New(nil); err != nil {
		t.Fatalf("make cookie jar: %v", err)
	}
	b.Follow(true)
	return b
}

// Follow says whether redirects within the provider are followed, as they are by
// a new browser.
func (b *Browser) Follow(follow bool) {
	b.Client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if !follow || r.URL.Scheme != b.base.Scheme || r.URL.Host != b.base.Host {
			return http.ErrUseLastResponse
		}
		if len(via) > maxRedirects {
			b.t.Errorf("more than %d redirects, the last to %s", maxRedirects, r.URL.Path)
			return http.ErrUseLastResponse
		}
		return nil
	}
}

// Jar returns the browser's cookies.
func (b *Browser) Jar() http.CookieJar { return b.Client.Jar }

// Cookies returns the cookies that it would send with the next request.
func (b *Browser) Cookies() []*http.Cookie { return b.Client.Jar.Cookies(b.base) }

// Get opens an address: a path of the provider, below its own, or a whole URL.
func (b *Browser) Get(address string) *Page {
	b.t.Helper()
	return b.request(http.MethodGet, b.resolve(b.base, b.below(address)), nil, nil)
}

// Post sends a form that no page shows, as an attacker may.
func (b *Browser) Post(address string, form url.Values) *Page {
	b.t.Helper()
	return b.request(http.MethodPost, b.resolve(b.base, b.below(address)), form, nil)
}

// Click follows the link with an id on the page that is shown.
func (b *Browser) Click(link string) *Page {
	b.t.Helper()
	if b.Page == nil || b.Page.Attribute(link, "href") == "" {
		b.t.Fatalf("follow #%s: the page has no such link", link)
	}
	return b.request(http.MethodGet, b.resolve(b.Page.URL, b.Page.Attribute(link, "href")), nil, nil)
}

// Submit presses the button with an id on the page that is shown, after filling
// in the fields of its form, each given as name=value. What the form holds
// already, hidden fields above all, goes along. A check box is ticked by any
// value and cleared by an empty one.
func (b *Browser) Submit(button string, fields ...string) *Page {
	b.t.Helper()
	if b.Page == nil {
		b.t.Fatalf("press #%s: no page is open", button)
	}
	return b.SubmitOn(b.Page, button, fields...)
}

// SubmitOn is [Browser.Submit] on another page: of another tab, or of before.
func (b *Browser) SubmitOn(p *Page, button string, fields ...string) *Page {
	b.t.Helper()
	return b.send(p, button, false, fields)
}

// Forge is [Browser.Submit] with fields that the form does not show, as whoever
// opens a browser's developer tools can send them.
func (b *Browser) Forge(button string, fields ...string) *Page {
	b.t.Helper()
	if b.Page == nil {
		b.t.Fatalf("press #%s: no page is open", button)
	}
	return b.send(b.Page, button, true, fields)
}

func (b *Browser) send(p *Page, button string, forged bool, fields []string) *Page {
	b.t.Helper()
	f, why := p.form(button)
	if why != "" {
		b.t.Fatalf("%s on %s (status %d):\n%s", why, p.URL, p.Status, p.Body)
	}
	values := f.values()
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		if !forged && !f.has(name) {
			b.t.Fatalf("the form of #%s has no field %q:\n%s", button, name, p.Body)
		}
		values.Set(name, value)
		if f.isCheckbox(name) && value == "" {
			values.Del(name)
		}
	}
	target := b.resolve(p.URL, attribute(f.node, "action"))
	if !strings.EqualFold(attribute(f.node, "method"), http.MethodPost) {
		target.RawQuery = values.Encode()
		return b.request(http.MethodGet, target, nil, nil)
	}
	return b.request(http.MethodPost, target, values, p.URL)
}

// Do sends a request with the browser's cookies and shows the answer. Headers of
// the request win over those of the browser.
func (b *Browser) Do(r *http.Request) *Page {
	b.t.Helper()
	b.setHeader(r)
	response, err := b.Client.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatalf("read %s: %v", r.URL.Path, err)
	}
	p := &Page{Status: response.StatusCode, Header: response.Header, Body: string(content), URL: response.Request.URL}
	if to := response.Header.Get("Location"); to != "" {
		p.Location = b.resolve(p.URL, to)
	}
	if p.root, err = html.Parse(strings.NewReader(p.Body)); err != nil {
		b.t.Fatalf("parse %s: %v", r.URL.Path, err)
	}
	b.Page = p
	if b.Seen != nil {
		b.Seen(p)
	}
	return p
}

// request sends a form, or none, from a page; nil stands for one of the provider.
func (b *Browser) request(method string, target *url.URL, form url.Values, from *url.URL) *Page {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(context.Background(), method, target.String(), body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, target.Path, err)
	}
	if _, told := b.Header["Origin"]; from != nil && !told {
		r.Header.Set("Origin", from.Scheme+"://"+from.Host)
	}
	return b.Do(r)
}

// setHeader has the request say what browsers say of themselves, of where a form
// was, and of why they ask (Fetch Metadata).
func (b *Browser) setHeader(r *http.Request) {
	header := http.Header{
		"User-Agent":      {Agent},
		"Accept":          {"text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"},
		"Accept-Language": {"en"},
		"Sec-Fetch-Site":  {"none"},
		"Sec-Fetch-Mode":  {"navigate"},
		"Sec-Fetch-Dest":  {"document"},
		"Sec-Fetch-User":  {"?1"},
	}
	if r.Method == http.MethodPost {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		header.Set("Origin", b.base.Scheme+"://"+b.base.Host)
		header.Set("Sec-Fetch-Site", "same-origin")
	}
	for _, given := range []http.Header{b.Header, r.Header} {
		for name, values := range given {
			header[name] = values
		}
	}
	r.Header = header
}

// below puts the provider's own path before one that is typed.
func (b *Browser) below(address string) string {
	if strings.HasPrefix(address, "/") {
		return b.base.Path + address
	}
	return address
}

func (b *Browser) resolve(base *url.URL, address string) *url.URL {
	b.t.Helper()
	u, err := base.Parse(address)
	if err != nil {
		b.t.Fatalf("address %q: %v", address, err)
	}
	return u
}

package testenv

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

// Browser is a person's browser without JavaScript: it keeps cookies, follows
// redirects within the provider, and fills in forms. It stops at the edge: a
// redirect to a relying party is not followed but seen as [Page.Location].
type Browser struct {
	t      testing.TB
	issuer *url.URL
	client *http.Client
}

// Browser returns a fresh browser that reaches this node.
func (n *Node) Browser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatalf("make cookie jar: %v", err)
	}
	return n.BrowserWith(t, jar)
}

// BrowserWith returns a browser with the cookies of another one: a person whom
// the load balancer sends to another node.
func (n *Node) BrowserWith(t testing.TB, jar http.CookieJar) *Browser {
	t.Helper()
	issuer, err := url.Parse(n.Issuer)
	if err != nil {
		t.Fatalf("issuer: %v", err)
	}
	b := &Browser{t: t, issuer: issuer, client: n.HTTP()}
	b.client.Jar = jar
	b.client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != issuer.Scheme || r.URL.Host != issuer.Host {
			return http.ErrUseLastResponse
		}
		if len(via) > 10 {
			t.Errorf("more than 10 redirects, the last to %s", r.URL.Path)
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b
}

// Jar returns the browser's cookies.
func (b *Browser) Jar() http.CookieJar { return b.client.Jar }

// Page is what a browser shows, or where it was sent away to.
type Page struct {
	Status int
	Header http.Header
	Body   string
	// URL is the address of the page, after redirects.
	URL *url.URL
	// Location is where the provider sends the browser to, where that is not
	// the provider itself.
	Location *url.URL

	root *html.Node
}

// Get opens an address: a path of the provider, or a whole URL.
func (b *Browser) Get(address string) *Page {
	b.t.Helper()
	return b.do(http.MethodGet, b.resolve(b.issuer, address), nil)
}

// Submit presses the button with an id, after filling in the fields of its form
// as given. What the form holds already, hidden fields above all, goes along.
// A check box is ticked by any value and cleared by an empty one.
func (b *Browser) Submit(p *Page, button string, fields map[string]string) *Page {
	b.t.Helper()
	f := p.form(b.t, button)
	values := f.values(b.t)
	for name, value := range fields {
		if !f.has(name) {
			b.t.Fatalf("the form of #%s has no field %q:\n%s", button, name, p.Body)
		}
		values.Set(name, value)
		if f.isCheckbox(name) && value == "" {
			values.Del(name)
		}
	}
	target := b.resolve(p.URL, attr(f.node, "action"))
	if !strings.EqualFold(attr(f.node, "method"), http.MethodPost) {
		target.RawQuery = values.Encode()
		return b.do(http.MethodGet, target, nil)
	}
	return b.do(http.MethodPost, target, values)
}

func (b *Browser) resolve(base *url.URL, address string) *url.URL {
	b.t.Helper()
	u, err := base.Parse(address)
	if err != nil {
		b.t.Fatalf("address %q: %v", address, err)
	}
	return u
}

func (b *Browser) do(method string, target *url.URL, form url.Values) *Page {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(context.Background(), method, target.String(), body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, target.Path, err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
	r.Header.Set("Accept-Language", "en")
	if form != nil { // as browsers say where a form was
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.issuer.Scheme+"://"+b.issuer.Host)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, target.Path, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatalf("read %s: %v", target.Path, err)
	}
	p := &Page{Status: response.StatusCode, Header: response.Header, Body: string(content), URL: response.Request.URL}
	if to := response.Header.Get("Location"); to != "" {
		p.Location = b.resolve(p.URL, to)
	}
	if p.root, err = html.Parse(strings.NewReader(p.Body)); err != nil {
		b.t.Fatalf("parse %s: %v", target.Path, err)
	}
	return p
}

package logintest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/pquerna/otp/totp"
	"golang.org/x/net/html"
)

// Browser is a person's browser: a jar of cookies and the page it shows.
type Browser struct {
	Agent  string
	Header http.Header
	Page   *Page
	// Client has the cookies, and follows redirects.
	Client *http.Client
	parts  *Parts
}

// Page is what a browser shows after all redirects.
type Page struct {
	Status int
	Header http.Header
	URL    *url.URL
	Body   string
	doc    *html.Node
}

// Browser opens a browser that knows no cookie.
func (p *Parts) Browser() *Browser {
	p.T.Helper()
	jar, err := cookiejar.New(nil)
	Check(p.T, err)
	return &Browser{parts: p, Client: &http.Client{Jar: jar}, Agent: "Mozilla/5.0 (X11; Linux) Firefox/140.0", Header: http.Header{}}
}

// Code is what an authenticator app shows for the secret now.
func (p *Parts) Code(secret string) string {
	p.T.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), p.Clock.Now())
	Check(p.T, err)
	return code
}

// Do sends a request and shows the answer.
func (b *Browser) Do(r *http.Request) *Page {
	t := b.parts.T
	t.Helper()
	r.Header = b.Header.Clone()
	if r.Method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("User-Agent", b.Agent)
	response, err := b.Client.Do(r)
	Check(t, err)
	body, err := io.ReadAll(response.Body)
	Check(t, err)
	Check(t, response.Body.Close())
	doc, err := html.Parse(bytes.NewReader(body))
	Check(t, err)
	b.Page = &Page{response.StatusCode, response.Header, response.Request.URL, string(body), doc}
	return b.Page
}

// Get opens a path.
func (b *Browser) Get(path string) *Page {
	b.parts.T.Helper()
	r, err := http.NewRequestWithContext(b.parts.T.Context(), http.MethodGet, b.parts.URL.String()+path, nil)
	Check(b.parts.T, err)
	return b.Do(r)
}

// Post sends a form.
func (b *Browser) Post(path string, values url.Values) *Page {
	b.parts.T.Helper()
	to, err := b.parts.URL.Parse(path)
	Check(b.parts.T, err)
	r, err := http.NewRequestWithContext(b.parts.T.Context(), http.MethodPost, to.String(), strings.NewReader(values.Encode()))
	Check(b.parts.T, err)
	return b.Do(r)
}

// Submit sends the form of the page that holds the button, with its hidden
// fields, the button's own value and the given name=value fields.
func (b *Browser) Submit(button string, fields ...string) *Page {
	b.parts.T.Helper()
	action, values := b.Page.Form(button)
	if values == nil {
		b.parts.T.Fatalf("no button %q on %s:\n%s", button, b.Page.URL, b.Page.Body)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		values.Set(name, value)
	}
	return b.Post(action, values)
}

// SignIn fills in the sign-in page that is shown.
func (b *Browser) SignIn(username, password string) *Page {
	b.parts.T.Helper()
	return b.Submit("login-submit", "username="+username, "password="+password)
}

// Form is the address and the fields of the form with the button; nil where there is none.
func (p *Page) Form(button string) (action string, values url.Values) {
	Walk(p.doc, func(n *html.Node) {
		if n.Data != "form" || values != nil {
			return
		}
		found, has := url.Values{}, false
		Walk(n, func(c *html.Node) {
			switch {
			case Attribute(c, "id") == button:
				has = true
				if Attribute(c, "name") != "" {
					found.Set(Attribute(c, "name"), Attribute(c, "value"))
				}
			case c.Data == "input" && Attribute(c, "type") == "hidden":
				found.Set(Attribute(c, "name"), Attribute(c, "value"))
			}
		})
		if has {
			action, values = Attribute(n, "action"), found
		}
	})
	return action, values
}

// Has reports whether the page has an element with the id.
func (p *Page) Has(id string) bool { return p.element(id) != nil }

// Text is what the element with the id says.
func (p *Page) Text(id string) string {
	var b strings.Builder
	if n := p.element(id); n != nil {
		Walk(n, func(c *html.Node) {
			if c.Type == html.TextNode {
				b.WriteString(c.Data)
			}
		})
	}
	return strings.TrimSpace(b.String())
}

// IDs are the ids on the page that begin so.
func (p *Page) IDs(prefix string) []string {
	var ids []string
	Walk(p.doc, func(n *html.Node) {
		if id := Attribute(n, "id"); strings.HasPrefix(id, prefix) {
			ids = append(ids, id)
		}
	})
	return ids
}

// Want fails unless the page says what it should.
func (p *Page) Want(t *testing.T, status int, text string) {
	t.Helper()
	if p.Status != status || !strings.Contains(p.Body, text) {
		t.Fatalf("%s: %d, want %d and %q in:\n%s", p.URL, p.Status, status, text, p.Body)
	}
}

func (p *Page) element(id string) *html.Node {
	var found *html.Node
	Walk(p.doc, func(n *html.Node) {
		if Attribute(n, "id") == id {
			found = n
		}
	})
	return found
}

// Walk visits a node and all below it.
func Walk(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		Walk(c, visit)
	}
}

// Attribute returns the value of a node's attribute; empty where it has none.
func Attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

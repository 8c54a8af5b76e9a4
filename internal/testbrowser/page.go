package testbrowser

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Page is what a browser shows, or where it was sent away to.
type Page struct {
	Status int
	Header http.Header
	Body   string
	// URL is the address of the page, after redirects.
	URL *url.URL
	// Location is where the provider sends the browser to, where that was not
	// followed.
	Location *url.URL

	root *html.Node
}

// Want fails the test unless the page has a status and says a text.
func (p *Page) Want(t testing.TB, status int, text string) {
	t.Helper()
	if p.Status != status || !strings.Contains(p.Body, text) {
		t.Fatalf("%s: %d, want %d and %q in:\n%s", p.URL, p.Status, status, text, p.Body)
	}
}

// Text returns the text of the element with an id, its white space folded; empty
// where there is none.
func (p *Page) Text(id string) string {
	n := p.element(id)
	if n == nil {
		return ""
	}
	return fold(n)
}

// Has reports whether the page has an element with the id.
func (p *Page) Has(id string) bool { return p.element(id) != nil }

// Attribute returns an attribute of the element with an id; empty where there is
// none.
func (p *Page) Attribute(id, name string) string {
	n := p.element(id)
	if n == nil {
		return ""
	}
	return attribute(n, name)
}

// IDs returns the ids on the page that begin with the prefix, in order.
func (p *Page) IDs(prefix string) []string {
	var ids []string
	for n := range p.root.Descendants() {
		if id := attribute(n, "id"); id != "" && strings.HasPrefix(id, prefix) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Texts returns the text of every element of a class, in order.
func (p *Page) Texts(class string) []string {
	var texts []string
	for n := range p.root.Descendants() {
		if slices.Contains(strings.Fields(attribute(n, "class")), class) {
			texts = append(texts, fold(n))
		}
	}
	return texts
}

// Link returns the target of the first link that has an attribute with a value,
// such as Link("data-factor", "totp"); empty where there is none.
func (p *Page) Link(name, value string) string {
	n := findFirst(p.root, func(n *html.Node) bool { return n.Data == "a" && attribute(n, name) == value })
	if n == nil {
		return ""
	}
	return attribute(n, "href")
}

// Value returns the value of the field with a name; empty where there is none.
func (p *Page) Value(name string) string {
	n := findFirst(p.root, func(n *html.Node) bool { return isField(n) && attribute(n, "name") == name })
	if n == nil {
		return ""
	}
	return attribute(n, "value")
}

// Form returns the address of the form with a button, and what it would send if
// nothing were filled in; nil where no form has it.
func (p *Page) Form(button string) (action string, values url.Values) {
	f, why := p.form(button)
	if why != "" {
		return "", nil
	}
	return attribute(f.node, "action"), f.values()
}

func (p *Page) element(id string) *html.Node {
	return findFirst(p.root, func(n *html.Node) bool { return attribute(n, "id") == id })
}

func findFirst(root *html.Node, is func(*html.Node) bool) *html.Node {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && is(n) {
			return n
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	value, _ := lookUp(n, name)
	return value
}

func lookUp(n *html.Node, name string) (value string, has bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func fold(n *html.Node) string { return strings.Join(strings.Fields(text(n)), " ") }

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

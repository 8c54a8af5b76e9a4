package testenv

import (
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Text returns the text of the element with an id; empty where there is none.
func (p *Page) Text(id string) string {
	n := findFirst(p.root, func(n *html.Node) bool { return attr(n, "id") == id })
	if n == nil {
		return ""
	}
	return strings.Join(strings.Fields(text(n)), " ")
}

// Has reports whether the page has an element with the id.
func (p *Page) Has(id string) bool {
	return findFirst(p.root, func(n *html.Node) bool { return attr(n, "id") == id }) != nil
}

// Texts returns the text of every element of a class, in order.
func (p *Page) Texts(class string) []string {
	var texts []string
	for n := range p.root.Descendants() {
		for _, c := range strings.Fields(attr(n, "class")) {
			if c == class {
				texts = append(texts, strings.Join(strings.Fields(text(n)), " "))
			}
		}
	}
	return texts
}

// Link returns the target of the first link that has an attribute with a
// value, such as Link("data-factor", "totp"); empty where there is none.
func (p *Page) Link(attribute, value string) string {
	n := findFirst(p.root, func(n *html.Node) bool { return n.Data == "a" && attr(n, attribute) == value })
	if n == nil {
		return ""
	}
	return attr(n, "href")
}

// Value returns the value of the field with a name; empty where there is none.
func (p *Page) Value(name string) string {
	n := findFirst(p.root, func(n *html.Node) bool { return isField(n) && attr(n, "name") == name })
	if n == nil {
		return ""
	}
	return attr(n, "value")
}

// form is a form with the button that submits it.
type form struct {
	node, button *html.Node
}

// form finds the form by its button.
func (p *Page) form(t testing.TB, button string) form {
	t.Helper()
	f := form{button: findFirst(p.root, func(n *html.Node) bool { return attr(n, "id") == button })}
	if f.button == nil {
		t.Fatalf("no #%s on %s (status %d):\n%s", button, p.URL.Path, p.Status, p.Body)
	}
	if kind := attr(f.button, "type"); kind != "submit" {
		t.Fatalf("#%s has the type %q: want submit", button, kind)
	}
	for n := range f.button.Ancestors() {
		if n.Data == "form" {
			f.node = n
			return f
		}
	}
	t.Fatalf("#%s is in no form:\n%s", button, p.Body)
	return f
}

// values are what a browser would send if nothing were filled in.
func (f form) values(t testing.TB) url.Values {
	t.Helper()
	values := url.Values{}
	for n := range f.node.Descendants() {
		name := attr(n, "name")
		if name == "" || !isField(n) {
			continue
		}
		switch kind := attr(n, "type"); {
		case n.Data == "select":
			t.Fatalf("the field %q is a select, which this browser cannot fill in", name)
		case kind == "checkbox" || kind == "radio":
			if hasAttr(n, "checked") {
				values.Add(name, attr(n, "value"))
			}
		case n.Data == "textarea":
			values.Add(name, text(n))
		case kind != "submit" && kind != "button":
			values.Add(name, attr(n, "value"))
		}
	}
	if name := attr(f.button, "name"); name != "" {
		values.Add(name, attr(f.button, "value"))
	}
	return values
}

func (f form) field(name string) *html.Node {
	return findFirst(f.node, func(n *html.Node) bool { return isField(n) && attr(n, "name") == name })
}

func (f form) has(name string) bool { return f.field(name) != nil }

func (f form) isCheckbox(name string) bool { return attr(f.field(name), "type") == "checkbox" }

func isField(n *html.Node) bool {
	return n.Type == html.ElementNode && (n.Data == "input" || n.Data == "textarea" || n.Data == "select")
}

func findFirst(root *html.Node, is func(*html.Node) bool) *html.Node {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && is(n) {
			return n
		}
	}
	return nil
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

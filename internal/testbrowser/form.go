package testbrowser

import (
	"fmt"
	"net/url"

	"golang.org/x/net/html"
)

// form is a form with the button that submits it.
type form struct {
	node, button *html.Node
}

// form finds the form by its button, or says why there is none.
func (p *Page) form(button string) (f form, why string) {
	f.button = p.element(button)
	if f.button == nil {
		return f, "no #" + button
	}
	if kind := attribute(f.button, "type"); kind != "submit" {
		return f, fmt.Sprintf("#%s has the type %q, and not submit,", button, kind)
	}
	for n := range f.button.Ancestors() {
		if n.Data == "form" {
			f.node = n
			return f, ""
		}
	}
	return f, "#" + button + " is in no form"
}

// values are what a browser would send if nothing were filled in.
func (f form) values() url.Values {
	values := url.Values{}
	for n := range f.node.Descendants() {
		name := attribute(n, "name")
		if name == "" || !isField(n) {
			continue
		}
		switch kind := attribute(n, "type"); {
		case n.Data == "select":
			if option := chosen(n); option != nil {
				values.Add(name, attribute(option, "value"))
			}
		case kind == "checkbox" || kind == "radio":
			if _, checked := lookUp(n, "checked"); checked {
				values.Add(name, attribute(n, "value"))
			}
		case n.Data == "textarea":
			values.Add(name, text(n))
		case kind != "submit" && kind != "button":
			values.Add(name, attribute(n, "value"))
		}
	}
	if name := attribute(f.button, "name"); name != "" {
		values.Add(name, attribute(f.button, "value"))
	}
	return values
}

// chosen is the option of a list that is selected, or its first.
func chosen(list *html.Node) *html.Node {
	selected := findFirst(list, func(n *html.Node) bool {
		_, has := lookUp(n, "selected")
		return n.Data == "option" && has
	})
	if selected != nil {
		return selected
	}
	return findFirst(list, func(n *html.Node) bool { return n.Data == "option" })
}

func (f form) field(name string) *html.Node {
	return findFirst(f.node, func(n *html.Node) bool { return isField(n) && attribute(n, "name") == name })
}

func (f form) has(name string) bool { return f.field(name) != nil }

func (f form) isCheckbox(name string) bool {
	n := f.field(name)
	return n != nil && attribute(n, "type") == "checkbox"
}

func isField(n *html.Node) bool {
	return n.Type == html.ElementNode && (n.Data == "input" || n.Data == "textarea" || n.Data == "select")
}

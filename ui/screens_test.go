package ui

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestEveryScreenInEveryLanguage renders each screen with sample data and looks
// at the page as a browser and a screen reader would.
func TestEveryScreenInEveryLanguage(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey", SupportURI: "mailto:help@example.com", TermsURI: "https://example.com/terms", PrivacyURI: "https://example.com/privacy"})
	if err != nil {
		t.Fatal(err)
	}
	missing := textKey(u)
	seen := map[string]bool{}
	for _, lang := range Locales() {
		for _, s := range samples(u, lang) {
			seen[s.screen.Screen()] = true
			t.Run(lang+"/"+s.name, func(t *testing.T) {
				w := httptest.NewRecorder()
				if err := u.Render(w, http.StatusOK, s.screen); err != nil {
					t.Fatal(err)
				}
				body := w.Body.String()
				checkBalance(t, body)
				root, err := html.Parse(strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				page := look(root)
				page.check(t, lang, s.ids)
				for _, text := range page.texts {
					if key := missing.FindString(text); key != "" {
						t.Errorf("the text %q is missing, in %q", key, text)
					}
				}
			})
		}
	}
	for screen := range u.templates {
		if !seen[screen] {
			t.Errorf("screen %q has no sample", screen)
		}
	}
}

// textKey finds what looks like the key of a text.
func textKey(u *Renderer) *regexp.Regexp {
	var prefixes []string
	for _, key := range u.texts.Match("en").Keys() {
		prefix, _, _ := strings.Cut(key, ".")
		prefixes = append(prefixes, prefix)
	}
	slices.Sort(prefixes)
	return regexp.MustCompile(`\b(` + strings.Join(slices.Compact(prefixes), "|") + `)\.[a-z_]+(\.[a-z_]+)*|%!|{{|<no value>`)
}

// checkBalance holds the source to what html.Parse would silently mend: each
// element is closed where it should be.
func checkBalance(t *testing.T, body string) {
	t.Helper()
	void := []string{"meta", "link", "img", "input", "br"}
	var open []string
	z := html.NewTokenizer(strings.NewReader(body))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("left open: %q", open)
			}
			return
		case html.StartTagToken:
			token := z.Token()
			names := map[string]bool{}
			for _, a := range token.Attr {
				if names[a.Key] {
					t.Errorf("<%s> has %s twice", token.Data, a.Key)
				}
				names[a.Key] = true
			}
			if !slices.Contains(void, token.Data) {
				open = append(open, token.Data)
			}
		case html.TextToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
		case html.EndTagToken:
			name := z.Token().Data
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("</%s> closes %q", name, open)
			}
			open = open[:len(open)-1]
		}
	}
}

// view is what matters of a page.
type view struct {
	root      *html.Node
	ids       map[string]int
	labels    map[string]bool // by what they are for
	elements  map[string]int
	inputs    []*html.Node
	texts     []string
	focussed  int
	described []string
	forbidden []string
}

func look(root *html.Node) *view {
	v := &view{root: root, ids: map[string]int{}, labels: map[string]bool{}, elements: map[string]int{}}
	for n := range root.Descendants() {
		if n.Type == html.TextNode && n.Parent.Data != "script" {
			v.texts = append(v.texts, n.Data)
		}
		if n.Type == html.ElementNode {
			v.element(n)
		}
	}
	return v
}

func (v *view) element(n *html.Node) {
	v.elements[n.Data]++
	for _, a := range n.Attr {
		switch {
		case a.Key == "id":
			v.ids[a.Val]++
		case a.Key == "autofocus":
			v.focussed++
		case a.Key == "aria-describedby", a.Key == "aria-labelledby", a.Key == "aria-controls":
			v.described = append(v.described, strings.Fields(a.Val)...)
		case a.Key == "style", strings.HasPrefix(a.Key, "on"):
			v.forbidden = append(v.forbidden, "<"+n.Data+" "+a.Key+">")
		case a.Key == "aria-label", strings.HasPrefix(a.Key, "data-") && a.Key != "data-options", a.Key == "placeholder", a.Key == "alt":
			v.texts = append(v.texts, a.Val)
		}
	}
	switch n.Data {
	case "label":
		v.labels[attributeOf(n, "for")] = true
	case "input":
		if attributeOf(n, "type") != "hidden" && !has(n, "hidden") {
			v.inputs = append(v.inputs, n)
		}
	case "style":
		if attributeOf(n, "nonce") == "" {
			v.forbidden = append(v.forbidden, "<style> without a nonce")
		}
	case "script":
		if attributeOf(n, "nonce") == "" || attributeOf(n, "src") == "" {
			v.forbidden = append(v.forbidden, "<script> without src and nonce")
		}
	case "form":
		v.form(n)
	}
}

// form holds every form that posts to its token.
func (v *view) form(n *html.Node) {
	if attributeOf(n, "method") == "get" {
		return
	}
	for d := range n.Descendants() {
		if attributeOf(d, "name") == "csrf" && attributeOf(d, "value") != "" {
			return
		}
	}
	v.forbidden = append(v.forbidden, "form without a token")
}

func (v *view) check(t *testing.T, lang string, ids []string) {
	t.Helper()
	for _, id := range ids {
		if v.ids[id] == 0 {
			t.Errorf("no #%s", id)
		}
	}
	for id, n := range v.ids {
		if n > 1 {
			t.Errorf("#%s is there %d times", id, n)
		}
	}
	for _, id := range v.described {
		if v.ids[id] == 0 {
			t.Errorf("an element refers to #%s, which is not there", id)
		}
	}
	for _, element := range []string{"h1", "main", "title"} {
		if v.elements[element] != 1 {
			t.Errorf("%d <%s>: want 1", v.elements[element], element)
		}
	}
	if v.focussed > 1 {
		t.Errorf("%d elements want the focus", v.focussed)
	}
	if len(v.forbidden) > 0 {
		t.Errorf("the page has %q", v.forbidden)
	}
	for _, n := range v.inputs {
		if !v.labels[attributeOf(n, "id")] {
			t.Errorf("#%s has no label", attributeOf(n, "id"))
		}
		if attributeOf(n, "type") == "password" && attributeOf(n, "autocomplete") == "" {
			t.Errorf("#%s tells password managers nothing", attributeOf(n, "id"))
		}
		if has(n, "aria-invalid") && attributeOf(n, "aria-describedby") == "" {
			t.Errorf("#%s is wrong and does not say why", attributeOf(n, "id"))
		}
	}
	for n := range v.root.Descendants() {
		if n.Data == "html" && n.Type == html.ElementNode {
			if want := map[bool]string{true: "rtl", false: "ltr"}[lang == "ar"]; attributeOf(n, "lang") != lang || attributeOf(n, "dir") != want {
				t.Errorf("lang=%q dir=%q: want %s and %s", attributeOf(n, "lang"), attributeOf(n, "dir"), lang, want)
			}
		}
	}
}

func attributeOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

// TestPageIsWholeOrNothing shows that a screen that fails half-way has sent nothing.
func TestPageIsWholeOrNothing(t *testing.T) {
	u, err := newRenderer(Brand{Name: "Latchkey"})
	if err != nil {
		t.Fatal(err)
	}
	page, _ := begin(u, "en", "consent.title", nil)
	w := httptest.NewRecorder()
	if err := u.Render(w, http.StatusOK, Consent{Page: page}); err == nil { // consent needs a client
		t.Fatal("a consent page without a client was rendered")
	}
	if w.Body.Len() > 0 {
		t.Errorf("half a page was written: %s", w.Body)
	}
}

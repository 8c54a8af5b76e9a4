package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is generated from the struct tags")

const (
	docFile  = "../docs/configuration.md"
	docBegin = "<!-- generated from package config: go test ./config -run IsCurrent -update -->\n"
	docEnd   = "<!-- end of what is generated -->\n"
)

// The tables of docs/configuration.md are the struct tags, so no key is missing
// and no default is out of date.
func TestDocumentationIsCurrent(t *testing.T) {
	text, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), docBegin)
	_, after, ends := strings.Cut(rest, docEnd)
	if !begins || !ends {
		t.Fatalf("%s lost the marks around its tables", docFile)
	}
	want := before + docBegin + reference() + docEnd + after
	if *update {
		if err := os.WriteFile(docFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Errorf("%s does not say what the struct tags say: run go test ./config -run IsCurrent -update", docFile)
	}
	for _, leaf := range leaves("", root) {
		path := leaf.path
		if !strings.Contains(want, "| `"+strings.ReplaceAll(path, "[0]", "[]")+"` |") {
			t.Errorf("%s is not documented", path)
		}
	}
}

// reference is one table for the plain keys and one for each section.
func reference() string {
	var b strings.Builder
	b.WriteString("\n### At the top\n\n" + tableHead)
	var sections []*shape
	for _, f := range root.fields {
		if f.kind == object || f.kind == list && f.elem.kind == object {
			sections = append(sections, f)
			continue
		}
		row(&b, f.key, f)
	}
	for _, f := range sections {
		fmt.Fprintf(&b, "\n### `%s`\n\n%s\n", f.key, f.doc)
		if len(f.fields) > 0 || f.kind == list {
			b.WriteString("\n" + tableHead)
			rows(&b, f.key, f)
		}
	}
	b.WriteString("\n")
	return b.String()
}

const tableHead = "| key | default | |\n|---|---|---|\n"

// rows writes what is below a section.
func rows(b *strings.Builder, path string, s *shape) {
	if s.kind == list {
		path, s = path+"[]", s.elem
	}
	for _, f := range s.fields {
		at := path + "." + f.key
		row(b, at, f)
		if f.kind == object || f.kind == list && f.elem.kind == object {
			rows(b, at, f)
		}
	}
}

func row(b *strings.Builder, path string, s *shape) {
	preset := ""
	if s.preset != "" {
		preset = "`" + strings.ReplaceAll(s.preset, ",", ", ") + "`"
	}
	doc := strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(s.doc)
	if len(s.oneOf) > 0 {
		doc += " One of `" + strings.Join(s.oneOf, "`, `") + "`."
	}
	fmt.Fprintf(b, "| `%s` | %s | %s |\n", path, preset, doc)
}

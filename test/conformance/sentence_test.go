package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sentence is what an RFC demands of a server, and what shows that ours does it: requests
// to a running one, or tests elsewhere that hold a clock, a store or a page.
type sentence struct {
	// section is where it is, and demands what it says in short.
	section, demands string
	show             func(*trial)
	// by are tests elsewhere, such as "op.TestPR1_RefusedPushes".
	by []string
}

// specification is an RFC whose sentences that bind a server are counted.
type specification struct {
	rfc       string
	title     string
	sentences []sentence
}

// specifications are in the order of the document.
var specifications = []specification{rfc9126, rfc9449, rfc8628, rfc8693, rfc7591, rfc9700}

// key names a sentence among the results.
func (s *specification) key(i int) string { return fmt.Sprint(s.rfc, " ", i) }

// TestSentences goes through the sentences of each RFC at one node. They come one after the
// other, so that each can say that nothing was kept of what it sent.
func TestSentences(t *testing.T) {
	t.Parallel()
	w := startWorld(t, worldSettings)
	for i := range specifications {
		s := &specifications[i]
		t.Run(s.rfc, func(t *testing.T) {
			for i := range s.sentences {
				s.run(t, w, i)
			}
		})
	}
}

// run shows one sentence and notes what came of it.
func (s *specification) run(t *testing.T, w *world, i int) {
	t.Helper()
	of := &s.sentences[i]
	t.Run(of.section+" "+of.demands, func(t *testing.T) {
		t.Cleanup(func() {
			results.Lock()
			defer results.Unlock()
			results.shown[s.key(i)] = !t.Failed()
		})
		if (of.show == nil) == (len(of.by) == 0) {
			t.Fatal("it is shown in no way, or in two")
		}
		for _, name := range of.by {
			if err := testExists(name); err != nil {
				t.Error(err)
			}
		}
		if of.show != nil {
			of.show(w.trial(t))
		}
	})
}

// testExists checks that a test is there that a sentence points to.
func testExists(name string) error {
	dir, test, _ := strings.Cut(name, ".")
	files, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
	if err != nil {
		return err
	}
	function := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(test) + `\(`)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if function.Match(content) {
			return nil
		}
	}
	return fmt.Errorf("there is no test %s in %s", test, dir)
}

// A test that is not there shows nothing.
func TestPointersLeadToTests(t *testing.T) {
	if err := testExists("test/conformance.TestSentences"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"test/conformance.TestNothing", "op.TestSentences", "TestSentences"} {
		if testExists(name) == nil {
			t.Errorf("%s is found", name)
		}
	}
}

// demanded is the part of the document about sentences.
func demanded(shown map[string]bool) string {
	var b strings.Builder
	b.WriteString(`
## What RFCs demand of a server

Each sentence with MUST, MUST NOT, REQUIRED or SHALL, and each SHOULD that is followed, of what binds an authorization server or a protected
resource: shown by requests to a running node (error, status, headers, and that nothing was issued or stored), or by the tests that are named.
RFC 7523 section 3 is in ` + "`op.TestTX1_JWTsOfTrustedIssuers` and `op.TestCL1_AssertionsOfAKey`" + `.

| RFC | sentences | by requests | by named tests | hold |
|---|---|---|---|---|
`)
	for i := range specifications {
		s := &specifications[i]
		requests, hold := 0, 0
		for i := range s.sentences {
			if s.sentences[i].show != nil {
				requests++
			}
			if shown[s.key(i)] {
				hold++
			}
		}
		fmt.Fprintf(&b, "| [RFC %s: %s](#%s) | %d | %d | %d | %d |\n", s.rfc, s.title, anchor("RFC "+s.rfc), len(s.sentences), requests, len(s.sentences)-requests, hold)
	}
	for i := range specifications {
		specifications[i].table(&b, shown)
	}
	return b.String()
}

// table writes the sentences of one RFC.
func (s *specification) table(b *strings.Builder, shown map[string]bool) {
	fmt.Fprintf(b, "\n### RFC %s\n\n| section | sentence | shown by | result |\n|---|---|---|---|\n", s.rfc)
	for i, of := range s.sentences {
		by, result := "requests", "holds"
		if of.show == nil {
			by = "`" + strings.Join(of.by, "`, `") + "`"
		}
		if !shown[s.key(i)] {
			result = "**does not hold**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", of.section, of.demands, by, result)
	}
}

// No sentence is counted twice.
func TestSentencesAreDistinct(t *testing.T) {
	for _, s := range specifications {
		var seen []string
		for _, of := range s.sentences {
			if name := of.section + " " + of.demands; slices.Contains(seen, name) || of.section == "" || strings.ContainsAny(name, "|\n") {
				t.Errorf("RFC %s: %q", s.rfc, name)
			} else {
				seen = append(seen, name)
			}
		}
	}
}

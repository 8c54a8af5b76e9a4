package securitydoc

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/security.md")

const (
	root     = "../.."
	document = root + "/docs/security.md"
	begin    = "<!-- generated from the names of the tests: go test ./test/securitydoc -update -->\n"
	end      = "<!-- end of what is generated -->\n"
)

// The tables of docs/security.md are what the tests are called, so they neither
// promise what no test shows nor miss one that does.
func TestDocumentIsCurrent(t *testing.T) {
	found, err := scan(root)
	if err != nil {
		t.Fatalf("find the tests: %v", err)
	}
	for _, problem := range gaps(groups, found) {
		t.Error(problem)
	}
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(text), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		t.Fatalf("%s lost the marks around its tables", document)
	}
	want := before + begin + tables(groups, found) + end + after
	switch {
	case want == string(text):
	case *update:
		if err := os.WriteFile(document, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s does not name the tests that there are: run go test ./test/securitydoc -update", document)
	}
}

// gaps names requirements that no test shows, and tests of no requirement.
func gaps(groups []group, found map[string][]shown) []string {
	var problems []string
	known := map[string]bool{}
	for _, g := range groups {
		for _, r := range g.of {
			if known[r.id] {
				problems = append(problems, r.id+" is listed twice")
			}
			known[r.id] = true
			if len(found[r.id]) == 0 && !slices.Contains(planned, r.id) {
				problems = append(problems, fmt.Sprintf("no test shows %s: %s", r.id, r.text))
			}
		}
	}
	for id, tests := range found {
		if !known[id] {
			problems = append(problems, fmt.Sprintf("%s of %s is no requirement", id, tests[0].file))
		}
	}
	slices.Sort(problems)
	return problems
}

// tables are one for each group.
func tables(groups []group, found map[string][]shown) string {
	var b strings.Builder
	for _, g := range groups {
		if !slices.ContainsFunc(g.of, func(r requirement) bool { return len(found[r.id]) > 0 }) {
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n| | what holds | shown by |\n|---|---|---|\n", g.title)
		for _, r := range g.of {
			if len(found[r.id]) == 0 {
				continue
			}
			links := make([]string, len(found[r.id]))
			for i, test := range found[r.id] {
				links[i] = fmt.Sprintf("[%s](../%s)", title(test.name), test.file)
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", r.id, r.text, strings.Join(links, " · "))
		}
	}
	b.WriteString("\n")
	return b.String()
}

// title is a test's name without its ids.
func title(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "Test"), "Fuzz")
	return strings.TrimPrefix(name, ids.FindString(name))
}

func TestGapsAreFound(t *testing.T) {
	some := []group{{"A", []requirement{{"AZ1", "x"}, {"AZ2", "y"}}}, {"B", []requirement{{"AZ1", "again"}}}}
	got := gaps(some, map[string][]shown{"AZ1": {{"a_test.go", "TestAZ1_x"}}, "ZZ9": {{"z_test.go", "TestZZ9_x"}}})
	want := []string{"AZ1 is listed twice", "ZZ9 of z_test.go is no requirement", "no test shows AZ2: y"}
	if !slices.Equal(got, want) {
		t.Errorf("gaps are %q, want %q", got, want)
	}
}

func TestIdsOfNames(t *testing.T) {
	for name, want := range map[string]string{
		"TestTK1_OneCode": "TK1", "TestPA1_PA2_Partial": "PA1 PA2", "FuzzAZ1_URI": "AZ1", "TH5_when Redis is gone": "TH5",
		"TestL7_Origin": "", "TestSignIn": "", "TestTK1": "", "a TK1_": "",
	} {
		if got := strings.Join(idsOf(name), " "); got != want {
			t.Errorf("%s shows %q, want %q", name, got, want)
		}
	}
}

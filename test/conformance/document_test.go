package conformance

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write docs/conformance.md from the results of this run")

const document = "../../docs/conformance.md"

// profiles are what is shown by which test, in the order of the document.
var profiles = []struct{ test, title string }{
	{"TestBasic", "Basic"},
	{"TestFormPost", "Form Post Basic"},
	{"TestImplicitAndHybrid", "Implicit and Hybrid, and Form Post of both"},
	{"TestDynamic", "Dynamic, and third-party-initiated login"},
	{"TestSignedUserinfo", "Dynamic: signatures"},
	{"TestClientKeys", "Clients that sign: private_key_jwt and request objects"},
	{"TestRPInitiatedLogout", "RP-Initiated Logout"},
	{"TestFrontchannelLogout", "Front-Channel Logout"},
	{"TestBackchannelLogout", "Back-Channel Logout"},
	{"TestSessionManagement", "Session Management"},
	{"TestPushed", "FAPI 2.0: pushed authorization requests"},
	{"TestBasicWithConsentRemembered", "Basic, where people are asked once"},
	{"TestBasicWithConsentAlways", "Basic, where people are asked each time"},
}

// results are the modules that ran, by the names of their tests, and whether they passed.
var results = struct {
	sync.Mutex
	passed map[string]bool
	// shown are the sentences of RFCs, by their keys.
	shown map[string]bool
}{passed: map[string]bool{}, shown: map[string]bool{}}

// record notes what comes of a module.
func record(t *testing.T) {
	t.Cleanup(func() {
		results.Lock()
		defer results.Unlock()
		results.passed[t.Name()] = !t.Failed()
	})
}

// TestMain writes docs/conformance.md from what ran, or holds it to that: nobody types a
// result. A run of some of the tests says nothing about the document.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	for _, narrow := range []string{"run", "skip", "list"} {
		if f := flag.Lookup("test." + narrow); f != nil && f.Value.String() != "" {
			os.Exit(code)
		}
	}
	if err := documented(*update); err != nil && (code == 0 || *update) {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// documented compares the document with the results, or writes it.
func documented(write bool) error {
	for name := range results.passed {
		test, _, of := strings.Cut(name, "/")
		if of && !slices.ContainsFunc(profiles, func(p struct{ test, title string }) bool { return p.test == test }) {
			return fmt.Errorf("%s has no profile in document_test.go", test)
		}
	}
	want := rendered(results.passed) + demanded(results.shown)
	if write {
		return os.WriteFile(document, []byte(want), 0o644)
	}
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	if string(text) != want {
		return fmt.Errorf("%s does not say what ran: go test ./test/conformance -update", document)
	}
	return nil
}

// rendered is the document of results.
func rendered(passed map[string]bool) string {
	var b strings.Builder
	b.WriteString(`# Conformance

<!-- generated from the results of the tests: go test ./test/conformance -update -->

What the modules of the OpenID Foundation's conformance suite (5.2) demand of a provider, demanded of a running Latchkey by
[test/conformance](../test/conformance): a test stands for each module and bears its name. This page is written by their run; the suite itself
and the certificate are the Foundation's. What a module only warns of fails here too.

| profile | modules | passed |
|---|---|---|
`)
	for _, p := range profiles {
		all, good := modulesOf(passed, p.test)
		fmt.Fprintf(&b, "| [%s](#%s) | %d | %d |\n", p.title, anchor(p.title), len(all), good)
	}
	for _, p := range profiles {
		all, _ := modulesOf(passed, p.test)
		fmt.Fprintf(&b, "\n## %s\n\n| module | result |\n|---|---|\n", p.title)
		for _, name := range all {
			result := "passed"
			if !passed[p.test+"/"+name] {
				result = "**failed**"
			}
			fmt.Fprintf(&b, "| %s | %s |\n", strings.ReplaceAll(name, "/", ": "), result)
		}
	}
	return b.String()
}

// modulesOf are the modules of a test, and how many passed.
func modulesOf(passed map[string]bool, test string) (names []string, good int) {
	for _, full := range slices.Sorted(maps.Keys(passed)) {
		name, of := strings.CutPrefix(full, test+"/")
		if !of {
			continue
		}
		names = append(names, name)
		if passed[full] {
			good++
		}
	}
	return names, good
}

// anchor is how a heading is linked to.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '_', r == '-':
			return r
		case r == ' ':
			return '-'
		}
		return -1
	}, strings.ToLower(title))
}

// A result that is not a pass is shown as what it is.
func TestTheDocumentHidesNothing(t *testing.T) {
	text := rendered(map[string]bool{"TestBasic/oidcc-server": true, "TestBasic/oidcc-codereuse": false})
	for _, want := range []string{"| [Basic](#basic) | 2 | 1 |", "| oidcc-codereuse | **failed** |", "| oidcc-server | passed |"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

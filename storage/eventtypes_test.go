package storage

import (
	"os"
	"regexp"
	"testing"
)

// Whoever chooses events by their types can choose each.
func TestEventTypesNamesEach(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("event.go")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, typ := range EventTypes() {
		if known[string(typ)] {
			t.Errorf("%s is there twice", typ)
		}
		known[string(typ)] = true
	}
	declared := regexp.MustCompile(`(?m)^\tEvent\w+ +EventType = "(\w+)"`).FindAllSubmatch(source, -1)
	if len(declared) == 0 || len(declared) != len(known) {
		t.Errorf("%d types are declared, %d are listed", len(declared), len(known))
	}
	for _, d := range declared {
		if !known[string(d[1])] {
			t.Errorf("%s is not listed", d[1])
		}
	}
}

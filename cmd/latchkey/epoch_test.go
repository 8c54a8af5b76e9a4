package main

import (
	"io"
	"os"
	"strings"
	"testing"
)

func TestRS1_TheEpochIsRaisedOnlyOnYes(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "Yes\n": true, "yes": true, "n\n": false, "\n": false, "": false, "yesterday\n": false} {
		var asked strings.Builder
		if err := agreed(strings.NewReader(answer), &asked, "Sure?"); (err == nil) != want {
			t.Errorf("%q: %v, want agreed %v", answer, err, want)
		}
		if asked.String() != "Sure? [y/N] " {
			t.Errorf("asked %q", asked.String())
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if err := agreed(r, io.Discard, "Sure?"); err == nil || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("asked in a pipe: %v", err)
	}
}

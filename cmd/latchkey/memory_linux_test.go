package main

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestOnlyCleanMappingsOfTheBinaryAreReleased(t *testing.T) {
	const smaps = `00400000-01484000 r-xp 00000000 fe:00 1234       /usr/bin/latch key
Size:              16912 kB
Rss:               11472 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
01484000-027f3000 r--p 01084000 fe:00 1234       /usr/bin/latch key
Anonymous:             0 kB
VmFlags: rd mr mw me
027f3000-027f4000 r--p 023f3000 fe:00 1234       /usr/bin/latch key
Anonymous:             4 kB
027f4000-028c5000 rw-p 023f4000 fe:00 1234       /usr/bin/latch key
Anonymous:             0 kB
028c5000-04913000 rw-p 00000000 00:00 0
Anonymous:             0 kB
c000000000-c000800000 r--p 00000000 fe:00 99     /usr/lib/other
Anonymous:             0 kB
7ffd0000-7ffd2000 r-xp 00000000 00:00 0          [vdso]
Anonymous:             0 kB
`
	got, err := cleanMappings(strings.NewReader(smaps), "/usr/bin/latch key")
	want := []mapping{{0x400000, 0x1484000}, {0x1484000, 0x27f3000}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%x, %v, want %x", got, err, want)
	}
	if _, err := cleanMappings(strings.NewReader("not an address\n"), "/usr/bin/latch key"); err == nil {
		t.Error("what is no list of mappings was read")
	}
}

// The process goes on, with fewer pages of the binary.
func TestReleaseBinary(t *testing.T) {
	before := filePages(t)
	if err := releaseBinary(); err != nil {
		t.Fatal(err)
	}
	if after := filePages(t); after >= before {
		t.Errorf("%d KiB of files are mapped after, %d before", after, before)
	}
	var out bytes.Buffer
	if code := run(t.Context(), []string{"config", "schema"}, nil, &out, &out); code != 0 || !strings.HasPrefix(out.String(), "{") {
		t.Errorf("then a command ends with %d: %s", code, out.String())
	}
}

// filePages returns how much of files is in the process' memory, in KiB.
func filePages(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "RssFile:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// releaseBinary lets go of the pages of the binary that only the start needed:
// of its file, as it is mapped to be read and run. One that is used again is
// found again by a minor fault, in the system's cache of files.
//
// So the memory that the process is said to hold (RSS) becomes what it works
// with, some 10 MiB less. That alone makes no room: the cache keeps the pages
// until something else wants it. What does gets it sooner, for nobody maps them
// any more. The process' own memory (RssAnon) is as it was.
func releaseBinary() error {
	binary, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("find the binary: %w", err)
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("read mappings: %w", err)
	}
	mappings, err := cleanMappings(smaps, binary)
	if err := errors.Join(err, smaps.Close()); err != nil {
		return fmt.Errorf("read mappings: %w", err)
	}
	for _, m := range mappings {
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, m.start, m.end-m.start, syscall.MADV_DONTNEED); errno != 0 {
			return fmt.Errorf("release the binary: %w", errno)
		}
	}
	return nil
}

// mapping is where something is mapped: its first address and the one behind
// its last.
type mapping struct{ start, end uintptr }

// cleanMappings finds, in what proc_pid_smaps(5) describes, the mappings of a
// file that cannot be written and of which no page was ever changed: one that
// was, by a linker at run time or by a debugger, would be lost.
func cleanMappings(smaps io.Reader, file string) ([]mapping, error) {
	var clean []mapping
	var current mapping
	var candidate bool
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		line := lines.Text()
		name, rest, _ := strings.Cut(line, " ")
		switch {
		case !strings.HasSuffix(name, ":"): // where a mapping begins
			var err error
			if current, err = parseMapping(name); err != nil {
				return nil, err
			}
			permissions, _, _ := strings.Cut(rest, " ")
			candidate = strings.HasSuffix(rest, " "+file) && !strings.Contains(permissions, "w")
		case candidate && name == "Anonymous:" && strings.TrimSpace(rest) == "0 kB":
			clean = append(clean, current)
		}
	}
	return clean, lines.Err()
}

func parseMapping(text string) (mapping, error) {
	first, last, _ := strings.Cut(text, "-")
	start, err1 := strconv.ParseUint(first, 16, strconv.IntSize)
	end, err2 := strconv.ParseUint(last, 16, strconv.IntSize)
	return mapping{uintptr(start), uintptr(end)}, errors.Join(err1, err2)
}

//go:build ignore

// This program makes common.txt.gz, the list of common passwords, of a
// compressed list with one password a line.
package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"log"
	"os"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: generate_common SOURCE.txt.gz DESTINATION.txt.gz")
	}
	source, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(source))
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		log.Fatal(err)
	}
	passwords := strings.Fields(strings.ToLower(string(text)))
	slices.Sort(passwords)
	passwords = slices.Compact(passwords)
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.WriteString(w, strings.Join(passwords, "\n")); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(os.Args[2], packed.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d passwords, %d bytes", len(passwords), packed.Len())
}

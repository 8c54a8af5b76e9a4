//go:build ignore

// This program makes common.txt.gz, the list of breached passwords, of a list
// with the most used first and another, compressed, in any order.
package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	mostUsed = 103_000 // of which a hundred thousand are left in lower case
	longOnes = 15      // the characters of a password that is the only factor
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: generate_common RANKED.txt DJANGO.txt.gz DESTINATION.txt.gz")
	}
	passwords := ranked(os.Args[1])
	passwords = append(passwords, compressed(os.Args[2])...)
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
	if err := os.WriteFile(os.Args[3], packed.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d passwords, %d bytes", len(passwords), packed.Len())
}

func ranked(file string) []string {
	text, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	var kept []string
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.ToLower(strings.TrimSpace(line))
		if line != "" && utf8.ValidString(line) && (i < mostUsed || utf8.RuneCountInString(line) >= longOnes) {
			kept = append(kept, line)
		}
	}
	return kept
}

func compressed(file string) []string {
	source, err := os.ReadFile(file)
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
	return strings.Fields(strings.ToLower(string(text)))
}

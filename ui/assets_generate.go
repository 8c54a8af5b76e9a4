//go:build ignore

// This program fills packed with what assets holds: the scripts as one, and each
// file as it is, with gzip and with Brotli.
package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"log"
	"os"

	"github.com/andybalholm/brotli"
)

var files = map[string][]string{
	"latchkey.css": {"latchkey.css"}, "latchkey.js": {"page.js", "passkey.js"}, "mark.svg": {"mark.svg"}, "console.css": {"console.css"}, "console.js": {"console.js"},
}

func main() {
	for name, sources := range files {
		var body []byte
		for _, source := range sources {
			text, err := os.ReadFile("assets/" + source)
			check(err)
			body = append(body, text...)
		}
		check(os.WriteFile("packed/"+name, body, 0o644))
		check(os.WriteFile("packed/"+name+".gz", pack(body, func(w io.Writer) io.WriteCloser {
			z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
			check(err)
			return z
		}), 0o644))
		check(os.WriteFile("packed/"+name+".br", pack(body, func(w io.Writer) io.WriteCloser {
			return brotli.NewWriterLevel(w, brotli.BestCompression)
		}), 0o644))
	}
}

func pack(body []byte, writer func(io.Writer) io.WriteCloser) []byte {
	var b bytes.Buffer
	w := writer(&b)
	_, err := w.Write(body)
	check(err)
	check(w.Close())
	return b.Bytes()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

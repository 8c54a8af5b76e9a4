package ui

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// The style sheet, the script and the mark are compressed ahead: packed holds
// what assets holds, with gzip and Brotli, and the script's two files as one.
//
//go:generate go run assets_generate.go
//go:embed packed/*
var packedFiles embed.FS

// assetNames are the files that pages load.
var assetNames = []string{"latchkey.css", "latchkey.js", "mark.svg", "console.css", "console.js"}

// assetPath is where assets are served, under names that hold their content's
// hash: a browser may keep them for ever.
const assetPath = "/assets/"

type assets struct {
	byName map[string]asset  // hashed name
	hashed map[string]string // plain name -> hashed name
}

// asset is a file in each encoding; identity is "".
type asset struct {
	bodies      map[string][]byte
	contentType string
}

// encodings are the content codings of assets, the best first, with what their
// files are named.
var encodings = []struct{ name, ext string }{{"br", ".br"}, {"gzip", ".gz"}, {"", ""}}

func loadAssets() (*assets, error) {
	a := &assets{byName: map[string]asset{}, hashed: map[string]string{}}
	for _, name := range assetNames {
		found := asset{bodies: map[string][]byte{}, contentType: contentTypes[path.Ext(name)]}
		for _, encoding := range encodings {
			body, err := packedFiles.ReadFile("packed/" + name + encoding.ext)
			if err != nil {
				return nil, fmt.Errorf("read asset: %w", err)
			}
			found.bodies[encoding.name] = body
		}
		ext := path.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "." + contentHash(found.bodies[""]) + ext
		a.hashed[name], a.byName[hashed] = hashed, found
	}
	return a, nil
}

// contentTypes are those of our assets; package mime would read the machine's
// own lists for them.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

func contentHash(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:6])
}

// url returns the address of an asset, for templates.
func (a *assets) url(name string) (string, error) {
	hashed, ok := a.hashed[name]
	if !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return assetPath + hashed, nil
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	found, ok := a.byName[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", found.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	for _, encoding := range encodings {
		if encoding.name != "" && !accepts(r.Header.Get("Accept-Encoding"), encoding.name) {
			continue
		}
		if encoding.name != "" {
			h.Set("Content-Encoding", encoding.name)
		}
		h.Set("Content-Length", strconv.Itoa(len(found.bodies[encoding.name])))
		_, _ = w.Write(found.bodies[encoding.name]) // the browser went away
		return
	}
}

// accepts reports whether an Accept-Encoding header takes a content coding
// (RFC 9110 section 12.5.3).
func accepts(header, coding string) bool {
	for _, part := range strings.Split(header, ",") {
		name, parameter, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		weight, weighted := strings.CutPrefix(strings.ReplaceAll(parameter, " ", ""), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !weighted || err == nil && q > 0
	}
	return false
}

// icon answers browsers that ask every site for its icon at the same address.
func (a *assets) icon(w http.ResponseWriter, _ *http.Request) {
	mark := a.byName[a.hashed["mark.svg"]]
	w.Header().Set("Content-Type", mark.contentType)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(mark.bodies[""]) // the browser went away
}

package ui

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed assets/*
var assetFiles embed.FS

// assetPath is where assets are served, under names that hold their content's
// hash: a browser may keep them for ever.
const assetPath = "/assets/"

type assets struct {
	byName map[string]asset  // hashed name
	hashed map[string]string // plain name -> hashed name
}

type asset struct {
	body        []byte
	contentType string
}

func loadAssets() (*assets, error) {
	a := &assets{byName: map[string]asset{}, hashed: map[string]string{}}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	for _, entry := range entries {
		body, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read asset: %w", err)
		}
		a.add(entry.Name(), body)
	}
	return a, nil
}

func (a *assets) add(name string, body []byte) {
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + contentHash(body) + ext
	a.hashed[name] = hashed
	a.byName[hashed] = asset{body: body, contentType: contentTypes[ext]}
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
	name := r.PathValue("name")
	found, ok := a.byName[name]
	if !ok {
		found, ok = accentAsset(name)
	}
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", found.contentType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(found.body) // the browser went away
}

// icon answers browsers that ask every site for its icon at the same address.
func (a *assets) icon(w http.ResponseWriter, _ *http.Request) {
	mark := a.byName[a.hashed["mark.svg"]]
	w.Header().Set("Content-Type", mark.contentType)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(mark.body) // the browser went away
}

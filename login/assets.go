package login

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
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
		sum := sha256.Sum256(body)
		ext := path.Ext(entry.Name())
		name := strings.TrimSuffix(entry.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.hashed[entry.Name()] = name
		a.byName[name] = asset{body: body, contentType: mime.TypeByExtension(ext)}
	}
	return a, nil
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
	w.Header().Set("Content-Type", found.contentType)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(found.body) // the browser went away
}

// Stylesheet returns the address of the pages' style, for other pages of ours.
func (p *Pages) Stylesheet() string { return assetPath + p.assets.hashed["latchkey.css"] }

// Logo returns the address of the mark.
func (p *Pages) Logo() string { return assetPath + p.assets.hashed["mark.svg"] }

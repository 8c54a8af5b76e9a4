package ui

import (
	"log/slog"
	"net/http"

	"github.com/latchkey-id/latchkey/access"
	"github.com/latchkey-id/latchkey/internal/locale"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
)

// Config is what a [Renderer] is made of. Every field but Strength is required.
type Config struct {
	Brand   Brand
	Cookies web.Cookies
	// Hasher makes the form tokens.
	Hasher *keys.Hasher
	Log    *slog.Logger
	// Strength estimates a password from 0 to 4 while it is typed. It is optional:
	// without it the browser estimates by itself, more roughly.
	Strength func(password string) int
	// Catalog has the installation's own scopes and resource servers; nil has none.
	Catalog *access.Catalog
}

// Renderer writes the hosted pages.
type Renderer struct {
	cfg       Config
	brand     BrandView
	texts     *locale.Catalog
	assets    *assets
	templates map[string]lazy
	origin    *http.CrossOriginProtection
}

// New makes a renderer. It fails where the brand's logo or colour is not usable.
func New(cfg Config) (*Renderer, error) {
	u := &Renderer{cfg: cfg, texts: locale.New(), origin: http.NewCrossOriginProtection()}
	var err error
	if u.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if u.brand, err = u.assets.brand(cfg.Brand); err != nil {
		return nil, err
	}
	if u.templates, err = u.findTemplates(); err != nil {
		return nil, err
	}
	return u, nil
}

// Register adds what pages load to mux.
func (u *Renderer) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET "+assetPath+"{name}", u.assets.serve)
	mux.HandleFunc("GET /favicon.ico", u.assets.icon)
	if u.cfg.Strength != nil {
		mux.HandleFunc("POST "+strengthPath, u.strength)
	}
}

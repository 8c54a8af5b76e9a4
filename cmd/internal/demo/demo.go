// Package demo is the application that `latchkey dev` shows a sign-in with: a
// relying party as others would write it, with coreos/go-oidc and x/oauth2.
package demo

import (
	"context"
	"embed"
	"html/template"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/latchkey-id/latchkey/cmd/internal/inbox"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/ui"
	"golang.org/x/oauth2"
)

// Config is where the demo stands.
type Config struct {
	Issuer                 string
	ClientID, ClientSecret string
	// Host is the issuer's, and Provider the address at which the demo, which
	// may not be able to look Host up, reaches it.
	Host, Provider string
	Cookies        web.Cookies
	Errors         *web.Errors
	// UI writes pages that look like the provider's.
	UI                     *ui.Renderer
	Username, PasswordFile string
	// Console says that the console is served.
	Console bool
	Inbox   *inbox.Inbox
}

// App is the demo application, with its sessions in memory.
type App struct {
	cfg    Config
	client *http.Client
	pages  map[string]*template.Template
	mu     sync.Mutex
	found  *relyingParty
	byID   map[string]*session
}

//go:embed pages/*.html
var pageFiles embed.FS

// New makes the demo.
func New(cfg Config) (*App, error) {
	a := &App{cfg: cfg, byID: map[string]*session{}, pages: map[string]*template.Template{}}
	for _, name := range []string{"home.html", "demo.html", "inbox.html"} {
		t, err := cfg.UI.Parse(pageFiles, "pages/"+name)
		if err != nil {
			return nil, err
		}
		a.pages[name] = t
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	a.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == hostPort(cfg.Host) {
				address = cfg.Provider
			}
			return dialer.DialContext(ctx, network, address)
		},
	}}
	return a, nil
}

func hostPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err != nil {
		return net.JoinHostPort(host, "80")
	}
	return host
}

// Register adds the home page, the demo and the inbox to mux.
func (a *App) Register(mux *http.ServeMux) {
	handle := func(pattern string, h web.HandlerFunc) { mux.Handle(pattern, a.cfg.Errors.Handle(h)) }
	handle("GET /{$}", a.home)
	handle("GET /demo", a.show)
	handle("POST /demo/sign-in", a.signIn)
	handle("GET /demo/callback", a.callback)
	handle("POST /demo/refresh", a.refresh)
	handle("POST /demo/sign-out", a.signOut)
	handle("GET /dev/inbox", a.inbox)
	mux.HandleFunc("GET /dev/inbox.json", a.cfg.Inbox.ServeJSON)
}

// relyingParty is what discovery told.
type relyingParty struct {
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
	logout   string
}

// discover asks the provider for its endpoints, once.
func (a *App) discover(ctx context.Context) (*relyingParty, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.found != nil {
		return a.found, nil
	}
	// The provider keeps the context to fetch keys with later.
	provider, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), a.client), a.cfg.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	a.found = &relyingParty{
		provider: provider,
		verifier: provider.Verifier(&oidc.Config{ClientID: a.cfg.ClientID}),
		logout:   more.EndSession,
		oauth: oauth2.Config{
			ClientID: a.cfg.ClientID, ClientSecret: a.cfg.ClientSecret, RedirectURL: a.cfg.Issuer + "/demo/callback",
			Endpoint: provider.Endpoint(),
			Scopes:   []string{oidc.ScopeOpenID, "profile", "email", "address", "phone", oidc.ScopeOfflineAccess},
		},
	}
	a.found.oauth.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	return a.found, nil
}

// context carries the client that reaches the provider.
func (a *App) context(r *http.Request) context.Context {
	return oidc.ClientContext(r.Context(), a.client)
}

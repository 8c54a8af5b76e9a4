package main

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/admin/scim"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/client/document"
	"github.com/latchkey-id/latchkey/client/registration"
	"github.com/latchkey-id/latchkey/cmd/internal/health"
	"github.com/latchkey-id/latchkey/cmd/internal/outbox"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/fetch"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login"
	"github.com/latchkey-id/latchkey/login/settings"
	"github.com/latchkey-id/latchkey/op"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// generation is what a reload makes anew, as a whole: the configuration, its
// clients, policies and texts, and the handler made of them. Nothing in it
// changes after [newGeneration].
type generation struct {
	dependencies
	accounts  *account.Service
	registrar *registration.Registrar
	// deliveries are who carries out the deliveries of which topic.
	deliveries map[storage.Topic]outbox.Handler
	logouts    *op.Logouts
	handler    http.Handler
	// registered are all clients, those too that are locked down.
	registered *client.Registry
}

// newGeneration makes everything that a configuration says. It writes nothing,
// so that one which fails leaves no trace.
func newGeneration(p *process, cfg *config.Config) (*generation, error) {
	f, err := newFoundation(p, cfg)
	if err != nil {
		return nil, err
	}
	handlers, err := newHandlers(p, f)
	if err != nil {
		return nil, err
	}
	factors, devices, err := newFactors(p, f)
	if err != nil {
		return nil, err
	}
	accounts := newAccounts(p, f, factors, devices)
	pages := login.New(loginConfig(p, f, accounts, factors, devices))
	accountPages := settings.New(settingsConfig(p, f, accounts, pages, factors))
	providing := providerConfig(p, f, pages)
	if providing.MutualTLS, err = mutualTLS(cfg.MutualTLS); err != nil {
		return nil, err
	}
	provider, err := op.New(providing)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+livePath, health.Live)
	mux.HandleFunc("GET "+readyPath, p.health.Ready)
	wellKnown(mux, f, p.dev.mount == nil) // dev's home page is another
	f.ui.Register(mux)
	pages.Register(mux)
	accountPages.Register(mux)
	mux.Handle("/", provider.Handler())
	mountSCIM(mux, p, f, accounts, provider)
	if err := mountAdminAPI(mux, p, f, accounts, provider); err != nil {
		return nil, err
	}
	consolePaths, err := mountConsole(mux, p, f, accounts, pages)
	if err != nil {
		return nil, err
	}
	if p.dev.mount != nil {
		if err := p.dev.mount(mux, p, f); err != nil {
			return nil, err
		}
	}
	routes := slices.Concat(op.Paths(), pages.Paths(), accountPages.Paths(), consolePaths, []string{livePath, readyPath})
	return &generation{
		dependencies: f.dependencies, accounts: accounts, registrar: f.registrar, deliveries: handlers, logouts: f.logouts, registered: f.registered,
		handler: web.Wrap(webConfig(f), p.metrics.Wrap(routes, mux)),
	}, nil
}

// foundation is what pages and provider both stand on.
type foundation struct {
	dependencies
	ui     *ui.Renderer
	errors *web.Errors
	// clients are those that are served. named are the same, without calling the address of
	// a client for it, and registered also those that are locked down.
	clients, named, registered *client.Registry
	// byDocument are those of clients that are known by their documents; nil: none is.
	byDocument *document.Clients
	// stored are the clients of the database, and registrar is who writes them.
	stored    *client.Stored
	registrar *registration.Registrar
	tokens    *onetime.Tokens
	fetch     *fetch.Client
	logouts   *op.Logouts
}

func newFoundation(p *process, cfg *config.Config) (*foundation, error) {
	d := p.boot.with(cfg)
	clients, err := d.clients()
	if err != nil {
		return nil, err
	}
	policy := d.passwordPolicy()
	renderer, err := ui.New(ui.Config{
		Brand: d.brand(), Cookies: d.cookies(), Hasher: d.hasher, Log: d.log,
		Strength: func(typed string) int { return policy.Strength(typed, password.Context{}) },
		Catalog:  cfg.Catalog,
	})
	if err != nil {
		return nil, err
	}
	stored := d.stored(p.store)
	seen := client.NewRegistry(client.NewSnapshot(clients), stored.Seen())
	fetcher := d.fetcher(p.dev.mount != nil)
	f := &foundation{
		dependencies: d, ui: renderer, errors: &web.Errors{Log: d.log, Render: renderer.RenderError},
		registered: seen, logouts: d.logouts(seen, p.ring), fetch: fetcher,
		stored: stored, registrar: d.registrar(p.store, stored, p.dev.mount != nil, op.Document(fetcher)),
		tokens: onetime.New(onetime.Config{Store: p.ephemeral, Hasher: d.hasher, Sealer: d.sealer, Now: d.now}),
	}
	served := client.NewRegistry(client.NewSnapshot(clients), stored)
	if f.byDocument = f.documents(p); f.byDocument != nil {
		served = client.NewRegistry(client.NewSnapshot(clients), stored, f.byDocument)
	}
	f.clients, f.named = served.Refusing(p.locks), seen.Refusing(p.locks)
	return f, nil
}

func providerConfig(p *process, f *foundation, pages *login.Pages) op.Config {
	cfg := f.cfg
	return op.Config{
		Issuer: cfg.Issuer, Clients: f.clients, Keys: p.ring, Hasher: f.hasher, Sealer: f.sealer,
		Grants: p.store.Grants(), Tokens: p.store.AccessTokens(), Ephemeral: p.ephemeral,
		SignIn: pages, SignOut: pages, Sessions: p.store.Sessions(), Farewells: p.store.Outbox(), Submissions: newSubmissions(p, f), Counter: p.metrics, Errors: f.errors, Cookies: f.cookies(), Log: f.log, Now: f.now, Random: rand.Reader,
		ACRValues: pages.ACRValues(), ACRAliases: acrAliases(cfg.MFA.ACRAliases), UILocales: ui.Locales(), SignUp: cfg.SignUp.Mode != account.SignUpOff,
		Interactions: newInteractions(p, f), Devices: interaction.NewDevices(p.ephemeral, f.hasher), Fetch: f.fetch, Counters: p.ephemeral, PendingPerAddress: cfg.Limits.PendingPerAddress,
		Requirements: requirements(cfg.Tokens), TrustedIssuers: cfg.Trusted(), Events: p.store.Events(),
		Registration: f.registration(), Used: f.used, Documents: f.byDocument != nil,
		CheckSession: cfg.Sessions.CheckIframe, CodeLifetime: cfg.Tokens.CodeLifetime, Access: cfg.Catalog, Pairwise: cfg.Secrets.Pairwise(), Explain: p.dev.mount != nil,
	}
}

// requirements are what the installation requires of every client, in the terms of package op.
func requirements(t config.Tokens) op.Requirements {
	return op.Requirements{
		RequirePushed: t.RequirePushed, PushedLifetime: t.PushedLifetime,
		RequireDPoP: t.RequireDPoP, RequireDPoPNonce: t.RequireDPoPNonce, RequireCertificate: t.RequireCertificate,
	}
}

func webConfig(f *foundation) web.Config {
	return web.Config{
		Path: f.cfg.IssuerPath(), AtRoot: []string{changePasswordPath, securityTextPath},
		TrustedProxies: f.cfg.TrustedProxies, Hosts: f.cfg.Hosts(), AnyHost: []string{livePath, readyPath},
		HSTS: f.secure(), MaxBody: int64(f.cfg.Limits.BodyKiB) << 10, Larger: map[string]int64{scim.Prefix + "/": int64(f.cfg.SCIM.BodyKiB) << 10},
		Deadline: requestDeadline(f.cfg.Timeouts),
		Errors:   f.errors, Log: f.log,
	}
}

// requestDeadline bounds a request as a whole: it may wait for several answers of
// the stores, but not for all of them as long as for one.
func requestDeadline(t config.Timeouts) time.Duration { return 3 * t.Request }

// secure reports whether people reach the server over https.
func (d *dependencies) secure() bool {
	u, err := url.Parse(d.cfg.Issuer)
	return err == nil && u.Scheme == "https"
}

// cookies are __Host- prefixed wherever a browser takes that.
func (d *dependencies) cookies() web.Cookies {
	return web.Cookies{Insecure: !d.secure(), Path: d.cfg.IssuerPath(), Monitored: d.cfg.Sessions.CheckIframe}
}

// issuerURL is the issuer, parsed.
func (d *dependencies) issuerURL() (*url.URL, error) {
	u, err := url.Parse(d.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	return u, nil
}

// acrAliases are other names of classes, in the terms of package op.
func acrAliases(written []config.ACRAlias) []op.ACRAlias {
	aliases := make([]op.ACRAlias, len(written))
	for i, a := range written {
		aliases[i] = op.ACRAlias(a)
	}
	return aliases
}

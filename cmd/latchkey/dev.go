package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/demo"
	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/cmd/internal/inbox"
	"github.com/latchkey-id/latchkey/cmd/internal/outbox"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/spf13/cobra"
)

// devFlags are what `latchkey dev` is told.
type devFlags struct {
	listen, issuer, data, config, database, redis string
}

func devCommand() *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Try Latchkey: everything embedded, a demo person and a demo application",
		Long: "dev needs no configuration. It keeps an embedded database and generated secrets in its data folder,\n" +
			"and adds a demo application and an inbox, which `latchkey serve` never has.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "`address` to serve on")
	flags.StringVar(&f.issuer, "issuer", "", "issuer `URL` (default http:// and the address)")
	flags.StringVar(&f.data, "data", "data", "data `folder`")
	flags.StringVar(&f.config, "config", "", "configuration `file` to lay over the defaults")
	flags.StringVar(&f.database, "database", "", "`URL` of a database to use instead of the embedded one")
	flags.StringVar(&f.redis, "redis", "", "`URL` of a Redis to use instead of the embedded store")
	return cmd
}

func (f *devFlags) run(cmd *cobra.Command) error {
	data, err := devdata.Open(f.data)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(cmd.Context(), "tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	cfg, err := f.load(data, listener.Addr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	log, err := newLogger(cfg.Log, cmd.ErrOrStderr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	for _, w := range cfg.Warnings {
		log.Warn("configuration", "warning", w.String())
	}
	d := &devExtras{data: data, path: f.data, out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(), inbox: &inbox.Inbox{Now: time.Now}}
	return serve(cmd.Context(), cfg, log, listener, d)
}

// load lays the file, the environment and the flags over dev's defaults.
func (f *devFlags) load(data *devdata.Folder, address net.Addr) (*config.Config, error) {
	issuer := f.issuer
	if issuer == "" {
		issuer = "http://" + reachable(address)
	}
	overrides := map[string]any{"listen": address.String()}
	for key, value := range map[string]string{"issuer": f.issuer} {
		if value != "" {
			overrides[key] = value
		}
	}
	for key, value := range map[string]string{"database.url": f.database, "redis.url": f.redis} {
		if value != "" {
			overrides[key] = config.NewSecret(value)
		}
	}
	return config.Load(config.LoadOptions{File: f.config, Dev: true, Defaults: data.Defaults(issuer), Overrides: overrides})
}

// reachable is an address to browse to for one to listen on.
func reachable(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// devExtras are what only dev has.
type devExtras struct {
	data     *devdata.Folder
	path     string
	out, err io.Writer
	inbox    *inbox.Inbox
}

// The demo person.
const (
	demoEmail    = "demo@example.com"
	demoUsername = "demo"
)

// prepare makes the tables and the demo person.
func (d *devExtras) prepare(ctx context.Context, n *node) error {
	if err := migratePending(ctx, n.store); err != nil {
		return err
	}
	_, err := n.store.Users().ByIdentifier(ctx, demoUsername)
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	err = createUser(ctx, n.store, n.parts, demoPerson(), d.data.DemoPassword)
	if errors.Is(err, storage.ErrConflict) {
		return nil // another node was first
	}
	return err
}

// demoPerson has every claim that a relying party can ask for.
func demoPerson() *storage.User {
	return &storage.User{
		Email: demoEmail, EmailVerified: true, Username: demoUsername, Phone: "+49301234567", PhoneVerified: true,
		Profile: storage.Profile{
			Name: "Robin Demo", GivenName: "Robin", FamilyName: "Demo", MiddleName: "A.", Nickname: "Rob",
			Profile: "https://example.com/robin", Picture: "https://example.com/robin.png", Website: "https://robin.example.com",
			Gender: "other", Birthdate: "1990-04-01", Zoneinfo: "Europe/Berlin", Locale: "en",
			Address: &storage.Address{
				Formatted: "1 Key Lane\n10115 Berlin\nGermany", StreetAddress: "1 Key Lane", Locality: "Berlin",
				Region: "Berlin", PostalCode: "10115", Country: "Germany",
			},
		},
	}
}

// fallback is where messages of channels that are not set up end.
func (d *devExtras) fallback() outbox.Sender { return d.inbox }

// mount adds the home page, the demo application and the inbox.
func (d *devExtras) mount(mux *http.ServeMux, n *node) error {
	u, err := url.Parse(n.cfg.Issuer)
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	d.inbox.Deliver = n.outbox.Drain
	application, err := demo.New(demo.Config{
		Issuer: n.cfg.Issuer, ClientID: devdata.DemoClientID, ClientSecret: d.data.DemoSecret,
		Host: u.Host, Provider: n.listener.Addr().String(), Cookies: n.cookies(), Errors: n.errors,
		UI: n.ui, Username: demoUsername, PasswordFile: filepath.Join(d.path, "demo-password"), Inbox: d.inbox,
	})
	if err != nil {
		return err
	}
	application.Register(mux)
	return nil
}

// ready says where to click.
func (d *devExtras) ready(n *node) {
	fmt.Fprintf(d.err, "\n  Open      %s\n  Sign in   %s\n  Password  %s\n\n", n.cfg.Issuer, demoUsername, d.data.DemoPassword)
	fmt.Fprintf(d.out, "ready issuer=%s inbox=%s/dev/inbox\n", n.cfg.Issuer, n.cfg.Issuer)
}

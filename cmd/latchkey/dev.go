package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/latchkey-id/latchkey/account"
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
	// expose allows others than this machine in.
	expose bool
	// text says that a person reads the log.
	text bool
}

func devCommand() *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Try Latchkey out: everything embedded, with a demo person and a demo application",
		Long: "dev needs no configuration. It keeps an embedded database and generated secrets in its data folder,\n" +
			"and adds a demo application and an inbox, which `latchkey serve` never has.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "`address` to serve on")
	flags.StringVar(&f.issuer, "issuer", "", "issuer `URL` (default http:// and the address)")
	flags.StringVar(&f.data, "data", "data", "data `folder`")
	flags.StringVar(&f.config, "config", "", "configuration `file` that overrides the defaults")
	flags.StringVar(&f.database, "database", "", "`URL` of a database to use instead of the embedded one")
	flags.StringVar(&f.redis, "redis", "", "`URL` of a Redis to use instead of the embedded store")
	flags.BoolVar(&f.expose, "expose", false, "listen beyond this machine: anyone who can reach it can read the inbox and everything in it")
	return cmd
}

func (f *devFlags) run(cmd *cobra.Command) error {
	if !f.expose && !isLoopback(f.listen) {
		return usagef("--listen %s can be reached by others, who could read the inbox and every link and code in it; add --expose if they may", f.listen)
	}
	data, err := devdata.Open(f.data)
	if err != nil {
		return err
	}
	listener, err := listen(cmd.Context(), f.listen, "--listen")
	if err != nil {
		return err
	}
	f.text = isTerminal(cmd.ErrOrStderr())
	load := func() (*config.Config, error) { return f.load(data, listener.Addr()) }
	cfg, err := load()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := f.remember(data, cfg); err != nil {
		return errors.Join(err, listener.Close())
	}
	log, err := openLog(cfg.Log, cmd.ErrOrStderr())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer log.close()
	if f.expose && !isLoopback(f.listen) {
		log.Warn("this server can be reached from other machines: its inbox shows them every link and code", "listen", listener.Addr().String())
	}
	d := &dev{data: data, path: f.data, out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(), inbox: &inbox.Inbox{Now: time.Now}}
	return serve(cmd.Context(), serveOptions{cfg: cfg, load: load, log: log, stdout: cmd.OutOrStdout(), now: time.Now, listener: listener, dev: d.hooks()})
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
	defaults := data.Defaults(issuer)
	if f.text {
		defaults["log.format"] = "text"
	}
	return config.Load(config.LoadOptions{File: f.config, Dev: true, Defaults: defaults, Overrides: overrides})
}

// remember keeps how dev is started, for commands on its data folder.
func (f *devFlags) remember(data *devdata.Folder, cfg *config.Config) error {
	run := devdata.Run{Issuer: cfg.Issuer, Listen: cfg.Listen, Text: f.text}
	if f.config != "" {
		path, err := filepath.Abs(f.config)
		if err != nil {
			return fmt.Errorf("--config: %w", err)
		}
		run.Config = path
	}
	return data.Remember(run)
}

// isLoopback reports whether only this machine reaches an address to listen on.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false // nothing can listen there anyway
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
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

// devHooks are the places at which `latchkey dev` adds to a server. Where one
// is nil nothing is added, and serve has none of them (requirement CF3).
type devHooks struct {
	// prepare runs when the stores are open, before anything is read from them.
	prepare func(ctx context.Context, p *process) error
	// inbox takes the messages of channels that are not set up.
	inbox outbox.Sender
	// mount adds pages.
	mount func(mux *http.ServeMux, p *process, f *foundation) error
	// ready runs when the server is about to serve.
	ready func(issuer string)
}

// dev is what only dev has.
type dev struct {
	data     *devdata.Folder
	path     string
	out, err io.Writer
	inbox    *inbox.Inbox
}

func (d *dev) hooks() devHooks {
	return devHooks{prepare: d.prepare, inbox: d.inbox, mount: d.mount, ready: d.ready}
}

// The demo person.
const (
	demoEmail    = "demo@example.com"
	demoUsername = "demo"
)

// prepare makes the tables and the demo person.
func (d *dev) prepare(ctx context.Context, p *process) error {
	if err := migratePending(ctx, p.store); err != nil {
		return err
	}
	_, err := p.store.Users().ByIdentifier(ctx, demoUsername)
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	demo := demoPerson()
	demo.Password = d.data.DemoPassword
	accounts := p.boot.accounts(p.store)
	made, err := accounts.Create(ctx, account.System("dev"), demo)
	if errors.Is(err, account.ErrTaken) {
		return nil // another node was first
	}
	if err != nil {
		return err
	}
	_, err = accounts.SetRoles(ctx, account.Operator("dev"), made.ID, p.boot.cfg.Admin.Roles.Owner)
	return err
}

// demoPerson has every claim that a relying party can ask for.
func demoPerson() account.NewAccount {
	return account.NewAccount{
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

// mount adds the home page, the demo application and the inbox.
func (d *dev) mount(mux *http.ServeMux, p *process, f *foundation) error {
	issuer, err := f.issuerURL()
	if err != nil {
		return err
	}
	d.inbox.Deliver = p.outbox.Drain
	application, err := demo.New(demo.Config{
		Issuer: f.cfg.Issuer, ClientID: devdata.DemoClientID, ClientSecret: d.data.DemoSecret,
		Host: issuer.Host, Provider: p.listener.Addr().String(), Cookies: f.cookies(), Errors: f.errors,
		UI: f.ui, Console: f.cfg.Admin.Console, Username: demoUsername, PasswordFile: filepath.Join(d.path, "demo-password"), Inbox: d.inbox,
	})
	if err != nil {
		return err
	}
	application.Register(mux)
	return nil
}

// ready says where to click.
func (d *dev) ready(issuer string) {
	fmt.Fprintf(d.err, "\n  Open      %s\n  Sign in   %s\n  Password  %s\n\n", issuer, demoUsername, d.data.DemoPassword)
	fmt.Fprintf(d.out, "ready issuer=%s inbox=%s/dev/inbox\n", issuer, issuer)
}

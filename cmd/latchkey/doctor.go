package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/cmd/internal/smtp"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/spf13/cobra"
)

// doctorWait bounds each thing that doctor looks at.
const doctorWait = 5 * time.Second

// diagnosis is what one check found.
type diagnosis struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	// Problem says what is wrong, and Fix what to do about it.
	Problem string `json:"problem,omitempty"`
	Fix     string `json:"fix,omitempty"`
}

// ailment is what a check answers where something is wrong.
type ailment struct{ problem, fix string }

// Error implements error.
func (a *ailment) Error() string { return a.problem }

func ails(fix, format string, args ...any) error {
	return &ailment{problem: fmt.Sprintf(format, args...), fix: fix}
}

// doctorCheck is one thing that operators get wrong.
type doctorCheck struct {
	name string
	look func(ctx context.Context, store *sqlstore.Store, d *dependencies) error
	// wait bounds it, where that is not doctorWait.
	wait time.Duration
}

var doctorChecks = []doctorCheck{
	{name: "configuration", look: doctorConfiguration},
	{name: "database", look: doctorDatabase},
	{name: "database server", look: doctorServer},
	{name: "migrations", look: doctorMigrations},
	{name: "names", look: doctorNames, wait: namesWait},
	{name: "clock", look: doctorClock},
	{name: "redis", look: doctorRedis},
	{name: "signing keys", look: doctorKeys},
	{name: "messages", look: doctorOutbox},
	{name: "mail server", look: doctorMail},
	{name: "sender", look: doctorSender},
	{name: "issuer", look: doctorIssuer},
	{name: "forwarded headers", look: doctorForwarded},
	{name: "client addresses", look: doctorAddresses},
	{name: "redirect URIs", look: doctorRedirects},
	{name: "passkeys", look: doctorPasskeys},
	{name: "nodes", look: doctorNodes},
}

func doctorCommand() *cobra.Command {
	var from storeFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is commonly wrong with an installation, and say how to mend it",
		Long: "doctor looks at the configuration, the stores, the clock, keys and messages, at the provider as others see it, and at where\n" +
			"people are sent back to. It asks DNS for the domain of the sender, and opens a connection to the servers of redirect URIs. It\n" +
			"writes nothing but a mark in the database, to see that it can, and ends with 1 where something is wrong.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return from.withStore(cmd, func(store *sqlstore.Store, d *dependencies) error {
				found := examine(cmd.Context(), store, d)
				if err := tellDiagnoses(cmd.OutOrStdout(), found, asJSON); err != nil {
					return err
				}
				wrong := 0
				for _, f := range found {
					if !f.OK {
						wrong++
					}
				}
				if wrong > 0 {
					return errors.New(counted(wrong, "thing is wrong", "things are wrong"))
				}
				return nil
			})
		},
	}
	from.register(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print what was found as JSON")
	cmd.AddCommand(doctorMCPCommand())
	return cmd
}

// examine runs the checks, one after the other.
func examine(ctx context.Context, store *sqlstore.Store, d *dependencies) []diagnosis {
	found := make([]diagnosis, 0, len(doctorChecks))
	for _, check := range doctorChecks {
		looking, cancel := context.WithTimeout(ctx, cmp.Or(check.wait, doctorWait))
		err := check.look(looking, store, d)
		cancel()
		one := diagnosis{Check: check.name, OK: err == nil}
		if known := (*ailment)(nil); errors.As(err, &known) {
			one.Problem, one.Fix = known.problem, known.fix
		} else if err != nil {
			one.Problem = err.Error()
		}
		found = append(found, one)
	}
	return found
}

func tellDiagnoses(w io.Writer, found []diagnosis, asJSON bool) error {
	if asJSON {
		return writeJSON(w, found)
	}
	for _, f := range found {
		if f.OK {
			if err := tell(w, "ok     ", "%s", f.Check); err != nil {
				return err
			}
			continue
		}
		if err := tell(w, "wrong  ", "%s: %s", f.Check, f.Problem); err != nil {
			return err
		}
		if f.Fix != "" {
			if err := tell(w, "       ", "%s", f.Fix); err != nil {
				return err
			}
		}
	}
	return nil
}

func doctorConfiguration(_ context.Context, _ *sqlstore.Store, d *dependencies) error {
	if n := len(d.cfg.Warnings); n > 0 {
		return ails("`latchkey config validate` lists all warnings", "%s", d.cfg.Warnings[0])
	}
	return nil
}

func doctorDatabase(ctx context.Context, store *sqlstore.Store, _ *dependencies) error {
	if err := requireMigrated(ctx, store); err != nil {
		return nil // there is nothing to write to yet: that is the next check's
	}
	if _, err := store.CheckWritable(ctx); err != nil {
		return ails("give the role of database.url INSERT, UPDATE and DELETE on all tables, and let the URL lead to the primary", "it cannot be written: %v", err)
	}
	return nil
}

func doctorMigrations(ctx context.Context, store *sqlstore.Store, _ *dependencies) error {
	return requireMigrated(ctx, store)
}

func doctorClock(ctx context.Context, store *sqlstore.Store, d *dependencies) error {
	if requireMigrated(ctx, store) != nil {
		return nil
	}
	before := d.now()
	theirs, err := store.CheckWritable(ctx)
	if err != nil {
		return nil // said of the database
	}
	if err := judgeClock(clockOffset(before, d.now(), theirs), d.cfg.Database.MaxClockOffset); err != nil {
		return ails("let both machines keep their clocks by NTP (chrony, systemd-timesyncd)", "%v", err)
	}
	return nil
}

func doctorRedis(ctx context.Context, store *sqlstore.Store, d *dependencies) (err error) {
	short, err := openEphemeral(d.cfg, store, nil)
	if err != nil || short.policy == nil {
		return err
	}
	defer func() { err = errors.Join(err, short.close()) }()
	policy, err := short.policy(ctx)
	switch {
	case err != nil:
		return ails("look at redis.url and at the server; without Redis nobody can sign in, and tokens refresh", "it does not answer: %v", err)
	case policy != "" && policy != noEviction:
		return ails("CONFIG SET maxmemory-policy noeviction, and the same in redis.conf",
			"maxmemory-policy is %s: entries, and limits on guessing with them, are forgotten early", policy)
	}
	outlives, known, err := short.outlives(ctx)
	if err == nil && known && !outlives {
		return ails("CONFIG SET appendonly yes, and the same in redis.conf",
			"it writes nothing to a disk: a restart of it forgets sign-ins under way, codes, and limits on guessing")
	}
	return err
}

func doctorKeys(ctx context.Context, store *sqlstore.Store, d *dependencies) error {
	if requireMigrated(ctx, store) != nil {
		return nil
	}
	keys, err := store.SigningKeys().List(ctx)
	if err != nil || len(keys) == 0 {
		return err // the first node makes them
	}
	for _, alg := range d.cfg.SigningKeys.Algs {
		signs := false
		for _, k := range keys {
			signs = signs || k.Alg == alg && !k.SignsFrom.After(d.now()) && (k.SignsUntil.IsZero() || k.SignsUntil.After(d.now()))
		}
		if !signs {
			return ails("start a node, which makes one, or look at its log", "no key signs %s now", alg)
		}
		if old := overdueKey(keys, alg, d); old != "" {
			return ails("look at the logs of the nodes, which rotate keys by themselves, or `latchkey keys rotate`",
				"%s signs %s for longer than signing_keys.sign_for, and has no successor", old, alg)
		}
	}
	return nil
}

// overdueKey is a key whose successor should have signed long ago; empty is none.
func overdueKey(keys []storage.SigningKey, alg string, d *dependencies) string {
	for _, k := range keys {
		if k.Alg == alg && k.SignsUntil.IsZero() && k.SignsFrom.Add(d.cfg.SigningKeys.SignFor+d.cfg.SigningKeys.PublishAhead).Before(d.now()) {
			return k.ID
		}
	}
	return ""
}

func doctorOutbox(ctx context.Context, store *sqlstore.Store, d *dependencies) error {
	if requireMigrated(ctx, store) != nil {
		return nil
	}
	backlog, err := store.Outbox().Backlog(ctx, d.now())
	if err == nil {
		err = judgeBacklog(backlog, d.now(), d.cfg.Outbox.MaxAge)
	}
	if err != nil {
		return ails("`latchkey outbox list --status failed` says why, and `latchkey mail test` which step fails", "%v", err)
	}
	return nil
}

func doctorMail(ctx context.Context, _ *sqlstore.Store, d *dependencies) error {
	if d.cfg.Mail.SMTPURL.IsZero() {
		return ails("set mail.smtp_url; until then a forgotten password takes `latchkey user reset-password --print-link`", "no mail is set up")
	}
	u, err := url.Parse(d.cfg.Mail.SMTPURL.Reveal())
	if err != nil {
		return errors.New("mail.smtp_url is no URL") // the error would quote it
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"smtps": "465"}[u.Scheme]
	}
	if port == "" {
		port = "587"
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return ails("look at the host and port of mail.smtp_url, and at what is between; `latchkey mail test` goes on from there", "its server cannot be reached: %v", err)
	}
	if err := conn.Close(); err != nil {
		return err
	}
	return d.greetMailServer(ctx)
}

// greetMailServer goes as far as a message would, and sends none.
func (d *dependencies) greetMailServer(ctx context.Context) error {
	senders, err := d.senders()
	if err != nil {
		return err
	}
	sender, ok := senders[storage.ChannelEmail].(*smtp.Sender)
	if !ok {
		return nil
	}
	if err := sender.Check(ctx); err != nil {
		return ails("look at the scheme (smtp is STARTTLS, smtps is TLS from the beginning), the user and the password of mail.smtp_url",
			"its server takes no message: %s", delivery.Detail(err))
	}
	return nil
}

// doctorPasskeys looks whether the issuer can be what passkeys are bound to (the RP ID
// of WebAuthn): a domain name over https, or localhost.
func doctorPasskeys(_ context.Context, _ *sqlstore.Store, d *dependencies) error {
	u, err := d.issuerURL()
	if err != nil {
		return err
	}
	if net.ParseIP(u.Hostname()) != nil {
		return ails("let issuer be a domain name", "the issuer is an address: browsers bind passkeys to domain names, and make none here")
	}
	if u.Scheme != "https" && u.Hostname() != "localhost" {
		return ails("let issuer begin with https", "the issuer is not https: browsers make no passkeys here")
	}
	return nil
}

func doctorNodes(ctx context.Context, store *sqlstore.Store, d *dependencies) error {
	if requireMigrated(ctx, store) != nil {
		return nil
	}
	nodes, err := running(ctx, store, d.now())
	if err != nil {
		return err
	}
	digest := d.cfg.Digest()
	for _, n := range nodes {
		switch {
		case n.Fault != "":
			return ails("mend the file that it names; the node takes it by itself", "the last reload of %s changed nothing: %s", n.ID, n.Fault)
		case n.Digest != digest && len(n.Waiting) == 0:
			return ails("give all nodes the same files, then `latchkey config apply`", "%s runs with another configuration than this one", n.ID)
		case n.Digest != digest:
			return ails("restart it", "%s needs a restart: %s", n.ID, n.Waiting[0])
		}
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// of returns what doctor found with a check.
func of(t *testing.T, found []diagnosis, check string) diagnosis {
	t.Helper()
	for _, f := range found {
		if f.Check == check {
			return f
		}
	}
	t.Fatalf("doctor has no check %q", check)
	return diagnosis{}
}

// Each fault that doctor names, made for real; and nothing where nothing is wrong.
func TestDoctorNamesWhatIsWrong(t *testing.T) {
	now := time.Now()
	n := newIdleServer(t, &now)
	served := httptest.NewServer(n)
	t.Cleanup(served.Close)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/elsewhere") {
			fmt.Fprint(w, `{"issuer":"https://other.example"}`)
			return
		}
		fmt.Fprint(w, "<html>It works!</html>")
	}))
	t.Cleanup(other.Close)
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(untrusted.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	redis := testenv.StartRedis(t)
	redis.Ask("CONFIG SET maxmemory-policy allkeys-lru")
	mail := testenv.StartMail(t, true, "u", "p")
	away := testenv.StartRedis(t)
	away.Stop()

	look := func(change func(*config.Config), ask func(context.Context, *dependencies) []diagnosis) []diagnosis {
		cfg := *n.boot.cfg
		change(&cfg)
		d := n.boot.with(&cfg)
		return ask(t.Context(), &d)
	}
	here := func(ctx context.Context, d *dependencies) []diagnosis { return examine(ctx, n.store, d) }
	for name, c := range map[string]struct {
		change            func(*config.Config)
		check, want, mend string
	}{
		"a Redis that evicts":  {func(c *config.Config) { c.Redis.URL = config.NewSecret(redis.URL) }, "redis", "maxmemory-policy is allkeys-lru", "noeviction"},
		"a Redis that is away": {func(c *config.Config) { c.Redis.URL = config.NewSecret(away.URL) }, "redis", "does not answer", "redis.url"},
		"no mail":              {func(*config.Config) {}, "mail server", "no mail is set up", "--print-link"},
		"a mail server that is away": {func(c *config.Config) {
			c.Mail.SMTPURL = config.NewSecret("smtp://u:canary@" + gone.Listener.Addr().String())
		}, "mail server", "cannot be reached", "mail test"},
		"a mail server whose certificate nobody knows": {func(c *config.Config) {
			c.Mail.SMTPURL = config.NewSecret("smtps://u:canary@" + mail.Address)
			c.Mail.From, c.Mail.Timeout = "Latchkey <id@example.com>", time.Minute
		}, "mail server", "takes no message: tls", "STARTTLS"},
		"an address as the issuer":    {func(c *config.Config) { c.Issuer = "https://192.0.2.1" }, "passkeys", "the issuer is an address", "domain name"},
		"an issuer that is not https": {func(c *config.Config) { c.Issuer = "http://id.example.com" }, "passkeys", "is not https", "https"},
		"a key that nobody rotates":   {func(c *config.Config) { c.SigningKeys.SignFor, c.SigningKeys.PublishAhead = -time.Hour, 0 }, "signing keys", "for longer than signing_keys.sign_for", "rotate"},
		"nobody at the issuer":        {func(c *config.Config) { c.Issuer = gone.URL }, "issuer", "does not answer", "firewall"},
		"another program there":       {func(c *config.Config) { c.Issuer = other.URL }, "issuer", "not with a discovery document", "proxy"},
		"another issuer there":        {func(c *config.Config) { c.Issuer = other.URL + "/elsewhere" }, "issuer", "calls itself https://other.example", "issuer"},
		"a certificate of nobody's":   {func(c *config.Config) { c.Issuer = untrusted.URL }, "issuer", "would not take its certificate", "chain"},
		"a Host that is changed":      {func(c *config.Config) { c.Issuer = served.URL }, "issuer", "changes the Host header", "Host"},
		"a warning of the file":       {func(c *config.Config) { c.Warnings = []config.Problem{{Where: "tls", Message: "beware"}} }, "configuration", "beware", "config validate"},
		"nodes with another file":     {func(c *config.Config) { c.Audit.Retention++ }, "nodes", "runs with another configuration", "config apply"},
		"an algorithm without a key":  {func(c *config.Config) { c.SigningKeys.Algs = []string{"PS256"} }, "signing keys", "no key signs PS256", "node"},
	} {
		if name == "nodes with another file" {
			n.report(t.Context())
		}
		if name == "an algorithm without a key" || name == "a key that nobody rotates" {
			if err := n.ring.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		got := of(t, look(c.change, here), c.check)
		if got.OK || !strings.Contains(got.Problem, c.want) || !strings.Contains(got.Fix, c.mend) || strings.Contains(got.Problem, "canary") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	sound := look(func(*config.Config) {}, here)
	for _, check := range []string{"configuration", "database", "migrations", "clock", "redis", "signing keys", "messages", "passkeys", "nodes"} {
		if got := of(t, sound, check); !got.OK {
			t.Errorf("%s is said to be wrong: %+v", check, got)
		}
	}
}

// The command, on a server that runs and on a database without its tables.
func TestDoctorOnARunningServer(t *testing.T) {
	s := serveWith(t, "timeouts: {drain: 0s}\n")
	for deadline := time.Now().Add(20 * time.Second); ; {
		if status, _, _ := latchkeyRun(t, "config", "status", "--config", s.file); status == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the node never reported")
		}
	}
	status, out, errs := latchkeyRun(t, "doctor", "--config", s.file)
	if status != 1 || !strings.Contains(out, "ok     issuer\n") || !strings.Contains(out, "ok     nodes\n") || !strings.Contains(out, "wrong  mail server: no mail is set up\n") || !strings.Contains(out, "wrong  passkeys: the issuer is an address") ||
		!strings.Contains(errs, "2 problems found") {
		t.Errorf("doctor = %d\n%s%s", status, out, errs)
	}
	t.Setenv("LATCHKEY_DATABASE_URL", "sqlite://"+t.TempDir()+"/empty.db")
	if status, out, _ := latchkeyRun(t, "doctor", "--config", s.file); status != 1 || !strings.Contains(out, "wrong  migrations: the database is missing") || !strings.Contains(out, "migrate up") {
		t.Errorf("doctor of an empty database = %d\n%s", status, out)
	}
}

// A key that every user of the machine can read.
func TestCF1_DoctorNamesSecretsThatOthersRead(t *testing.T) {
	file := serveConfig(t, "sqlite://"+t.TempDir()+"/latchkey.db")
	secret := t.TempDir() + "/sealing-key"
	if err := os.WriteFile(secret, []byte(keyC), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(secret, 0o644); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "env:KEY_A", "file:"+secret, 1)
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	_, out, _ := latchkeyRun(t, "doctor", "--config", file)
	if !strings.Contains(out, "wrong  configuration: ") || !strings.Contains(out, "chmod 600 "+secret) {
		t.Errorf("doctor says\n%s", out)
	}
}

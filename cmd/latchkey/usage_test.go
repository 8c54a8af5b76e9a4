package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/storage"
)

// latchkeyRun runs a command in this process.
func latchkeyRun(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return latchkeyFed(t, "", args...)
}

// latchkeyFed is latchkeyRun with something on standard input.
func latchkeyFed(t *testing.T, stdin string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

// A script that mistypes must not believe that something was done.
func TestExitStatusTellsUsageFromRefusal(t *testing.T) {
	t.Setenv(configVariable, "")
	for line, want := range map[string]struct {
		status int
		says   string
	}{
		"frobnicate":                             {exitUsage, "unknown command"},
		"user delet bob":                         {exitUsage, "unknown command"},
		"keys lst":                               {exitUsage, "did you mean `latchkey keys list`?"},
		"audit prune":                            {exitUsage, "`latchkey audit` has"},
		"migrate down":                           {exitUsage, "`latchkey migrate` has"},
		"serve --no-such-flag":                   {exitUsage, "no-such-flag"},
		"serve extra":                            {exitUsage, "extra"},
		"serve":                                  {exitUsage, "LATCHKEY_CONFIG"},
		"config validate --config /nowhere.yaml": {exitRefused, "/nowhere.yaml"},
		"user list --data /nowhere":              {exitRefused, "no data folder"},
		"user":                                   {0, ""},
		"version":                                {0, ""},
		"--version":                              {0, ""},
	} {
		status, out, errs := latchkeyRun(t, strings.Fields(line)...)
		if status != want.status || !strings.Contains(errs, want.says) {
			t.Errorf("latchkey %s = %d %s, want %d %q", line, status, errs, want.status, want.says)
		}
		if status == 0 && out == "" {
			t.Errorf("latchkey %s prints nothing", line)
		}
	}
}

func TestExitStatusOfAStoreThatDoesNotAnswer(t *testing.T) {
	if got := exitStatus(fmt.Errorf("reach postgres: %w: refused", storage.ErrUnavailable)); got != exitUnreachable {
		t.Errorf("status %d, want %d", got, exitUnreachable)
	}
}

func TestVersionIsThatOfTheBuild(t *testing.T) {
	_, word, _ := latchkeyRun(t, "version")
	_, flag, _ := latchkeyRun(t, "--version")
	if !strings.HasPrefix(word, "latchkey "+version+" go") || flag != word {
		t.Errorf("version prints %q, --version %q", word, flag)
	}
}

// dev shows its inbox to whoever reaches it.
func TestCF3_DevStaysOnThisMachineUnlessToldOtherwise(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "example.com:0"} {
		data := filepath.Join(t.TempDir(), "data")
		status, _, errs := latchkeyRun(t, "dev", "--listen", address, "--data", data)
		if status != exitUsage || !strings.Contains(errs, "--expose") {
			t.Errorf("dev --listen %s = %d %s", address, status, errs)
		}
	}
	for address, want := range map[string]bool{
		"127.0.0.1:8080": true, "localhost:80": true, "[::1]:0": true, "127.8.9.1:1": true, "nonsense": false,
	} {
		if isLoopback(address) != want {
			t.Errorf("isLoopback(%q) is not %v", address, want)
		}
	}
}

func TestAPortInUseIsSaid(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	status, _, errs := latchkeyRun(t, "dev", "--listen", l.Addr().String(), "--data", filepath.Join(t.TempDir(), "data"))
	if status != exitRefused || !strings.Contains(errs, "another program already listens on "+l.Addr().String()) {
		t.Errorf("%d %s", status, errs)
	}
}

// Commands on a data folder speak of the server that dev last was: its links work.
func TestCommandsKnowTheIssuerOfDev(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	dev := start(t, "dev", "--listen", "127.0.0.1:0", "--data", data)
	dev.stop()
	flags := storeFlags{data: data}
	cfg, err := flags.load()
	if err != nil || cfg.Issuer != dev.issuer {
		t.Errorf("the issuer is %q, %v, want %q", cfg.Issuer, err, dev.issuer)
	}
}

// A database that starts beside us is waited for, one that is wrong is not.
func TestStartWaitsForItsStores(t *testing.T) {
	log, err := openLog(config.Log{Level: "info", Format: "json"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	defer log.close()
	gone := fmt.Errorf("reach postgres: %w", storage.ErrUnavailable)
	for name, c := range map[string]struct {
		answers  []error
		patience time.Duration
		tries    int
		ok       bool
	}{
		"at once":            {[]error{nil}, 0, 1, true},
		"the third time":     {[]error{gone, gone, nil}, time.Minute, 3, true},
		"never":              {[]error{gone}, 0, 1, false},
		"wrong for good":     {[]error{errors.New("database url: unknown"), nil}, time.Minute, 1, false},
		"wrong after a wait": {[]error{gone, errors.New("not UTF-8"), nil}, time.Minute, 2, false},
	} {
		tries := 0
		err := untilReachable(t.Context(), log.Logger, c.patience, func(context.Context) error {
			tries++
			return c.answers[tries-1]
		})
		if tries != c.tries || (err == nil) != c.ok {
			t.Errorf("%s: %d tries, %v", name, tries, err)
		}
	}
}

// A server whose stores cannot be opened says so, having opened others or not.
func TestAServerThatCannotBeOpenedSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*config.Config)
		want   string
	}{
		"a database that is away": {func(c *config.Config) {
			c.Database.URL = config.NewSecret("postgres://127.0.0.1:1/nowhere?connect_timeout=1&sslmode=disable")
			c.Timeouts.Start = 0
		}, "timeouts.start has passed"},
		"a short-lived store that is none": {func(c *config.Config) { c.Redis.URL = config.NewSecret("nonsense://") }, "redis url"},
		"keys that would be met too late":  {func(c *config.Config) { c.SigningKeys.PublishAhead = c.SigningKeys.Poll }, "publish_ahead"},
	} {
		data, err := devdata.Open(filepath.Join(t.TempDir(), "data"))
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(config.LoadOptions{Dev: true, Defaults: data.Defaults("http://localhost")})
		if err != nil {
			t.Fatal(err)
		}
		c.change(cfg)
		log, err := openLog(cfg.Log, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(log.close)
		_, err = openProcess(t.Context(), serveOptions{cfg: cfg, log: log, now: time.Now})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// The shortest time that a configuration may say is one that a ring takes.
func TestTheShortestPublicationIsTaken(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	server := newIdleServer(t, &now)
	cfg := *server.boot.cfg
	cfg.SigningKeys.PublishAhead = 2 * cfg.SigningKeys.Poll
	server.boot.cfg = &cfg
	if _, err := server.boot.newRing(server.store); err != nil {
		t.Error(err)
	}
}

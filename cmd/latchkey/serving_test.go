package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// served is `latchkey serve` in this process, with probes on a second listener.
type served struct {
	server
	probes string
	file   string
	stop   context.CancelFunc
	ended  chan int
	log    *lockedBuffer
}

// serveWith starts a server on a fresh SQLite database, with more of a configuration.
func serveWith(t *testing.T, more string) *served {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("KEY_A", keyA)
	t.Setenv("KEY_B", keyB)
	port, probes := testenv.FreePort(t), testenv.FreePort(t)
	s := &served{
		server: server{t: t, issuer: fmt.Sprintf("http://127.0.0.1:%d", port)}, probes: fmt.Sprintf("http://127.0.0.1:%d", probes),
		file: filepath.Join(dir, "latchkey.yaml"), ended: make(chan int, 1), log: &lockedBuffer{},
	}
	text := fmt.Sprintf(`
issuer: http://127.0.0.1:%d
insecure_http: true
listen: 127.0.0.1:%d
metrics: {listen: "127.0.0.1:%d"}
database: {url: "sqlite://%s/latchkey.db"}
signing_keys: {algs: [ES256, RS256]}
secrets:
  sealing_keys: [{id: k1, key: env:KEY_A}]
  hash_keys: [{id: p1, key: env:KEY_B}]
%s`, port, port, probes, dir, more)
	if err := os.WriteFile(s.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := latchkeyRun(t, "migrate", "up", "--config", s.file); status != 0 {
		t.Fatalf("migrate: %s", errs)
	}
	ctx, stop := context.WithCancel(t.Context())
	s.stop = stop
	go func() { s.ended <- run(ctx, []string{"serve", "--config", s.file}, nil, s.log, s.log) }()
	waitUntilReady(t, s.issuer)
	t.Cleanup(func() {
		stop()
		if code := <-s.ended; code != 0 {
			t.Errorf("serve ended with %d\n%s", code, s.log.String())
		}
		s.ended <- 0
	})
	return s
}

func TestProbesAnswerOnBothListeners(t *testing.T) {
	s := serveWith(t, "timeouts: {drain: 0s}\n")
	for _, base := range []string{s.issuer, s.probes} {
		for _, path := range []string{livePath, readyPath} {
			if status, body := get(t, base+path); status != http.StatusOK || !strings.Contains(body, `"ok"`) {
				t.Errorf("GET %s%s = %d %s", base, path, status, body)
			}
		}
	}
	if status, body := get(t, s.probes+"/metrics"); status != http.StatusOK || !strings.Contains(body, `latchkey_check_ok{check="database"} 1`) {
		t.Errorf("metrics = %d, without the checks", status)
	}
}

// The image's health check finds the server by its configuration, and asks
// whether it lives.
func TestHealthcheckReadsTheConfiguration(t *testing.T) {
	s := serveWith(t, "timeouts: {drain: 0s}\n")
	if status, out, errs := latchkeyRun(t, "healthcheck", "--config", s.file); status != 0 || !strings.Contains(out, `"ok"`) {
		t.Errorf("healthcheck = %d %s%s", status, out, errs)
	}
	t.Setenv(configVariable, s.file)
	if status, out, errs := latchkeyRun(t, "healthcheck", "--ready"); status != 0 || !strings.Contains(out, "database") {
		t.Errorf("healthcheck --ready by %s = %d %s%s", configVariable, status, out, errs)
	}
}

func TestWellKnownAddresses(t *testing.T) {
	s := serveWith(t, "timeouts: {drain: 0s}\nbranding: {support_uri: \"mailto:help@example.com\"}\n")
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]struct {
		status       int
		leads, holds string
	}{
		"/":                             {http.StatusSeeOther, "/account", ""},
		"/.well-known/change-password":  {http.StatusSeeOther, "/account/password", ""},
		"/robots.txt":                   {http.StatusOK, "", "Disallow: /"},
		"/favicon.ico":                  {http.StatusOK, "", "<svg"},
		"/.well-known/security.txt":     {http.StatusOK, "", "Contact: mailto:help@example.com\nExpires: "},
		"/.well-known/no-such-document": {http.StatusNotFound, "", ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.issuer+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		if _, err := body.ReadFrom(response.Body); err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want.status || response.Header.Get("Location") != want.leads || !strings.Contains(body.String(), want.holds) {
			t.Errorf("GET %s = %d to %q: %.200s", path, response.StatusCode, response.Header.Get("Location"), body.String())
		}
	}
}

// Told to stop, a server says that it is not ready, still answers on a
// connection that a balancer keeps, closes it, and then ends.
func TestStoppingDrains(t *testing.T) {
	s := serveWith(t, "timeouts: {drain: 4s}\n")
	client := &http.Client{Transport: &http.Transport{}} // whose connections are kept
	type answer struct {
		status int
		close  bool
	}
	ask := func(url string) answer {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatalf("GET %s while draining: %v", url, err)
		}
		defer response.Body.Close()
		return answer{response.StatusCode, response.Close}
	}
	if ask(s.issuer + "/jwks").close {
		t.Fatal("connections are closed before there is a reason")
	}
	s.stop()
	deadline := time.Now().Add(testenv.Patience)
	for ask(s.issuer+readyPath).status != http.StatusServiceUnavailable {
		if time.Now().After(deadline) {
			t.Fatal("ready although it stops")
		}
	}
	if got := ask(s.issuer + "/jwks"); got.status != http.StatusOK || !got.close {
		t.Errorf("while draining: %d, the connection is closed: %v", got.status, got.close)
	}
	status, body := get(t, s.probes+readyPath)
	var report struct{ Checks map[string]struct{ OK bool } }
	if err := json.Unmarshal([]byte(body), &report); err != nil {
		t.Fatal(err)
	}
	if _, named := report.Checks["draining"]; status != http.StatusServiceUnavailable || !named {
		t.Errorf("inside: %d %s", status, body)
	}
	if ask(s.issuer+livePath).status != http.StatusOK {
		t.Error("a draining server does not live")
	}
	if code := <-s.ended; code != 0 {
		t.Errorf("ended with %d", code)
	}
	s.ended <- 0
}

// SIGHUP reloads the file of a running server; a faulty one changes nothing.
func TestAC2_HangupReloads(t *testing.T) {
	s := serveWith(t, "timeouts: {drain: 0s}\n")
	text, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	reload := func(more, logged string) {
		t.Helper()
		if err := os.WriteFile(s.file, append(text, more...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(testenv.Patience); !strings.Contains(s.log.String(), logged); {
			if time.Now().After(deadline) {
				t.Fatalf("never logged %q:\n%s", logged, s.log.String())
			}
		}
	}
	reload("no_such_key: 1\n", "no_such_key")
	reload("audit: {retention: 100d}\n", "audit.retention")
	if status, _ := s.get("/jwks"); status != http.StatusOK {
		t.Errorf("after the reload: %d", status)
	}
}

// A log whose reader stalls, and then goes, holds no request up and ends nothing.
func TestAStalledLogIsNobodysProblem(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	s := &server{t: t}
	s.cmd = exec.CommandContext(t.Context(), latchkey(t), "dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(t.TempDir(), "data"))
	s.cmd.Env = append(os.Environ(), "LATCHKEY_LOG_LEVEL=debug")
	s.cmd.Stderr = writer // nobody reads it
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	found := readyLine.FindStringSubmatch(line)
	if found == nil {
		t.Fatalf("no ready line but %q, %v", line, err)
	}
	s.issuer = found[1]
	ask := func(what string) {
		t.Helper()
		for range 1000 { // several lines of more than a pipe holds
			if status, body := s.get("/jwks"); status != http.StatusOK {
				t.Fatalf("%s: %d %s", what, status, body)
			}
		}
	}
	ask("while the log's reader stalls")
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	ask("when the log's reader has gone")
	s.stop()
}

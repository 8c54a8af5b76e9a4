package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"latchkey": main})
}

// Keys as `openssl rand -base64 32` makes them: others are refused.
const (
	keyA = "ApudstzGVBcbgxD6gOPML6t1y6HusxmfBqcXmjA+E/o="
	keyB = "MXbDvxRTjc38q7VR4iTk3y8zJvRCq7OPQN6Q2COj3eM="
	keyC = "pM5REoiGiuScDu1pvrQbqZaPKXNwN3OXFrzcIxGBI1Y="
)

// TestScripts runs the commands as people type them.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KEY_A", keyA)
			e.Setenv("KEY_B", keyB)
			e.Setenv("KEY_C", keyC)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"mode": mode, "datafolder": dataFolder, "rows": rows},
	})
}

// mode checks the permissions of a file: mode 0600 FILE.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%#o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

// dataFolder makes what `latchkey dev` makes before it serves: datafolder DIR.
func dataFolder(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: datafolder DIR")
	}
	_, err := devdata.Open(ts.MkAbs(args[0]))
	ts.Check(err)
}

// rows writes down every row of every table of a SQLite database: rows DATABASE FILE. Two
// files are the same where nothing was written in between.
func rows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: rows DATABASE FILE")
	}
	tables, err := rowsOf(ts.MkAbs(args[0]))
	ts.Check(err)
	var text strings.Builder
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		fmt.Fprintln(&text, table)
		for _, row := range tables[table] {
			fmt.Fprintln(&text, " ", row)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text.String()), 0o600))
}

// rowsOf returns the rows of each table of a SQLite database and of what is short-lived
// beside it.
func rowsOf(file string) (map[string][]string, error) {
	tables := map[string][]string{}
	for _, file := range []string{file, file + "-ephemeral"} {
		db, err := sql.Open("sqlite", "file:"+file+"?mode=ro")
		if err != nil {
			return nil, err
		}
		names, err := selected(db, `SELECT name FROM sqlite_master WHERE type = 'table'`)
		for _, name := range names {
			if err == nil {
				tables[name], err = selected(db, `SELECT * FROM "`+name+`"`)
			}
		}
		if err := errors.Join(err, db.Close()); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"users", "grants", "ephemeral"} {
		if _, there := tables[name]; !there {
			return nil, fmt.Errorf("%s is no database of ours: it has no %s", file, name)
		}
	}
	return tables, nil
}

// selected returns each row of an answer as text.
func selected(db *sql.DB, query string) (all []string, err error) {
	found, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Err(), found.Close()) }()
	columns, err := found.Columns()
	if err != nil {
		return nil, err
	}
	for found.Next() {
		values, text := make([]sql.RawBytes, len(columns)), make([]string, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		for i := range values {
			text[i] = string(values[i])
		}
		all = append(all, strings.Join(text, " | "))
	}
	return all, nil
}

// server is a latchkey process.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	issuer string
	stderr bytes.Buffer
}

var readyLine = regexp.MustCompile(`^ready issuer=(\S+) inbox=(\S+)\n$`)

// start runs this test binary as latchkey and waits for its ready line.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{t: t}
	s.cmd = exec.CommandContext(t.Context(), latchkey(t), args...)
	s.cmd.Stderr = &s.stderr
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	n, err := stdout.Read(line)
	found := readyLine.FindSubmatch(line[:n])
	if found == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		t.Fatalf("no ready line but %q (%v)\n%s", line[:n], err, s.stderr.String())
	}
	s.issuer = string(found[1])
	return s
}

// latchkey returns a path under which this test binary is latchkey: testscript
// goes by the name that it is called by.
func latchkey(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "latchkey")
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// stop asks the process to end and waits until it did, cleanly.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("latchkey ended with %v\n%s", err, s.stderr.String())
	}
}

func (s *server) get(path string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.issuer+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, body.String()
}

func TestDevStartsServesStopsAndKeepsWhatItHas(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first := start(t, "dev", "--listen", "127.0.0.1:0", "--data", data)
	for path, want := range map[string]string{
		"/": "It runs", "/demo": "Sign in with", "/dev/inbox": "Nothing was sent yet", "/dev/inbox.json": "[]",
		"/healthz": `"ok"`, "/readyz": `"database":{"ok":true}`, "/.well-known/openid-configuration": first.issuer,
	} {
		if status, body := first.get(path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("GET %s = %d %.200s, want %q", path, status, body, want)
		}
	}
	_, jwks := first.get("/jwks")
	first.stop()

	info, err := os.Stat(data)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("data folder: %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}

	second := start(t, "dev", "--listen", strings.TrimPrefix(first.issuer, "http://"), "--data", data)
	if _, after := second.get("/jwks"); after != jwks {
		t.Error("the signing keys changed over a restart")
	}
	second.stop()
}

// TestCF3_DevThatIsExposedSaysSo: whoever lets others in is told what they see.
func TestCF3_DevThatIsExposedSaysSo(t *testing.T) {
	for listen, exposed := range map[string]bool{"0.0.0.0:0": true, "127.0.0.1:0": false} {
		s := start(t, "dev", "--expose", "--listen", listen, "--data", filepath.Join(t.TempDir(), "data"))
		s.stop()
		if said := strings.Contains(s.stderr.String(), "its inbox shows them every link and code"); said != exposed {
			t.Errorf("dev --expose --listen %s says so: %v\n%s", listen, said, s.stderr.String())
		}
	}
}

func TestCF3_ServeHasNothingOfDevAndRefusesToStartUnfinished(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("KEY_A", keyA)
	t.Setenv("KEY_B", keyB)
	port := testenv.FreePort(t)
	file := filepath.Join(dir, "latchkey.yaml")
	text := fmt.Sprintf(`
issuer: http://127.0.0.1:%d
insecure_http: true
listen: 127.0.0.1:%d
metrics: {listen: ""}
timeouts: {drain: 0s}
database: {url: "sqlite://%s/latchkey.db"}
secrets:
  sealing_keys: [{id: k1, key: env:KEY_A}]
  hash_keys: [{id: p1, key: env:KEY_B}]
`, port, port, dir)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	if code := run(t.Context(), []string{"serve", "--config", file}, nil, &stderr, &stderr); code == 0 || !strings.Contains(stderr.String(), "latchkey migrate up") {
		t.Fatalf("serve without tables = %d %s", code, stderr.String())
	}
	if code := run(t.Context(), []string{"migrate", "up", "--config", file}, nil, &stderr, &stderr); code != 0 {
		t.Fatalf("migrate = %s", stderr.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	var log bytes.Buffer
	go func() { done <- run(ctx, []string{"serve", "--config", file}, nil, &log, &log) }()
	s := &server{t: t, issuer: fmt.Sprintf("http://127.0.0.1:%d", port)}
	waitUntilReady(t, s.issuer)
	for path, want := range map[string]int{
		"/readyz": 200, "/.well-known/openid-configuration": 200, "/demo": 404, "/dev/inbox": 404, "/dev/inbox.json": 404, "/metrics": 404,
	} {
		if status, body := s.get(path); status != want {
			t.Errorf("GET %s = %d %.100s, want %d", path, status, body, want)
		}
	}
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("serve ended with %d\n%s", code, log.String())
	}
	if strings.Contains(log.String(), keyA) || strings.Contains(log.String(), keyB) {
		t.Error("a key is in the log")
	}
}

func waitUntilReady(t *testing.T, issuer string) {
	t.Helper()
	deadline := time.Now().Add(testenv.Patience)
	for {
		var out bytes.Buffer
		if run(t.Context(), []string{"healthcheck", "--url", issuer + "/readyz"}, nil, &out, &out) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %s", out.String())
		}
		<-time.After(10 * time.Millisecond)
	}
}

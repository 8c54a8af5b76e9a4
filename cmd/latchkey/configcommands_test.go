package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestConfigCommandsSpeakOfARunningNode: status, diff, and apply, which waits until the
// node has taken the file that it watches.
func TestConfigCommandsSpeakOfARunningNode(t *testing.T) {
	const wiki = "clients:\n  - {id: wiki, name: Wiki, type: public, redirect_uris: [https://wiki.example.com/cb]}\n"
	s := serveWith(t, "timeouts: {drain: 0s}\n"+wiki)
	text, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	next := write(filepath.Join(filepath.Dir(s.file), "next.yaml"), strings.NewReplacer(
		"name: Wiki", "name: Knowledge", wiki, "").Replace(strings.TrimSuffix(string(text), wiki))+
		"tokens: {access_token_lifetime: 5m}\nlog: {level: warn}\nclients: [{id: shop, name: Shop, type: public, redirect_uris: [https://shop.example.com/cb]}]\n")

	run := func(want int, args ...string) (string, string) {
		t.Helper()
		status, out, errs := latchkeyRun(t, append([]string{"config"}, args...)...)
		if status != want {
			t.Fatalf("config %s = %d, want %d\n%s%s", strings.Join(args, " "), status, want, out, errs)
		}
		return out, errs
	}
	for deadline := time.Now().Add(testenv.Patience); ; { // the first report comes soon after the first request is answered
		if status, _, _ := latchkeyRun(t, "config", "status", "--config", s.file); status == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the node never reported:\n%s", s.log.String())
		}
	}
	if out, _ := run(0, "status", "--config", s.file); !strings.Contains(out, "live   this one") {
		t.Errorf("status:\n%s", out)
	}
	if out, _ := run(0, "diff", "--config", s.file); out != "nothing would change\n" {
		t.Errorf("diff of what runs:\n%s", out)
	}
	out, errs := run(1, "diff", "--config", next)
	for _, want := range []string{
		"clients[shop]: added\n", "clients[wiki]: removed\n    its tokens stop working at once: no live grants; what people allowed it is kept for 7d",
		"tokens.access_token_lifetime: 10m -> 5m\n    tokens that were issued keep their end", "log.level: info -> warn (needs a restart)\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("diff lacks %q:\n%s", want, out)
		}
	}
	if !strings.Contains(errs, "differ") {
		t.Errorf("diff says why it ends with 1: %q", errs)
	}
	if out, _ := run(1, "diff", "--config", next, "--against", s.file); !strings.Contains(out, "clients[shop]: added") {
		t.Errorf("diff against a file:\n%s", out)
	}
	var found []consequence
	out, _ = run(1, "diff", "--config", next, "--json")
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found) != 4 || found[0].Key != "clients[shop]" || found[0].Kind != "added" {
		t.Errorf("diff --json: %v\n%s", err, out)
	}
	if out, _ := run(0, "apply", "--dry-run", "--config", next); !strings.Contains(out, "clients[wiki]: removed") {
		t.Errorf("apply --dry-run:\n%s", out)
	}
	// It said so and did nothing: the node runs with what it ran with.
	if out, _ := run(0, "status", "--config", s.file); !strings.Contains(out, "live   this one") {
		t.Errorf("status after apply --dry-run:\n%s", out)
	}
	if out, _ := run(0, "diff", "--config", s.file); out != "nothing would change\n" {
		t.Errorf("diff of what runs, after apply --dry-run:\n%s", out)
	}

	write(s.file, string(text)+"audit: {retention: 100d}\n")
	if _, errs := run(0, "apply", "--config", s.file, "--wait", "20s"); !strings.Contains(errs, "1 node runs with it") {
		t.Errorf("apply: %s", errs)
	}
	if out, _ := run(0, "status", "--config", s.file); !strings.Contains(out, "this one") {
		t.Errorf("status after apply:\n%s", out)
	}
	write(s.file, string(text)+"no_such_key: 1\n")
	for deadline := time.Now().Add(testenv.Patience); ; {
		// Asked by a file that is good, since the node's is not.
		out, _ := run(1, "status", "--config", next)
		if strings.Contains(out, "the last reload failed: ") && strings.Contains(out, "no_such_key") && strings.Contains(out, "line ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("status never told of the fault:\n%s\n%s", out, s.log.String())
		}
	}
	s.stop()
	if code := <-s.ended; code != 0 {
		t.Errorf("ended with %d", code)
	}
	s.ended <- 0
	if _, errs := run(1, "diff", "--config", next); !strings.Contains(errs, "no node is running") {
		t.Errorf("diff where nothing runs: %s", errs)
	}
}

// dev reloads too: who edits clients.yaml sees the effect in a second, and commands on
// its data folder speak of what it runs with.
func TestAC2_DevReloads(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "clients.yaml")
	write := func(name string) {
		t.Helper()
		text := "clients: [{id: " + name + ", name: Wiki, type: public, redirect_uris: [http://127.0.0.1:1/cb]}]\n"
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil { // as editors do
			t.Fatal(err)
		}
	}
	write("one")
	data := filepath.Join(dir, "data")
	s := start(t, "dev", "--listen", "127.0.0.1:0", "--data", data, "--config", file)
	knows := func(name string) bool {
		_, body := s.get("/authorize?client_id=" + name)
		return !strings.Contains(body, "We don’t know this app")
	}
	if !knows("one") || knows("two") {
		t.Fatal("dev does not serve the clients of its file")
	}
	write("two")
	for deadline := time.Now().Add(testenv.Patience); !knows("two") || knows("one"); {
		if time.Now().After(deadline) {
			t.Fatalf("dev never reloaded:\n%s", s.stderr.String())
		}
	}
	for deadline := time.Now().Add(20 * time.Second); ; { // it reports soon after it serves
		status, out, errs := latchkeyRun(t, "config", "status", "--data", data)
		if status == 0 && strings.Contains(out, "this one") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("config status --data = %d\n%s%s", status, out, errs)
		}
	}
	s.stop()
}

// A configuration that names a secret which is not there yet is taken when that comes,
// though no file changed that the running one was made of.
func TestAC2_WhatAFaultyFileNamesIsWatched(t *testing.T) {
	s := serveWith(t, "timeouts: {drain: 0s}\n")
	text, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	until := func(logged string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); !strings.Contains(s.log.String(), logged); {
			if time.Now().After(deadline) {
				t.Fatalf("never logged %q:\n%s", logged, s.log.String())
			}
		}
	}
	secrets := t.TempDir()
	text = append(text, "clients: [{id: late, name: Late, type: confidential, secret: 'file:"+secrets+"/late', redirect_uris: [https://late.example.com/cb]}]\n"...)
	if err := os.WriteFile(s.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	until("reload failed")
	if err := os.WriteFile(filepath.Join(secrets, "late"), []byte("0b1c2d3e4f5061728394a5b6c7d8e9f00b1c2d3e4f5061728394a5b6c7d8e9f0"), 0o600); err != nil {
		t.Fatal(err)
	}
	until(`"reloaded"`)
}

package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLoadLayers(t *testing.T) {
	vars := serveEnv()
	vars["LATCHKEY_SESSIONS_IDLE"] = "3h"
	setenv(t, vars)
	path := writeFile(t, t.TempDir(), "latchkey.yaml", "sessions: {idle: 2h, absolute: 9d}\nlog: {format: text}\ntokens: {code_lifetime: 30s}\n")
	c, err := Load(LoadOptions{
		File:      path,
		Defaults:  map[string]any{"log.level": "debug", "log.format": "json", "listen": "127.0.0.1:1"},
		Overrides: map[string]any{"listen": "127.0.0.1:2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	type layers struct {
		BuiltIn, File, Env             time.Duration
		Default, FileOverDefault, Flag string
	}
	got := layers{c.Timeouts.Read, c.Sessions.Absolute, c.Sessions.Idle, c.Log.Level, c.Log.Format, c.Listen}
	want := layers{15 * time.Second, 9 * day, 3 * time.Hour, "debug", "text", "127.0.0.1:2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// devDefaults is what `latchkey dev` lies under a file.
func devDefaults() map[string]any {
	return map[string]any{
		"issuer":               "http://127.0.0.1:8080",
		"listen":               "127.0.0.1:8080",
		"database.url":         "sqlite:///tmp/latchkey.db",
		"database.max_conns":   4,
		"sessions.idle":        time.Hour,
		"secrets.sealing_keys": []any{map[string]any{"id": "dev", "key": keyOne}},
		"secrets.hash_keys":    []map[string]any{{"id": "dev", "key": NewSecret(keyTwo)}},
		"clients": []any{map[string]any{
			"id": "demo", "name": "Demo", "secret": "demo-secret", "redirect_uris": []any{"http://127.0.0.1:8081/callback"},
		}},
	}
}

func TestDevNeedsNoFile(t *testing.T) {
	setenv(t, nil)
	c, err := Load(LoadOptions{Dev: true, Defaults: devDefaults()})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Clients) != 1 || c.Clients[0].Secret.Reveal() != "demo-secret" || c.Sessions.Idle != time.Hour || c.Database.MaxConns != 4 {
		t.Errorf("defaults were lost: %+v", c)
	}
	if len(c.Secrets.SealingKeys[0].Bytes()) != 32 || len(c.Secrets.HashKeys[0].Bytes()) != 32 {
		t.Error("keys were lost")
	}
}

func TestDevFileAddsClients(t *testing.T) {
	file := writeFile(t, t.TempDir(), "latchkey.yaml",
		"tokens: {access_token_lifetime: 1m}\nclients:\n  - {id: mine, secret: plain, redirect_uris: ['http://127.0.0.1:9000/cb']}\n")
	setenv(t, map[string]string{"LATCHKEY_CLIENTS_0_NAME": "Mine"})
	o := LoadOptions{File: file, Dev: true, Defaults: devDefaults()}
	c, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Clients) != 2 || c.Clients[0].Name != "Mine" || c.Clients[1].ID != "demo" {
		t.Errorf("got %+v", c.Clients)
	}

	o.File = writeFile(t, t.TempDir(), "latchkey.yaml", clientYAML("id: demo", "type: public", "redirect_uris: ['http://localhost/cb']"))
	if c, err = Load(o); err != nil {
		t.Fatal(err)
	}
	if len(c.Clients) != 1 || c.Clients[0].Type != "public" {
		t.Errorf("the file's client did not replace the default one: %+v", c.Clients)
	}
}

// What dev allows, serve refuses.
func TestCF1_ServeRefusesWhatDevAllows(t *testing.T) {
	setenv(t, nil)
	_, err := Load(LoadOptions{Defaults: devDefaults()})
	checkProblems(t, problemsOf(t, err), []string{
		"secrets.sealing_keys[0].key: the configuration must not contain secrets",
		"secrets.hash_keys[0].key: the configuration must not contain secrets",
		"clients[0].secret: the configuration must not contain secrets",
		"issuer: use https",
		"clients[0].redirect_uris[0]: \"http://127.0.0.1:8081/callback\": http on loopback is only for clients of type native",
	})
}

func TestLoadSaysWhatOfItselfIsWrong(t *testing.T) {
	if _, err := Load(LoadOptions{File: "/nowhere/latchkey.yaml"}); err == nil {
		t.Error("a missing file was accepted")
	}
	if _, err := Load(LoadOptions{Dev: true, Overrides: map[string]any{"no.such.key": "x"}}); err == nil {
		t.Error("an override of no key was accepted")
	}
}

func TestErrorListsEveryProblem(t *testing.T) {
	e := &Error{File: "latchkey.yaml", Problems: []Problem{
		{Path: "clients[1].redirect_urls", Where: "line 12", Message: "unknown key, did you mean redirect_uris?"},
		{Path: "issuer", Message: "required"},
		{Where: "line 3", Message: "not YAML"},
		{Message: "odd"},
	}}
	want := "configuration latchkey.yaml has 4 problems:\n" +
		"  clients[1].redirect_urls (line 12): unknown key, did you mean redirect_uris?\n" +
		"  issuer: required\n  line 3: not YAML\n  odd"
	if diff := cmp.Diff(want, e.Error()); diff != "" {
		t.Error(diff)
	}
	if got := (&Error{Problems: e.Problems[3:]}).Error(); got != "configuration has a problem:\n  odd" {
		t.Errorf("got %q", got)
	}
}

func TestCF2_HostsComeFromTheIssuer(t *testing.T) {
	vars := serveEnv()
	vars["LATCHKEY_ISSUER"] = "https://id.example.com:8443"
	c := mustLoad(t, "allowed_hosts: [ID.example.net]\n", vars)
	if diff := cmp.Diff([]string{"id.example.com:8443", "id.example.net"}, c.Hosts()); diff != "" {
		t.Error(diff)
	}
}

// What can be watched for a reload is all that a reload would read.
func TestFilesAreAllThatWereRead(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"clients", "texts"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(dir, "clients"), "wiki.yaml", "{id: wiki, secret: file:wiki-secret, redirect_uris: [https://wiki.example/cb]}")
	writeFile(t, dir, "wiki-secret", keyThree)
	file := writeFile(t, dir, "latchkey.yaml", "clients_dir: clients\nmessages: {templates: texts}\n")
	setenv(t, serveEnv())
	c, err := Load(LoadOptions{File: file})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"clients", "latchkey.yaml", "texts", filepath.Join("texts", "locales"), "wiki-secret"}
	var got []string
	for _, f := range c.Files {
		got = append(got, strings.TrimPrefix(f, dir+string(filepath.Separator)))
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

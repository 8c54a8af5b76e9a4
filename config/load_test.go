package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLoadLayers(t *testing.T) {
	vars := serveEnv()
	vars["LATCHKEY_SESSIONS_IDLE"] = "3h"
	path := writeFile(t, t.TempDir(), "latchkey.yaml", "sessions: {idle: 2h, absolute: 9d}\nlog: {format: text}\ntokens: {code_lifetime: 30s}\n")
	c, err := Load(LoadOptions{
		File:      path,
		Environ:   environ(vars),
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

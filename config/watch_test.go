package config

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// watched runs Watch over files and returns where it tells of changes.
func watched(t *testing.T, poll time.Duration, files ...string) <-chan struct{} {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	told, done := make(chan struct{}, 16), make(chan error, 1)
	go func() { done <- Watch(ctx, files, "", poll, func() { told <- struct{}{} }) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return told
}

// tells waits until a change is told that was made after the watch began: it is
// repeated until it is seen.
func tells(t *testing.T, told <-chan struct{}, change func(n int)) {
	t.Helper()
	again := time.NewTicker(3 * settle)
	defer again.Stop()
	for n := 0; ; n++ {
		change(n)
		select {
		case <-told:
			return
		case <-again.C:
		}
	}
}

func TestWatch_TellsOfEveryWayToChangeAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := writeFile(t, dir, "latchkey.yaml", "a")
	clients := filepath.Join(dir, "clients")
	if err := os.Mkdir(clients, 0o700); err != nil {
		t.Fatal(err)
	}
	// As Kubernetes mounts a secret: a link through ..data, which is swapped.
	for _, name := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, name), "secret", name)
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, name+".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(name+".new", name); err != nil {
			t.Fatal(err)
		}
	}
	link("one", filepath.Join(dir, "..data"))
	secret := filepath.Join(dir, "secret")
	link(filepath.Join("..data", "secret"), secret)

	told := watched(t, time.Hour, file, clients, secret)
	text := []byte("a")
	tells(t, told, func(int) {
		text = append(text, 'b')
		writeFile(t, dir, "latchkey.yaml", string(text))
	})
	tells(t, told, func(n int) {
		next := writeFile(t, dir, ".latchkey.yaml.swp", string(text[:n%2])+"replaced")
		if err := os.Rename(next, file); err != nil {
			t.Fatal(err)
		}
	})
	tells(t, told, func(n int) { writeFile(t, clients, "wiki.yaml", string(make([]byte, n+1))) })
	tells(t, told, func(n int) { link([]string{"two", "one"}[n%2], filepath.Join(dir, "..data")) })
	tells(t, told, func(n int) {
		if n%2 == 0 {
			_ = os.Remove(filepath.Join(clients, "wiki.yaml"))
		} else {
			writeFile(t, clients, "wiki.yaml", "again")
		}
	})
}

// Where nothing is told of changes, such as for a folder that appears later, they
// are looked for.
func TestWatch_LooksWhereNothingIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "later", "latchkey.yaml")
	told := watched(t, settle, file)
	tells(t, told, func(n int) {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Dir(file), "latchkey.yaml", string(make([]byte, n+1)))
	})
}

// What changes between the reading and the watch is told: a second change comes while
// the first one is taken.
func TestWatch_TellsWhatChangedSinceTheReading(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "secret", "the secret of a client, long enough")
	file := writeFile(t, dir, "latchkey.yaml", "clients: [{id: a, name: A, type: confidential, secret: 'file:secret', redirect_uris: ['http://127.0.0.1/cb']}]\n")
	c, err := Load(LoadOptions{File: file, Dev: true, Defaults: devDefaults()})
	if err != nil {
		t.Fatal(err)
	}
	if c.Stamp != fingerprint(c.Files) {
		t.Errorf("the stamp is not that of the files:\n%s\n%s", c.Stamp, fingerprint(c.Files))
	}
	writeFile(t, dir, "secret", "another secret of the client, longer")
	ctx, stop := context.WithCancel(t.Context())
	told := 0
	if err := Watch(ctx, c.Files, c.Stamp, time.Hour, func() { told++; stop() }); err != nil || told != 1 {
		t.Errorf("told %d times, %v", told, err)
	}
}

// In a folder in which something else is always written, as beside a database, a change
// is told all the same (starvation).
func TestWatch_TellsOfAChangeInABusyFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := writeFile(t, dir, "latchkey.yaml", "a")
	told := watched(t, time.Hour, file)
	writing := time.NewTicker(settle / 10)
	defer writing.Stop()
	writeFile(t, dir, "latchkey.yaml", "changed")
	for n := 0; ; n++ {
		select {
		case <-told:
			return
		case <-writing.C:
			writeFile(t, dir, "latchkey.db-wal", string(make([]byte, n%100)))
		}
		if n%50 == 49 { // the watch may have begun after the change
			writeFile(t, dir, "latchkey.yaml", string(make([]byte, n)))
		}
	}
}

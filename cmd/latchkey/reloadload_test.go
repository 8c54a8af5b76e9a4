package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestAC2_AThousandReloadsUnderLoad: good files and bad ones in turn (broken, cut off in
// the middle, a secret that is gone, a link that is swapped, a client with a problem),
// while requests come all the time. No request fails or sees a part of a configuration,
// nothing stays behind, and in the end the node runs with the last good one.
func TestAC2_AThousandReloadsUnderLoad(t *testing.T) {
	const kinds = 4 // of requests
	r := newReloadable(t)
	f := newChangingFiles(t)
	r.reread = f.load
	r.boot.log = slog.New(slog.DiscardHandler)
	r.reload(t.Context())
	if !r.knows(t, "stable") {
		t.Fatal("the first file is not served")
	}
	runtime.GC()
	goroutines, heap := runtime.NumGoroutine(), heapInUse()

	// While a reload goes on, two answer a request of each kind, and what is left of
	// those before it. More would show no more, and take minutes.
	var asking sync.WaitGroup
	var asked atomic.Int64
	next := make(chan int, 2*kinds)
	for range 2 {
		asking.Go(func() {
			for n := range next {
				path := []string{"/.well-known/openid-configuration", "/authorize?client_id=stable&response_type=none", "/jwks", "/login"}[n%kinds]
				answer := httptest.NewRecorder()
				r.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil))
				asked.Add(1)
				if answer.Code >= http.StatusInternalServerError || strings.Contains(answer.Body.String(), "We don’t know this app") {
					t.Errorf("GET %s = %d in the middle of a reload", path, answer.Code)
				}
			}
		})
	}
	good := 0
	for n := range 1000 {
		works := f.change(n)
		before := r.current.Load()
		for kind := range kinds {
			next <- kind
		}
		r.reload(t.Context())
		if changed := r.current.Load() != before; changed != works {
			t.Fatalf("reload %d (%s): something was changed: %v", n, f.last, changed)
		}
		if works {
			good++
		}
	}
	close(next)
	asking.Wait()
	if good < 300 || asked.Load() < 1000 {
		t.Errorf("only %d reloads were good, and %d requests were made", good, asked.Load())
	}
	f.whole(1000)
	r.reload(t.Context())
	want, err := f.load()
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := r.store.Nodes().List(t.Context())
	if err != nil || len(nodes) != 1 || nodes[0].Fault != "" {
		t.Fatalf("nodes %+v, %v", nodes, err)
	}
	keepUntilRestart(want, r.cfg())
	if digest := want.Digest(); nodes[0].Digest != digest || r.cfg().Digest() != digest {
		t.Errorf("the node reports %s and runs with %s; the file says %s", nodes[0].Digest, r.cfg().Digest(), digest)
	}
	for deadline := time.Now().Add(testenv.Patience); runtime.NumGoroutine() > goroutines+2; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), goroutines)
		}
	}
	if grown := heapInUse() - heap; grown > 16<<20 {
		t.Errorf("%d KiB more are in use than before", grown>>10)
	}
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// changingFiles are a configuration as Kubernetes mounts one: a file and a secret behind
// a link that is swapped.
type changingFiles struct {
	t         *testing.T
	dir, last string
	data      *devdata.Folder
}

func newChangingFiles(t *testing.T) *changingFiles {
	t.Helper()
	f := &changingFiles{t: t, dir: t.TempDir()}
	var err error
	if f.data, err = devdata.Open(filepath.Join(f.dir, "data")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		f.must(os.Mkdir(filepath.Join(f.dir, name), 0o700))
	}
	f.whole(0)
	return f
}

func (f *changingFiles) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// load reads what is there now.
func (f *changingFiles) load() (*config.Config, error) {
	return config.Load(config.LoadOptions{
		File: filepath.Join(f.dir, "..data", "latchkey.yaml"), Dev: true, Defaults: f.data.Defaults("http://localhost"),
	})
}

// text is the nth configuration: one client is always there, one comes and goes.
func (f *changingFiles) text(n int) string {
	text := fmt.Sprintf("audit: {retention: %dh}\nclients:\n"+
		"  - {id: stable, name: Stable %d, type: confidential, secret: 'file:secret', redirect_uris: ['http://127.0.0.1:1/cb']}\n", 24+n, n)
	if n%3 == 0 {
		text += "  - {id: passing, name: Passing, type: public, redirect_uris: ['http://127.0.0.1:1/cb']}\n"
	}
	return text
}

// put writes the nth configuration into the folder that is not linked, and swaps the link.
func (f *changingFiles) put(n int, text, secret string) {
	f.t.Helper()
	folder := []string{"one", "two"}[n%2]
	f.must(os.WriteFile(filepath.Join(f.dir, folder, "latchkey.yaml"), []byte(text), 0o600))
	if secret == "" {
		f.must(os.RemoveAll(filepath.Join(f.dir, folder, "secret")))
	} else {
		f.must(os.WriteFile(filepath.Join(f.dir, folder, "secret"), []byte(secret), 0o600))
	}
	link := filepath.Join(f.dir, "..data")
	f.must(os.Symlink(folder, link+".new"))
	f.must(os.Rename(link+".new", link))
}

func (f *changingFiles) whole(n int) {
	f.t.Helper()
	f.put(n, f.text(n), fmt.Sprintf("a secret that is long enough, number %d", n))
}

// change makes the nth change and reports whether it can be taken.
func (f *changingFiles) change(n int) (works bool) {
	f.t.Helper()
	text := f.text(n)
	secret := fmt.Sprintf("a secret that is long enough, number %d", n)
	switch n % 8 {
	case 1:
		f.last = "broken"
		f.put(n, text+"no_such_key: [\n", secret)
	case 3:
		f.last = "cut off in the middle"
		f.put(n, text[:len(text)-40-n%20], secret)
	case 5:
		f.last = "a secret that is gone"
		f.put(n, text, "")
	case 7:
		f.last = "a client with a problem"
		f.put(n, strings.Replace(text, "type: confidential", "type: peculiar", 1), secret)
	default:
		f.last = "good"
		f.put(n, text, secret)
		return true
	}
	return false
}

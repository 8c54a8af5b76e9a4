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

// reloadingNodes reload after each change of the files.
const reloadingNodes = 3

// TestAC2_AThousandReloadsUnderLoad: three nodes on one PostgreSQL, good files and bad ones
// in turn (broken, cut off in the middle, a secret that is gone, a link that is swapped, a
// client with a problem), while requests come all the time. No request fails or sees a part
// of a configuration, nothing stays behind, and in the end all nodes report one digest, that
// of the last good file.
func TestAC2_AThousandReloadsUnderLoad(t *testing.T) { reloadUnderLoad(t, 334) }

// TestAC2_SomeReloadsUnderLoad is for the race detector: what reloads and requests share,
// they share the first time, and a thousand take minutes with it.
func TestAC2_SomeReloadsUnderLoad(t *testing.T) { reloadUnderLoad(t, 24) }

// reloadUnderLoad changes the files so often.
func reloadUnderLoad(t *testing.T, changes int) {
	t.Helper()
	f := newChangingFiles(t)
	f.database = testenv.Postgres(t)
	f.whole(0)
	nodes := f.nodes(t)
	for i, n := range nodes {
		n.reload(t.Context())
		if !n.knows(t, "stable") {
			t.Fatalf("the first file is not served by node %d", i)
		}
	}
	runtime.GC()
	goroutines, heap := runtime.NumGoroutine(), heapInUse()
	ask, stop := askAll(t, nodes)
	good := 0
	for n := range changes {
		works := f.change(n)
		ask()
		var reloading sync.WaitGroup
		for i, node := range nodes {
			reloading.Go(func() {
				before := node.current.Load()
				node.reload(t.Context())
				if changed := node.current.Load() != before; changed != works {
					t.Errorf("reload %d (%s) of node %d: something was changed: %v", n, f.last, i, changed)
				}
			})
		}
		reloading.Wait()
		if t.Failed() {
			break
		}
		if works {
			good++
		}
	}
	if asked := stop(); good < changes/3 || asked < 3*int64(changes) {
		t.Errorf("only %d changes were good, and %d requests were made", good, asked)
	}
	f.whole(changes)
	for _, node := range nodes {
		node.reload(t.Context())
	}
	checkDigests(t, f, nodes)
	runtime.GC()
	// What each reload left behind would be there hundreds of times.
	if got := runtime.NumGoroutine(); got > goroutines+good/2 {
		t.Errorf("%d goroutines, %d before", got, goroutines)
	}
	if grown := heapInUse() - heap; grown > reloadingNodes*16<<20 {
		t.Errorf("%d KiB more are in use than before", grown>>10)
	}
}

// nodes are idle servers that read the files anew.
func (f *changingFiles) nodes(t *testing.T) []*reloadable {
	t.Helper()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	nodes := make([]*reloadable, reloadingNodes)
	for i := range nodes {
		cfg, err := f.load()
		f.must(err)
		nodes[i] = &reloadable{idleServer: newIdleServerOf(t, cfg, &now)}
		nodes[i].reread = f.load
		nodes[i].boot.log = slog.New(slog.DiscardHandler)
	}
	return nodes
}

// askAll answers requests of all nodes: ask has each node asked for one of each kind, which
// goes on while they reload; more would show no more, and take minutes. None may fail, or
// miss the client that is always there.
func askAll(t *testing.T, nodes []*reloadable) (ask func(), stop func() (asked int64)) {
	paths := []string{"/.well-known/openid-configuration", "/authorize?client_id=stable&response_type=none", "/jwks", "/login"}
	var asking sync.WaitGroup
	var asked atomic.Int64
	next := make([]chan string, len(nodes))
	for i, node := range nodes {
		next[i] = make(chan string, 2*len(paths))
		asking.Go(func() {
			for path := range next[i] {
				answer := httptest.NewRecorder()
				node.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil))
				asked.Add(1)
				if answer.Code >= http.StatusInternalServerError || strings.Contains(answer.Body.String(), "We don’t know this app") {
					t.Errorf("GET %s = %d in the middle of a reload", path, answer.Code)
				}
			}
		})
	}
	ask = func() {
		for _, path := range paths {
			for i := range next {
				next[i] <- path
			}
		}
	}
	return ask, func() int64 {
		for i := range next {
			close(next[i])
		}
		asking.Wait()
		return asked.Load()
	}
}

// checkDigests fails unless every node runs with what the files say, and reports that.
func checkDigests(t *testing.T, f *changingFiles, nodes []*reloadable) {
	t.Helper()
	reported, err := nodes[0].store.Nodes().List(t.Context())
	if err != nil || len(reported) != reloadingNodes {
		t.Fatalf("nodes %+v, %v", reported, err)
	}
	for i, node := range nodes {
		want, err := f.load()
		f.must(err)
		keepUntilRestart(want, node.cfg())
		if node.cfg().Digest() != want.Digest() || reported[i].Digest != want.Digest() || reported[i].Fault != "" {
			t.Errorf("node %d runs with %s, and one reports %+v; the files say %s", i, node.cfg().Digest(), reported[i], want.Digest())
		}
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
	// database is its address.
	database string
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
	if f.database != "" {
		text = fmt.Sprintf("database: {url: %q}\n", f.database) + text
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

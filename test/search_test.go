package test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// secret is something that only its owner may see, and only in one place.
type secret struct {
	what, value string
	// home says that an answer is the place; nil: none is.
	home func(exchange) bool
}

// exchange is an answer of the provider, as it went over the wire.
type exchange struct {
	method, path string
	header       http.Header
	body         string
}

// shownAt is the home of what pages show.
func shownAt(paths ...string) func(exchange) bool {
	return func(x exchange) bool { return slices.Contains(paths, x.path) }
}

// hunt collects the secrets of journeys, and everything where they must not be.
type hunt struct {
	t  *testing.T
	in *installation

	mu        sync.Mutex
	exchanges []exchange
	secrets   map[string]secret // by value
	places    map[string]string // what was found where, by name of the place
	redis     bytes.Buffer
}

// wire records what goes over it, and notes the cookies that are set.
func (h *hunt) wire(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}
		response.Body = io.NopCloser(bytes.NewReader(body))
		if strings.HasPrefix(r.URL.Path, "/dev/") {
			return response, nil // the mailbox of everybody
		}
		header := response.Header.Clone()
		header.Del("Set-Cookie") // the place where cookies belong
		h.mu.Lock()
		h.exchanges = append(h.exchanges, exchange{r.Method, r.URL.Path, header, string(body)})
		h.mu.Unlock()
		for _, c := range response.Cookies() {
			for _, part := range strings.FieldsFunc(c.Value, func(r rune) bool { return r == '.' || r == '~' }) {
				if len(part) >= 40 {
					h.learn("cookie "+c.Name, part, nil)
				}
			}
		}
		return response, nil
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// learn notes a secret. It may have more than one home.
func (h *hunt) learn(what, value string, home func(exchange) bool) string {
	if len(value) < 6 {
		h.t.Fatalf("%s is %q: that is no secret", what, value)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if known, ok := h.secrets[value]; ok && known.home != nil {
		other := home
		home = func(x exchange) bool { return known.home(x) || other != nil && other(x) }
	}
	h.secrets[value] = secret{what, value, home}
	return value
}

// monitor notes every command that Redis gets from now on.
func (h *hunt) monitor() {
	u, err := url.Parse(h.in.redis.URL)
	if err != nil {
		h.t.Fatal(err)
	}
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", u.Host)
	if err != nil {
		h.t.Fatalf("dial Redis: %v", err)
	}
	h.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, "MONITOR\r\n"); err != nil {
		h.t.Fatalf("watch Redis: %v", err)
	}
	lines := bufio.NewReader(conn)
	if ok, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(ok, "+OK") {
		h.t.Fatalf("watch Redis: %q, %v", ok, err)
	}
	go func() {
		for {
			line, err := lines.ReadString('\n')
			h.mu.Lock()
			h.redis.WriteString(line)
			h.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
}

// snapshot keeps what the stores hold now.
func (h *hunt) snapshot(stage string) {
	h.t.Helper()
	if path, embedded := strings.CutPrefix(h.in.database, "sqlite://"); embedded {
		files, err := filepath.Glob(path + "*")
		if err != nil || len(files) == 0 {
			h.t.Fatalf("no database at %s: %v", path, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				h.t.Fatalf("read database: %v", err)
			}
			h.places[filepath.Base(file)+" "+stage] = string(content)
		}
		return
	}
	db, err := sql.Open("pgx", h.in.database)
	if err != nil {
		h.t.Fatalf("open database: %v", err)
	}
	defer db.Close()
	for _, table := range column(h.t, db, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`) {
		h.places["table "+table+" "+stage] = strings.Join(column(h.t, db, `SELECT t::text FROM "`+table+`" t`), "\n")
	}
}

// spellings are the forms in which a secret is looked for.
func spellings(value string) []string {
	forms := []string{
		value, url.QueryEscape(value), html.EscapeString(value), hex.EncodeToString([]byte(value)),
		base64.RawStdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
	}
	if raw, err := base64.RawURLEncoding.DecodeString(value); err == nil && len(raw) >= 16 {
		forms = append(forms, string(raw), hex.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

var shortCode = regexp.MustCompile(`^[0-9A-Z-]{6,9}$`)

// holds reports whether a place holds a secret in any form. A short code is a
// word of its own: six digits in the middle of a number are no code.
func holds(place, value string) bool {
	if shortCode.MatchString(value) {
		return holdsWord(place, value)
	}
	return slices.ContainsFunc(spellings(value), func(form string) bool { return strings.Contains(place, form) })
}

// holdsWord reports whether a text stands in a place by itself. It looks for the
// text first: a place may have megabytes, and an expression would go through each
// of its letters.
func holdsWord(place, word string) bool {
	const within = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_+/"
	for from := 0; ; {
		i := strings.Index(place[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || !strings.Contains(within+".-", place[start-1:start])) && (end == len(place) || !strings.Contains(within, place[end:end+1])) {
			return true
		}
		from = start + 1
	}
}

// found lists where the secret is, other than at home.
func (h *hunt) found(s secret) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	places := map[string]bool{}
	for _, x := range h.exchanges {
		if s.home != nil && s.home(x) {
			continue
		}
		if holds(x.body, s.value) {
			places["body of "+x.method+" "+x.path] = true
		}
		for name, values := range x.header {
			if holds(strings.Join(values, "\n"), s.value) {
				places[name+" of "+x.method+" "+x.path] = true
			}
		}
	}
	for name, content := range h.places {
		if holds(content, s.value) {
			places[name] = true
		}
	}
	if holds(h.redis.String(), s.value) {
		places["Redis"] = true
	}
	if holds(h.in.log(), s.value) {
		places["log"] = true
	}
	return slices.Sorted(maps.Keys(places))
}

// startHunt starts an installation whose every word is written down.
func startHunt(t *testing.T, shared bool, config string) *hunt {
	t.Helper()
	h := &hunt{t: t, in: &installation{}, secrets: map[string]secret{}, places: map[string]string{}}
	node := testenv.Latchkey{Config: config, Wire: h.wire}
	if shared {
		h.in.database, h.in.redis = testenv.Postgres(t), testenv.StartRedis(t)
		node.Database, node.Redis = h.in.database, h.in.redis.URL
		h.monitor()
	} else {
		node.Data = filepath.Join(t.TempDir(), "data")
		h.in.database = "sqlite://" + filepath.Join(node.Data, "latchkey.db")
	}
	h.in.add(testenv.StartLatchkey(t, node))
	return h
}

// metrics keeps what the node tells Prometheus.
func (h *hunt) metrics(address string) {
	h.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	if err != nil {
		h.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatalf("read metrics: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || !bytes.Contains(body, []byte("latchkey_")) {
		h.t.Fatalf("metrics are %q: %v", body, err)
	}
	h.places["metrics"] = string(body)
}

// candidates are all words of the stores that could be a token.
func (h *hunt) candidates() []string {
	words := map[string]bool{}
	h.mu.Lock()
	defer h.mu.Unlock()
	stores := []string{h.redis.String()}
	for name, content := range h.places {
		if name != "metrics" {
			stores = append(stores, content)
		}
	}
	for _, content := range stores {
		for _, word := range regexp.MustCompile(`[A-Za-z0-9_.~-]{20,400}`).FindAllString(content, -1) {
			words[word] = true
			if i := strings.IndexByte(word, '.'); i >= 0 { // a keyed hash: the key's id, and the hash
				words[word[i+1:]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(words))
}

func (s secret) String() string { return fmt.Sprintf("%s (%.4s…)", s.what, s.value) }

package interaction_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// desk takes forms over a real table, whose values can be looked at.
type desk struct {
	t     *testing.T
	forms *interaction.Submissions
	clock *storagetest.Clock
	store *sqlstore.Store
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	clock := storagetest.NewClock()
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{
		URL: testenv.SQLite(t), Hasher: storagetest.Hasher("p1"), Now: clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	check(t, err)
	t.Cleanup(func() { _ = s.Close() })
	hasher, err := keys.NewHasher([]keys.SecretKey{{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)}})
	check(t, err)
	sealer, err := keys.NewSealer([]keys.SecretKey{{ID: "k1", Key: bytes.Repeat([]byte{2}, 32)}})
	check(t, err)
	return &desk{t: t, clock: clock, store: s, forms: interaction.NewSubmissions(interaction.SubmissionsConfig{
		Store: s.Ephemeral(), Hasher: hasher, Sealer: sealer, Cookies: web.Cookies{},
	})}
}

// send sends a form, with the cookies of a browser.
func (d *desk) send(h web.HandlerFunc, body, cookies string) (*httptest.ResponseRecorder, error) {
	return d.sendIn(context.Background(), h, body, cookies)
}

func (d *desk) sendIn(ctx context.Context, h web.HandlerFunc, body, cookies string) (*httptest.ResponseRecorder, error) {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "https://id.example.com/factor?interaction=x", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", cookies)
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	w := httptest.NewRecorder()
	return w, d.forms.Once(h)(w, r)
}

var browserCookie = "__Host-latchkey-browser=" + strings.Repeat("b", 43)

// signsIn is a form that signs in when it is handled the first time, and says no more
// after that, as one whose code was spent.
func signsIn(handled *atomic.Int64, until <-chan struct{}) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		n := handled.Add(1)
		<-until
		if n > 1 {
			return errors.New("the code is spent")
		}
		web.Cookies{}.Set(w, web.CookieSession, "the-session-secret", 0)
		http.Redirect(w, r, "/authorize/resume?interaction=x", http.StatusSeeOther)
		return nil
	}
}

// TestPA1_AFormThatIsSentTwiceIsHandledOnce: both get the answer, with its cookies,
// whether the second came while the first was at it or after.
func TestPA1_AFormThatIsSentTwiceIsHandledOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var handled atomic.Int64
	until := make(chan struct{})
	h := signsIn(&handled, until)
	var group sync.WaitGroup
	answers := make([]*httptest.ResponseRecorder, 10)
	for i := range answers {
		group.Go(func() {
			var err error
			if answers[i], err = d.send(h, "code=123456", browserCookie); err != nil {
				t.Error(err)
			}
		})
	}
	close(until)
	group.Wait()
	later, err := d.send(h, "code=123456", browserCookie)
	check(t, err)
	for i, w := range append(answers, later) {
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/authorize/resume?interaction=x" || !strings.Contains(w.Header().Get("Set-Cookie"), "the-session-secret") {
			t.Errorf("answer %d: %d %v", i, w.Code, w.Header())
		}
	}
	if handled.Load() != 1 {
		t.Errorf("it was handled %d times", handled.Load())
	}
	d.clock.Advance(time.Minute)
	if _, err := d.send(h, "code=123456", browserCookie); err == nil || handled.Load() != 2 {
		t.Errorf("a minute later: %v, handled %d times", err, handled.Load())
	}
}

// TestPA1_AFormIsCarriedOutThoughItsBrowserSendsItAgain: the second press cancels the
// first request in its middle, and gets its answer.
func TestPA1_AFormIsCarriedOutThoughItsBrowserSendsItAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, early := range []bool{true, false} { // before it was begun, or in its middle
		ctx, cancel := context.WithCancel(t.Context())
		if early {
			cancel()
		}
		d.carriesOut(t, ctx, cancel)
		d.clock.Advance(time.Minute)
	}
}

func (d *desk) carriesOut(t *testing.T, ctx context.Context, cancel func()) {
	t.Helper()
	handled := 0
	h := func(w http.ResponseWriter, r *http.Request) error {
		handled++
		cancel()
		if err := r.Context().Err(); err != nil {
			return err // as a store does that is asked next
		}
		http.Redirect(w, r, "/account", http.StatusSeeOther)
		return nil
	}
	_, err := d.sendIn(ctx, h, "code=123456", browserCookie)
	check(t, err)
	if w, err := d.sendIn(context.WithoutCancel(ctx), h, "code=123456", browserCookie); err != nil || w.Header().Get("Location") != "/account" || handled != 1 {
		t.Errorf("%v %v, handled %d times", err, w.Header(), handled)
	}
}

// TestPA1_AnotherSubmissionIsAnother: what is remembered is for who sent it, as it was
// sent, and for nobody else.
func TestPA1_AnotherSubmissionIsAnother(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	done := make(chan struct{})
	close(done)
	var handled atomic.Int64
	h := signsIn(&handled, done)
	_, err := d.send(h, "code=123456", browserCookie)
	check(t, err)
	for name, sent := range map[string][2]string{
		"another browser":  {"code=123456", strings.ReplaceAll(browserCookie, "b", "c")},
		"another code":     {"code=654321", browserCookie},
		"another sign-in":  {"code=123456", browserCookie + "; __Host-latchkey-partial=x"},
		"no cookie at all": {"code=123456", ""},
	} {
		before := handled.Load()
		w, err := d.send(h, sent[0], sent[1])
		if err == nil || handled.Load() != before+1 || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %v %v", name, err, w.Header())
		}
	}
}

// TestPA1_AFormThatEndsTheSessionIsAnsweredAgain: the second press comes without the
// cookie that the first one's answer took away. What was shown anew is another form.
func TestPA1_AFormThatEndsTheSessionIsAnsweredAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	done := make(chan struct{})
	close(done)
	var handled atomic.Int64
	h := signsIn(&handled, done)
	session := browserCookie + "; __Host-latchkey-session=x"
	first, err := d.send(h, "confirm=ada&once=one", session)
	check(t, err)
	second, err := d.send(h, "confirm=ada&once=one", browserCookie)
	check(t, err)
	if handled.Load() != 1 || second.Code != first.Code || second.Header().Get("Location") != first.Header().Get("Location") {
		t.Errorf("handled %d times: %d %v", handled.Load(), second.Code, second.Header())
	}
	for name, sent := range map[string][2]string{
		"another browser":   {"confirm=ada&once=one", strings.ReplaceAll(browserCookie, "b", "c")},
		"another rendering": {"confirm=ada&once=two", session},
		"other fields":      {"confirm=bob&once=one", session},
	} {
		before := handled.Load()
		if _, err := d.send(h, sent[0], sent[1]); err == nil || handled.Load() != before+1 {
			t.Errorf("%s: %v, handled %d times", name, err, handled.Load()-before)
		}
	}
}

// TestPA1_WhatHasANameIsDoneOnce: a page is remembered too, for its browser and for a
// moment; to ask for a name that nobody is at claims nothing.
func TestPA1_WhatHasANameIsDoneOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	handled := 0
	page := func(w http.ResponseWriter, _ *http.Request) error {
		handled++
		w.Header().Set("X-Page", "end")
		_, err := w.Write([]byte("the end"))
		return err
	}
	ask := func(cookies string) (*httptest.ResponseRecorder, *http.Request) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://id.example.com/authorize/resume", nil)
		r.Header.Set("Cookie", cookies)
		return httptest.NewRecorder(), r
	}
	w, r := ask(browserCookie)
	if d.forms.Repeat(w, r, "x") {
		t.Error("nothing was done, and is answered again")
	}
	for range 2 {
		w, r := ask(browserCookie)
		check(t, d.forms.OnceAs("x", page)(w, r))
		if w.Body.String() != "the end" || w.Header().Get("X-Page") != "end" {
			t.Errorf("%q %v", w.Body, w.Header())
		}
	}
	w, r = ask(browserCookie)
	if !d.forms.Repeat(w, r, "x") || w.Body.String() != "the end" || handled != 1 {
		t.Errorf("%q, handled %d times", w.Body, handled)
	}
	for name, cookies := range map[string]string{"another browser": strings.ReplaceAll(browserCookie, "b", "c"), "none": ""} {
		if w, r := ask(cookies); d.forms.Repeat(w, r, "x") {
			t.Errorf("%s is answered: %q", name, w.Body)
		}
	}
	d.clock.Advance(time.Minute)
	if w, r := ask(browserCookie); d.forms.Repeat(w, r, "x") {
		t.Errorf("a minute later: %q", w.Body)
	}
}

// TestTH2_WhatIsRefusedIsLookedAtAnew: a wrong code that is sent again counts again.
func TestTH2_WhatIsRefusedIsLookedAtAnew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	handled := 0
	page := func(w http.ResponseWriter, _ *http.Request) error {
		handled++
		w.Header().Set("X-Page", "again")
		_, err := w.Write([]byte("this code is not right"))
		return err
	}
	for range 3 {
		w, err := d.send(page, "code=000000", browserCookie)
		check(t, err)
		if w.Code != http.StatusOK || w.Body.String() != "this code is not right" || w.Header().Get("X-Page") != "again" {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	}
	failing := func(http.ResponseWriter, *http.Request) error { handled++; return errors.New("no") }
	for range 3 {
		if _, err := d.send(failing, "code=111111", browserCookie); err == nil {
			t.Error("the error is gone")
		}
	}
	if handled != 6 {
		t.Errorf("handled %d of 6", handled)
	}
}

// TestOT3_RememberedAnswersAreSealed: the store holds neither the form nor the cookies.
func TestOT3_RememberedAnswersAreSealed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	done := make(chan struct{})
	close(done)
	var handled atomic.Int64
	watched := &watchedStore{Ephemeral: d.store.Ephemeral()}
	hasher, err := keys.NewHasher([]keys.SecretKey{{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)}})
	check(t, err)
	sealer, err := keys.NewSealer([]keys.SecretKey{{ID: "k1", Key: bytes.Repeat([]byte{2}, 32)}})
	check(t, err)
	d.forms = interaction.NewSubmissions(interaction.SubmissionsConfig{Store: watched, Hasher: hasher, Sealer: sealer})
	_, err = d.send(signsIn(&handled, done), url.Values{"password": {"the-typed-password"}}.Encode(), browserCookie)
	check(t, err)
	if len(watched.written) == 0 {
		t.Fatal("nothing was written")
	}
	for _, text := range watched.written {
		for _, secret := range []string{"the-typed-password", "the-session-secret", strings.Repeat("b", 43)} {
			if strings.Contains(text, secret) {
				t.Errorf("the store holds %s", secret)
			}
		}
	}
}

// watchedStore notes what is written.
type watchedStore struct {
	*sqlstore.Ephemeral
	written []string
}

func (s *watchedStore) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	s.written = append(s.written, key+string(value))
	return s.Ephemeral.Put(ctx, key, value, ttl)
}

func (s *watchedStore) Swap(ctx context.Context, key string, old, value []byte, ttl time.Duration) error {
	s.written = append(s.written, key+string(value))
	return s.Ephemeral.Swap(ctx, key, old, value, ttl)
}

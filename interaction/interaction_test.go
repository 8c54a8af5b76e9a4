package interaction_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// site is a store of interactions over a real table.
type site struct {
	t     *testing.T
	store *interaction.Store
	clock *storagetest.Clock
	// What the store is made of.
	ephemeral *sqlstore.Ephemeral
	hasher    *keys.Hasher
}

func newSite(t *testing.T, pending int) *site {
	t.Helper()
	clock := storagetest.NewClock()
	s, err := sqlstore.Open(t.Context(), sqlstore.Config{
		URL: testenv.SQLite(t), Hasher: storagetest.Hasher("p1"), Now: clock.Now, Log: slog.New(slog.DiscardHandler),
	})
	check(t, err)
	t.Cleanup(func() { _ = s.Close() })
	hasher, err := keys.NewHasher([]keys.SecretKey{{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)}})
	check(t, err)
	return &site{t: t, clock: clock, ephemeral: s.Ephemeral(), hasher: hasher, store: interaction.NewStore(interaction.Config{
		Store: s.Ephemeral(), Counters: s.Ephemeral(), Hasher: hasher, PendingPerAddress: pending,
	})}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browser is a jar of cookies.
type browser struct {
	s       *site
	header  http.Header
	cookies []*http.Cookie
}

func (s *site) browser() *browser { return &browser{s: s, header: http.Header{}} }

func (b *browser) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "https://id.example.com/authorize", nil)
	r.Header = b.header.Clone()
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	return r
}

// start starts an interaction for the wiki.
func (b *browser) start() (*interaction.Interaction, error) {
	w := httptest.NewRecorder()
	in := interaction.ForRequest(interaction.AuthorizationRequest{ClientID: "wiki", Scopes: []string{"openid"}}, b.s.clock.Now())
	err := b.s.store.Start(w, b.request(), in)
	b.cookies = append(b.cookies, w.Result().Cookies()...)
	return in, err
}

func (b *browser) load(id string) *interaction.Interaction {
	b.s.t.Helper()
	in, err := b.s.store.Load(b.request(), id)
	check(b.s.t, err)
	return in
}

// TestL2_TwoTabsLoseNothing: two tabs of one flow read the same and write different
// answers; both are there, whoever wrote last.
func TestL2_TwoTabsLoseNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, 100)
	b := s.browser()
	in, err := b.start()
	check(t, err)
	one, other := b.load(in.ID), b.load(in.ID)
	check(t, s.store.Answer(t.Context(), one, "ada", func(a *interaction.Answers) { a.RecoveryCodes = "sealed" }))
	check(t, s.store.Answer(t.Context(), other, "ada", func(a *interaction.Answers) { a.EnrollSkipped = true }))
	for what, in := range map[string]*interaction.Interaction{"in hand": other, "in the store": b.load(in.ID)} {
		if a := in.AnswersOf("ada"); a.RecoveryCodes != "sealed" || !a.EnrollSkipped {
			t.Errorf("%s: %+v", what, a)
		}
	}
	check(t, s.store.Take(t.Context(), one))
	if err := s.store.Update(t.Context(), other, func(in *interaction.Interaction) { in.PasswordSet = true }); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("changing what was taken: %v", err)
	}
	if _, err := s.store.Load(b.request(), in.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("it is back: %v", err)
	}
}

// TestL2_ManyTabsLoseNothing: as many as may write at once do, and nothing is lost.
func TestL2_ManyTabsLoseNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, 100)
	b := s.browser()
	in, err := b.start()
	check(t, err)
	var group sync.WaitGroup
	for n := range 5 {
		mine := b.load(in.ID)
		group.Go(func() {
			err := s.store.Answer(t.Context(), mine, "ada", func(a *interaction.Answers) {
				a.Consented = append(append([]string{}, a.Consented...), strconv.Itoa(n))
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := b.load(in.ID).AnswersOf("ada").Consented; len(got) != 5 {
		t.Errorf("answers %v", got)
	}
}

// TestPA5_AnswersAreOnePersons: what one person answered is nothing to another, and
// is dropped as a whole when the other answers.
func TestPA5_AnswersAreOnePersons(t *testing.T) {
	t.Parallel()
	s := newSite(t, 100)
	b := s.browser()
	in, err := b.start()
	check(t, err)
	full := interaction.Answers{
		By: "ada", Consented: []string{"openid"}, ConsentedAt: s.clock.Now(), EnrollSkipped: true, Enrolled: true,
		DeletionSeen: true, RecoveryCodes: "sealed", VerificationSent: true,
	}
	check(t, s.store.Answer(t.Context(), in, "ada", func(a *interaction.Answers) { *a = full }))
	if a := b.load(in.ID).AnswersOf("bob"); a.RecoveryCodes != "" || a.EnrollSkipped || a.Consented != nil {
		t.Errorf("Bob has Ada's answers: %+v", a)
	}
	check(t, s.store.Answer(t.Context(), in, "bob", func(a *interaction.Answers) { a.DeletionSeen = true }))
	in = b.load(in.ID)
	if a := in.Answers; a.By != "bob" || !a.DeletionSeen || a.EnrollSkipped || a.Enrolled || a.RecoveryCodes != "" || a.VerificationSent || !a.ConsentedAt.IsZero() {
		t.Errorf("kept: %+v", a)
	}
	if a := in.AnswersOf("ada"); a.RecoveryCodes != "" || a.DeletionSeen {
		t.Errorf("Ada's answers are back: %+v", a)
	}
}

func TestAZ3_BelongsToOneBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t, 100)
	b, other := s.browser(), s.browser()
	in, err := b.start()
	check(t, err)
	_, err = other.start()
	check(t, err)
	for name, r := range map[string]*http.Request{"another browser": other.request(), "no cookie": s.browser().request()} {
		if _, err := s.store.Load(r, in.ID); !errors.Is(err, interaction.ErrForeign) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, id := range []string{"", "x", in.ID[:40]} {
		if _, err := s.store.Load(b.request(), id); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	if got := b.load(in.ID); got.Request.ClientID != "wiki" || got.Purpose != interaction.Authorize {
		t.Errorf("read %+v", got)
	}
	s.clock.Advance(interaction.Lifetime)
	if _, err := s.store.Load(b.request(), in.ID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("after its lifetime: %v", err)
	}
}

// refused fails unless starting answers a page with the status.
func refused(t *testing.T, err error, status int) *web.Error {
	t.Helper()
	var shown *web.Error
	if !errors.As(err, &shown) || shown.Status != status {
		t.Fatalf("got %v, want a page with %d", err, status)
	}
	return shown
}

// TestLK2_WhatIsNoNavigationStartsNothing: pictures, frames and prefetches that any
// page can ask for spend nothing of a network's, and set no cookie.
func TestLK2_WhatIsNoNavigationStartsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	for name, header := range map[string]http.Header{
		"picture":         {"Sec-Fetch-Mode": {"no-cors"}, "Sec-Fetch-Dest": {"image"}, "Sec-Fetch-Site": {"cross-site"}},
		"frame":           {"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"iframe"}},
		"script's fetch":  {"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}},
		"prefetched page": {"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Purpose": {"prefetch;prerender"}},
	} {
		for range 10 {
			b := s.browser()
			b.header = header
			_, err := b.start()
			_ = refused(t, err, http.StatusBadRequest)
			if len(b.cookies) != 0 {
				t.Errorf("%s: got cookies %v", name, b.cookies)
			}
		}
	}
	b := s.browser()
	b.header = http.Header{"Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}, "Sec-Fetch-Site": {"cross-site"}}
	_, err := b.start()
	check(t, err)
}

// TestLK1_StartingRefills: a network that started too many may start one more soon,
// and asking in between puts nothing off; a browser that went wild is refused by
// itself, and spends nothing of the network's.
func TestLK1_StartingRefills(t *testing.T) {
	t.Parallel()
	s := newSite(t, 60)
	wild := s.browser()
	_, err := wild.start() // its first visit, without a cookie, is the network's alone
	check(t, err)
	for range 40 {
		_, err := wild.start()
		check(t, err)
	}
	for range 19 {
		_, err := s.browser().start()
		check(t, err)
	}
	_, err = s.browser().start()
	if wait := refused(t, err, http.StatusTooManyRequests).RetryAfter; wait <= 0 || wait > time.Minute {
		t.Errorf("wait %s", wait)
	}
	for range 50 {
		_, err := s.browser().start()
		_ = refused(t, err, http.StatusTooManyRequests)
	}
	s.clock.Advance(time.Minute)
	_, err = s.browser().start()
	check(t, err)
}

func TestLK1_ABrowserGoneWildSpendsItsOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, 100)
	wild := s.browser()
	started := 0
	for range 300 {
		if _, err := wild.start(); err == nil {
			started++
		}
	}
	if started > 70 {
		t.Errorf("one browser started %d at once", started)
	}
	_, err := s.browser().start()
	check(t, err)
}

// TestKY5_ABindingOfAnUnknownKeyIsNotAnotherBrowsers: an interaction whose id this node
// knows may be bound to its browser under a key that it does not, such as when a key
// began to make between the two. It is not called another browser's.
func TestKY5_ABindingOfAnUnknownKeyIsNotAnotherBrowsers(t *testing.T) {
	t.Parallel()
	s := newSite(t, 100)
	b := s.browser()
	in, err := b.start()
	check(t, err)
	other, err := keys.NewHasher([]keys.SecretKey{{ID: "p2", Key: bytes.Repeat([]byte{2}, 32)}})
	check(t, err)
	check(t, s.store.Update(t.Context(), in, func(in *interaction.Interaction) { in.Browser = other.Sum("browser", "x") }))
	if _, err := s.store.Load(b.request(), in.ID); !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("Load = %v", err)
	}
	if own, err := s.store.Owns(b.request(), in.Browser); own || !errors.Is(err, keys.ErrUnknownKey) {
		t.Errorf("Owns = %t, %v", own, err)
	}
	if own, err := s.store.Owns(s.browser().request(), in.Browser); own || err != nil {
		t.Errorf("Owns without a cookie = %t, %v", own, err)
	}
}

package alone

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"math"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// patient hashes at the least cost and refuses nobody for asking often.
const patient = `
sign_up: {mode: open}
password: {argon2: {memory_kib: 19456}}
limits:
  sign_in: {per_account: {free: 100000}, per_address: {free: 100000}, per_pair: {free: 100000}, known_device: {free: 100000}}
  reset: {per_account: {free: 100000}, per_address: {free: 100000}}
  sign_up: {per_account: {free: 100000}, per_address: {free: 100000}}
  messages: {per_account: {free: 100000}, per_destination: {free: 100000}, per_address: {free: 100000}, anonymous_per_hour: 100000}
`

const (
	// tries is how often each kind of account is asked for: so often that chance
	// alone stays within the tolerance, which is three standard deviations of it.
	tries = 610
	// tolerance is how far the area under the curve may lie from one half: the
	// chance that an answer about one kind takes longer than one about another.
	tolerance = 0.05
	// budget bounds how long one question is asked for. A slow machine tries less
	// often, and is held to as much as so few tries can tell.
	budget = 40 * time.Second
	// least is how often each kind is asked for on any machine: what so few tell is
	// what a wrong hash or none would.
	least = 30
	// names is how many accounts of a kind there are.
	names = 10
)

// allowed is how far the area may lie from one half for so many tries: of two
// kinds that are alike it is normally distributed around it.
func allowed(n int) float64 { return max(tolerance, 3*math.Sqrt(float64(2*n+1)/float64(12*n*n))) }

// auc is the chance that one of a is longer than one of b.
func auc(a, b []time.Duration) float64 {
	sorted := slices.Clone(b)
	slices.Sort(sorted)
	sum := 0.0
	for _, d := range a {
		below, _ := slices.BinarySearch(sorted, d)
		above, _ := slices.BinarySearch(sorted, d+1)
		sum += float64(below) + float64(above-below)/2
	}
	return sum / float64(len(a)*len(b))
}

// asking sends the same form about one account after the other.
type asking struct {
	page   *testbrowser.Page
	button string
	fields func(account string) []string
	// refused says that a limit refuses each.
	refused bool
}

// times asks about the accounts of all kinds in turn, in an order that changes,
// until it has often enough or the budget is spent.
func (a asking) times(t *testing.T, b *testbrowser.Browser, kinds map[string]func(i int) string, rounds int) map[string][]time.Duration {
	t.Helper()
	order, took := make([]string, 0, len(kinds)), map[string][]time.Duration{}
	for kind := range kinds {
		order = append(order, kind)
	}
	began := time.Now()
	for i := range rounds {
		if i >= least && time.Since(began) > budget {
			break
		}
		mathrand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, kind := range order {
			start := time.Now()
			page := b.SubmitOn(a.page, a.button, a.fields(spelled(kinds[kind](i), i))...)
			took[kind] = append(took[kind], time.Since(start))
			if a.refused != (page.Status == http.StatusTooManyRequests) {
				t.Fatalf("%s: %d", kind, page.Status)
			}
		}
	}
	return took
}

// spelled is a name in a spelling of its own that is the same account: a form that is
// sent twice is answered once, and what is timed would be that.
func spelled(name string, i int) string {
	letters := []byte(name)
	for at := 0; i > 0 && at < len(letters); at++ {
		if letters[at] >= 'a' && letters[at] <= 'z' {
			if i&1 == 1 {
				letters[at] -= 'a' - 'A'
			}
			i >>= 1
		}
	}
	return string(letters)
}

// alike fails unless the answers about all kinds take the same time. What noise
// there is gets a second chance, with twice as many tries.
func (a asking) alike(t *testing.T, b *testbrowser.Browser, kinds map[string]func(i int) string) {
	t.Helper()
	for _, rounds := range []int{tries, 2 * tries} {
		took, apart := a.times(t, b, kinds, rounds), ""
		n := len(took["unknown"])
		for kind := range kinds {
			if area := auc(took[kind], took["unknown"]); math.Abs(area-0.5) > allowed(n) {
				apart += fmt.Sprintf(" %s: %.3f", kind, area)
			}
		}
		if apart == "" {
			return
		}
		t.Logf("of %d tries the time tells:%s", n, apart)
	}
	t.Error("the time of an answer tells which accounts there are")
}

// people makes accounts of a kind at the node and returns their names.
func people(t *testing.T, node *testenv.Node, kind, verifier string, change func(*storage.User)) func(i int) string {
	t.Helper()
	return peopleWith(t, node, kind, verifier, change, func(*sqlstore.Store, storage.ID) error { return nil })
}

// peopleWith is people to whom something happened once they were there.
func peopleWith(t *testing.T, node *testenv.Node, kind, verifier string, change func(*storage.User), after func(*sqlstore.Store, storage.ID) error) func(i int) string {
	t.Helper()
	store, err := sqlstore.Open(t.Context(), sqlstore.Config{
		URL: "sqlite://" + node.Data + "/latchkey.db", Hasher: storagetest.Hasher("of no node"), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatalf("open the database: %v", err)
	}
	defer store.Close()
	imported := make([]storage.ImportedUser, names)
	for i := range imported {
		id, err1 := storage.NewID(time.Now(), rand.Reader)
		event, err2 := storage.NewID(time.Now(), rand.Reader)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		imported[i] = storage.ImportedUser{
			User:  storage.User{ID: id, Email: fmt.Sprintf("%s%d@example.com", kind, i), EmailVerified: true, PasswordHash: verifier, CreatedAt: time.Now(), UpdatedAt: time.Now()},
			Event: storage.Event{ID: event, At: time.Now(), Type: storage.EventUserCreated, Outcome: storage.Success, UserID: id},
		}
		change(&imported[i].User)
	}
	if _, err := store.Users().Import(t.Context(), storagetest.Imports(imported...)); err != nil {
		t.Fatalf("make people: %v", err)
	}
	for _, p := range imported {
		if err := after(store, p.User.ID); err != nil {
			t.Fatalf("change people: %v", err)
		}
	}
	return func(i int) string { return fmt.Sprintf("%s%d@example.com", kind, i%names) }
}

func unknown(i int) string { return fmt.Sprintf("nobody%d@example.com", i) }

// ours is a verifier of a new account, at the cost of the tests' nodes.
const ours = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$Y5tYXo0XbnVVT6/AIkVjTBOS0oKrxN8xpeGGeHqTvVs"

// theirs is one of Django's that takes far less time.
const theirs = "pbkdf2_sha256$1000$saltsaltsalt$PXtTzlcCFnWwG2Q3aFWZCqRhoVZlVKuHzZFqTnrUq0E="

func signingIn(b *testbrowser.Browser) asking {
	return asking{page: b.Get("/login"), button: "login-submit", fields: func(account string) []string {
		return []string{"username=" + account, "password=a guess at the password"}
	}}
}

// everyKind are accounts that a sign-in could treat in ways of their own.
func everyKind(t *testing.T, node *testenv.Node) map[string]func(int) string {
	t.Helper()
	never := storage.Backoff{Free: 0, Base: time.Hour, Max: time.Hour, Window: time.Hour}
	return map[string]func(int) string{
		"known":         people(t, node, "known", ours, func(*storage.User) {}),
		"disabled":      people(t, node, "disabled", ours, func(u *storage.User) { u.DisabledAt = time.Now() }),
		"password-less": people(t, node, "passwordless", "", func(*storage.User) {}),
		"locked": peopleWith(t, node, "locked", ours, func(*storage.User) {}, func(s *sqlstore.Store, id storage.ID) error {
			_, err := s.Lockouts().Attempt(t.Context(), id, storage.FactorTOTP, time.Now(), never, 1)
			return err
		}),
	}
}

// TestEN2_TimeDoesNotTellWhoHasAnAccount measures a real process.
func TestEN2_TimeDoesNotTellWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: patient})
	kinds := everyKind(t, node)
	kinds["unknown"] = unknown
	t.Run("sign-in", func(t *testing.T) {
		t.Parallel()
		b := node.Browser(t)
		signingIn(b).alike(t, b, kinds)
	})
	t.Run("forgotten password", func(t *testing.T) {
		t.Parallel()
		b := node.Browser(t)
		asking{page: b.Get("/forgot-password"), button: "forgot-submit", fields: func(account string) []string {
			return []string{"email=" + account}
		}}.alike(t, b, kinds)
	})
	t.Run("sign-up", func(t *testing.T) {
		t.Parallel()
		b := node.Browser(t)
		asking{page: b.Get("/signup"), button: "signup-submit", fields: func(account string) []string {
			return []string{"email=" + account, "password=a long enough new password"}
		}}.alike(t, b, map[string]func(int) string{"unknown": unknown, "known": kinds["known"]})
	})
}

// impatient refuses a second guess at an account, and nothing else.
const impatient = `
password: {argon2: {memory_kib: 19456}}
limits:
  sign_in: {per_account: {free: 100000}, per_address: {free: 100000}, per_pair: {free: 1, base: 10h, max: 10h, window: 20h}, known_device: {free: 100000}}
`

// TestEN2_TheTimeOfARefusalDoesNotTellWhoHasAnAccount: nor does that of the answer to
// whoever guesses too often, which is where an attacker is after a few guesses.
func TestEN2_TheTimeOfARefusalDoesNotTellWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: impatient})
	kinds := everyKind(t, node)
	kinds["foreign"] = people(t, node, "foreign", theirs, func(*storage.User) {})
	kinds["unknown"] = func(i int) string { return unknown(i % names) }
	b := node.Browser(t)
	guess := signingIn(b)
	for kind, name := range kinds {
		for i := range names {
			status := 0
			for guesses := 0; status != http.StatusTooManyRequests; guesses++ {
				if guesses > 3 {
					t.Fatalf("%s is refused no guess", kind)
				}
				status = b.SubmitOn(guess.page, guess.button, guess.fields(name(i))...).Status
			}
		}
	}
	guess.refused = true
	guess.alike(t, b, kinds)
}

// TestEN2_TimeDoesNotTellWhoWasImported: half of the people have a verifier of
// another system, whose check takes another time. That this is seen at all shows
// that the measure sees what differs.
func TestEN2_TimeDoesNotTellWhoWasImported(t *testing.T) {
	t.Parallel()
	node := testenv.StartLatchkey(t, testenv.Latchkey{Config: patient})
	native := people(t, node, "native", ours, func(*storage.User) {})
	imported := people(t, node, "imported", theirs, func(*storage.User) {})
	node.Stop() // a node looks at how passwords are hashed when it starts, and then now and again
	node.Start()
	b := node.Browser(t)
	signingIn(b).alike(t, b, map[string]func(int) string{
		"unknown": unknown,
		"known": func(i int) string {
			if i%2 == 0 {
				return native(i / 2)
			}
			return imported(i / 2)
		},
	})
	seen := signingIn(b).times(t, b, map[string]func(int) string{"native": native, "imported": imported}, 50)
	if area := auc(seen["native"], seen["imported"]); area < 0.9 {
		t.Errorf("a check that takes another time is not seen: %.3f", area)
	}
}

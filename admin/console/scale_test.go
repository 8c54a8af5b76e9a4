package console

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// people is how many there are in the larger of two databases; `make bench` has a million,
// and then times are compared too.
var people = flag.Int("people", 2000, "how many people the console is measured with")

const (
	few = 100
	// measuredFrom is from how many people on times are compared: fewer say nothing.
	measuredFrom = 100_000
	// mayCost is what a page may cost with many, of what it costs with few.
	mayCost = 1.2
	rounds  = 61
)

// TestPagesCostTheSameHoweverManyThereAre: no page shows, or reads, more with many people
// than with a hundred. A search costs what it finds: as many names begin so in both.
func TestPagesCostTheSameHoweverManyThereAre(t *testing.T) {
	t.Parallel()
	small, large := newSite(t), newSite(t)
	small.populate(few)
	large.populate(*people)
	var pages [2][]string
	var browsers [2]*logintest.Browser
	for i, s := range []*site{small, large} {
		u := s.Person("ada@example.com")
		s.signedIn(u, storage.FactorPassword)
		browsers[i] = s.strong(admin.Owner)
		for _, p := range s.console.pages() {
			pages[i] = append(pages[i], s.filledIn(p.path, u))
		}
		pages[i] = append(pages[i], peoplePath+"?q=many00000", findPath+"?q=many00000", sessionsPath+"?person=ada@example.com", activityPath+"?outcome=failure")
	}
	for k := range pages[0] {
		var took [2][]time.Duration
		var rows [2]int
		for range rounds {
			for i, b := range browsers {
				begin := time.Now()
				page := b.Get(pages[i][k])
				took[i] = append(took[i], time.Since(begin))
				rows[i] = strings.Count(page.Body, "<tr>")
				if page.Status != 200 {
					t.Fatalf("%s: %d", pages[i][k], page.Status)
				}
			}
			if *people < measuredFrom {
				break
			}
		}
		if rows[1] > rows[0]+onPage {
			t.Errorf("%s shows %d rows with %d people", pages[1][k], rows[1], *people)
		}
		if *people < measuredFrom {
			continue
		}
		for i := range took {
			slices.Sort(took[i])
		}
		with, without := took[1][rounds/4], took[0][rounds/4] // what others do on the machine slows some down
		t.Logf("%-40s %8s with %d, %8s with %d: %.2f", pages[0][k], without.Round(time.Microsecond), few, with.Round(time.Microsecond), *people, float64(with)/float64(without))
		if float64(with) > mayCost*float64(without) {
			t.Errorf("%s costs %.2f times as much with %d people", pages[1][k], float64(with)/float64(without), *people)
		}
	}
}

// populate makes so many people, some of whom are signed in, in a group, or failed to
// sign in.
func (s *site) populate(n int) {
	s.T.Helper()
	ctx, now := s.T.Context(), s.Clock.Now()
	_, err := s.Accounts.CreateGroup(ctx, account.Operator("root"), account.NewGroup{Name: "staff", Roles: []string{"worker"}})
	logintest.Check(s.T, err)
	for i := range max(onPage+10, min(n/20, 2000)) { // a page is full of them in both
		_, _, err := s.Accounts.Invite(ctx, account.Operator("root"), fmt.Sprintf("guest%07d@example.com", i), "", false)
		logintest.Check(s.T, err)
	}
	const batch = 500
	for begin := 0; begin < n; begin += batch {
		var some []storage.ImportedUser
		for i := begin; i < min(n, begin+batch); i++ {
			u := storage.User{ID: s.ID(), Email: fmt.Sprintf("many%07d@example.com", i), EmailVerified: true, Username: fmt.Sprintf("many%07d", i), CreatedAt: now, UpdatedAt: now}
			if i < 60 || i%20 == 0 {
				u.Groups = []string{"staff"}
			}
			some = append(some, storage.ImportedUser{User: u, Event: s.Event(storage.EventUserImported)})
		}
		_, err := s.Store.Users().Import(ctx, storagetest.Imports(some...))
		logintest.Check(s.T, err)
		if begin%(100*batch) == 0 {
			for _, u := range some[:min(len(some), 60)] {
				s.signedIn(&u.User, storage.FactorPassword)
				for range newest / 50 { // the overview is full of them in both
					failed := s.Event(storage.EventSignInFailed)
					failed.Outcome, failed.UserID, failed.ClientID = storage.Failure, u.User.ID, "wiki"
					logintest.Check(s.T, s.Store.Events().Append(ctx, failed))
				}
			}
		}
	}
}

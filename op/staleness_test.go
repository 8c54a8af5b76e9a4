package op

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func TestDecideRefresh(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	live := storage.Grant{
		ID: "g", ClientID: "wiki", Refreshable: true, Generation: 5, RotatedAt: now.Add(-10 * time.Second),
		IdleExpiresAt: now.Add(time.Hour), ExpiresAt: now.Add(2 * time.Hour),
	}
	with := func(change func(*storage.Grant)) storage.Grant {
		g := live
		change(&g)
		return g
	}
	for _, tc := range []struct {
		name       string
		generation uint32
		grace      time.Duration
		grant      storage.Grant
		disabled   bool
		want       refreshDecision
	}{
		{name: "predecessor within the grace", generation: 4, grace: 30 * time.Second, grant: live, want: refreshRepeat},
		{name: "predecessor as the grace ends", generation: 4, grace: 10 * time.Second, grant: live, want: refreshReuse},
		{name: "predecessor just before it", generation: 4, grace: 10*time.Second + 1, grant: live, want: refreshRepeat},
		{name: "predecessor without a grace", generation: 4, grant: live, want: refreshReuse},
		{name: "without a grace at the very moment", generation: 4, want: refreshReuse,
			grant: with(func(g *storage.Grant) { g.RotatedAt = now })},
		{name: "without a grace, rotated by a request that began later", generation: 4, want: refreshReuse,
			grant: with(func(g *storage.Grant) { g.RotatedAt = now.Add(time.Second) })},
		{name: "rotated by a node whose clock is ahead", generation: 4, grace: time.Second, want: refreshRepeat,
			grant: with(func(g *storage.Grant) { g.RotatedAt = now.Add(time.Second) })},
		{name: "two behind within the grace", generation: 3, grace: 30 * time.Second, grant: live, want: refreshReuse},
		{name: "the first", generation: 1, grace: 30 * time.Second, grant: live, want: refreshReuse},
		{name: "zero", generation: 0, grace: 30 * time.Second, grant: live, want: refreshReuse},
		{name: "the live one", generation: 5, grace: 30 * time.Second, grant: live, want: refreshRefuse},
		{name: "one of the future", generation: 6, grace: 30 * time.Second, grant: live, want: refreshRefuse},
		{name: "old one of a revoked grant", generation: 1, want: refreshRefuse,
			grant: with(func(g *storage.Grant) { g.RevokedAt = now })},
		{name: "predecessor in a revoked grant", generation: 4, grace: 30 * time.Second, want: refreshRefuse,
			grant: with(func(g *storage.Grant) { g.RevokedAt = now })},
		{name: "old one of an expired grant", generation: 1, want: refreshRefuse,
			grant: with(func(g *storage.Grant) { g.ExpiresAt = now })},
		{name: "old one of an idle grant", generation: 1, want: refreshRefuse,
			grant: with(func(g *storage.Grant) { g.IdleExpiresAt = now })},
		{name: "predecessor of a disabled person", generation: 4, grace: 30 * time.Second, grant: live, disabled: true, want: refreshRefuse},
		{name: "a grant that never had refresh tokens", generation: 0, want: refreshRefuse,
			grant: with(func(g *storage.Grant) { g.Refreshable = false })},
	} {
		t.Run(tc.name, func(t *testing.T) {
			row := &storage.GrantUser{Grant: tc.grant}
			if tc.disabled {
				row.User.DisabledAt = now
			}
			got, why := decideRefresh(staleRefresh{Now: now, Generation: tc.generation, Grace: tc.grace, Row: row})
			if got != tc.want || why == "" {
				t.Errorf("decision %d (%s), want %d", got, why, tc.want)
			}
		})
	}
}

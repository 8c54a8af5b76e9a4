package op

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// skewed is another node on n's store, whose clock is off by so much.
func (n *node) skewed(by time.Duration) *node {
	n.t.Helper()
	now := func() time.Time { return n.clock.Now().Add(by) }
	other := *n
	other.store = openTestStore(n.t, n.store.url, n.provider.cfg.Hasher, now, n.clock.Now)
	cfg := n.provider.cfg
	cfg.Now = now
	cfg.Grants, cfg.Tokens = watchedGrants{other.store.Grants(), other.store}, watchedTokens{other.store.AccessTokens(), other.store}
	other.start(cfg)
	return &other
}

// wantNoTheft checks that no honest retry was taken for reuse.
func (n *node) wantNoTheft() {
	n.t.Helper()
	for _, theft := range []storage.EventType{storage.EventRefreshReuse, storage.EventCodeReplay} {
		if slices.Contains(n.events(), theft) {
			n.t.Errorf("taken for theft: %v", n.events())
		}
	}
}

// TestDL1_TheGraceCountsFromTheCommit: the database was held up for longer than the
// grace. Whoever lost the answer and asks again at once gets the same successor.
func TestDL1_TheGraceCountsFromTheCommit(t *testing.T) {
	t.Parallel()
	for _, stall := range []time.Duration{30 * time.Second, 45 * time.Second, time.Hour} {
		n := newNode(t)
		first := n.signedIn()
		n.store.BeforeRotate = func() { n.clock.Advance(stall) }
		lost := n.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
		n.store.BeforeRotate = nil
		retry := n.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
		if retry.RefreshToken != lost.RefreshToken {
			t.Errorf("after %s: another successor", stall)
		}
		n.clock.Advance(30*time.Second - time.Microsecond)
		n.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
		n.wantNoTheft()
		// The retry itself may be held up.
		n.store.AfterRead = nil
		n.refresh(asWiki, retry.RefreshToken).want(t, http.StatusOK, "")
		n.refresh(asWiki, first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
	}
}

// TestDL1_NodesWhoseClocksDiffer: neither a retry nor a code goes wrong because
// it comes to a node whose clock is five minutes off.
func TestDL1_NodesWhoseClocksDiffer(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		here := newNode(t)
		there := here.skewed(skew)
		for name, pair := range map[string][2]*node{"there": {here, there}, "back": {there, here}} {
			from, to := pair[0], pair[1]
			first := to.exchange(asWiki, from.code("wiki")).want(t, http.StatusOK, "")
			second := from.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
			if retry := to.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, ""); retry.RefreshToken != second.RefreshToken {
				t.Errorf("%s, %s: another successor", name, skew)
			}
			for _, n := range pair {
				if !n.introspect(asWiki, second.AccessToken).Active || !n.introspect(asWiki, second.RefreshToken).Active {
					t.Errorf("%s, %s: a token is inactive", name, skew)
				}
			}
			if got := claimsOf(t, second.AccessToken)["iat"]; got != float64(here.clock.Now().Unix()) {
				t.Errorf("%s, %s: issued at %v, and not at the database's time", name, skew, got)
			}
		}
		here.wantNoTheft()
		// What is reuse by the database's clock is reuse on either.
		first := here.signedIn()
		here.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
		here.clock.Advance(30 * time.Second)
		there.refresh(asWiki, first.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
		if !slices.Contains(here.events(), storage.EventRefreshReuse) {
			t.Errorf("%s: reuse was not seen", skew)
		}
	}
}

package test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/storage"
)

// many is how many requests meet.
const many = 200

func TestTK1_OfManyExchangesOfOneCodeOneSucceeds(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		wiki, b := in.client("wiki"), in.signedIn(t)
		code := wiki.code(t, b)
		var won []answer
		for _, a := range atOnce(many, func(i int) answer { return wiki.exchange(in.http(i), code) }) {
			if a.Status == http.StatusOK {
				won = append(won, a)
				continue
			}
			expect(t, "a late exchange", a, http.StatusBadRequest, "invalid_grant")
		}
		if len(won) != 1 {
			t.Fatalf("%d of %d exchanges succeeded", len(won), many)
		}
		// Each of the others could have been first: somebody has the secrets.
		expect(t, "one more exchange", wiki.exchange(in.http(1), code), http.StatusBadRequest, "invalid_grant")
		wiki.expectDead(t, in, won[0].AccessToken)
		expect(t, "its refresh token", wiki.refresh(in.http(0), won[0].RefreshToken), http.StatusBadRequest, "invalid_grant")
	})
}

func TestTK2_OnlyAReplayThatCouldHaveSucceededRevokes(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		wiki, strict, b := in.client("wiki"), in.client("strict"), in.signedIn(t)
		code := wiki.code(t, b)
		first := must(t, wiki.exchange(in.http(0), code))
		expect(t, "a replay without the verifier", wiki.exchangeWith(in.http(1), code, strings.Repeat("x", 43)), http.StatusBadRequest, "invalid_grant")
		expect(t, "a replay by another client", strict.exchange(in.http(1), code), http.StatusBadRequest, "invalid_grant")
		must(t, wiki.userinfo(in.http(1), first.AccessToken))

		expect(t, "a replay", wiki.exchange(in.http(1), code), http.StatusBadRequest, "invalid_grant")
		wiki.expectDead(t, in, first.AccessToken)
		expect(t, "the refresh token", wiki.refresh(in.http(0), first.RefreshToken), http.StatusBadRequest, "invalid_grant")
		in.expectAlert(t, first.RefreshToken, storage.EventCodeReplay, storage.RevokedCodeReplay)
	})
}

func TestRF3_OfManyRefreshesOfOneTokenComesOneSuccessor(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		wiki, b := in.client("wiki"), in.signedIn(t)
		first := wiki.tokens(t, in.http(0), b)
		successors := map[string]bool{}
		for _, a := range atOnce(many, func(i int) answer { return wiki.refresh(in.http(i), first.RefreshToken) }) {
			expect(t, "a refresh within the grace", a, http.StatusOK, "")
			successors[a.RefreshToken] = true
		}
		if len(successors) != 1 {
			t.Fatalf("%d refreshes made %d distinct successors", many, len(successors))
		}
		for successor := range successors {
			expectGeneration(t, in, successor, 2)
			next := must(t, wiki.refresh(in.http(1), successor))
			must(t, wiki.userinfo(in.http(0), next.AccessToken))
			expectGeneration(t, in, next.RefreshToken, 3)
		}
	})
}

func TestRF2_WithoutGraceOneOfManyRefreshesSucceedsAndTheGrantEnds(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		strict, b := in.client("strict"), in.signedIn(t)
		first := strict.tokens(t, in.http(0), b)
		var won []answer
		for _, a := range atOnce(many, func(i int) answer { return strict.refresh(in.http(i), first.RefreshToken) }) {
			if a.Status == http.StatusOK {
				won = append(won, a)
				continue
			}
			expect(t, "a late refresh", a, http.StatusBadRequest, "invalid_grant")
		}
		if len(won) != 1 {
			t.Fatalf("%d of %d refreshes succeeded", len(won), many)
		}
		expect(t, "the successor", strict.refresh(in.http(1), won[0].RefreshToken), http.StatusBadRequest, "invalid_grant")
		strict.expectDead(t, in, won[0].AccessToken)
		strict.expectDead(t, in, first.AccessToken)
	})
}

func TestRF2_ReuseEndsTheGrantItsAccessTokensAndAlerts(t *testing.T) {
	everyInstallation(t, func(t *testing.T, in *installation) {
		strict, b := in.client("strict"), in.signedIn(t)
		r1 := strict.tokens(t, in.http(0), b)
		r2 := must(t, strict.refresh(in.http(1), r1.RefreshToken))
		r3 := must(t, strict.refresh(in.http(0), r2.RefreshToken))
		other := strict.tokens(t, in.http(0), b)

		expect(t, "R1 again", strict.refresh(in.http(1), r1.RefreshToken), http.StatusBadRequest, "invalid_grant")
		expect(t, "R3", strict.refresh(in.http(0), r3.RefreshToken), http.StatusBadRequest, "invalid_grant")
		for _, a := range []answer{r1, r2, r3} {
			strict.expectDead(t, in, a.AccessToken)
		}
		must(t, strict.refresh(in.http(1), other.RefreshToken)) // another grant of the same person and client
		in.expectAlert(t, r1.RefreshToken, storage.EventRefreshReuse, storage.RevokedReuse)
	})
}

// expectAlert checks that the end of a token's grant is in the events, once, and
// in the log.
func (in *installation) expectAlert(t *testing.T, token string, typ storage.EventType, reason string) {
	t.Helper()
	id, _, err := grantOf(token)
	if err != nil {
		t.Fatal(err)
	}
	events, err := in.store(t).Events().List(t.Context(), storage.EventFilter{Limit: many})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, e := range events {
		if e.Type == typ && e.GrantID == id {
			found++
			if e.UserID == "" || e.ClientID == "" || e.RequestID == "" || e.Address == "" || e.Outcome != storage.Failure {
				t.Errorf("event is %+v", e)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d events %s of the grant among %d", found, typ, len(events))
	}
	alerts := 0
	for line := range strings.Lines(in.log()) {
		if strings.Contains(line, `"level":"WARN"`) && strings.Contains(line, string(id)) && strings.Contains(line, reason) {
			alerts++
		}
	}
	if alerts != 1 {
		t.Errorf("%d warnings of the grant in the log", alerts)
	}
	for _, part := range []string{token, strings.TrimPrefix(token, "lkr_")} {
		if strings.Contains(in.log(), part) {
			t.Error("a refresh token is in the log")
		}
	}
}

// expectGeneration checks that a token is its grant's live one, of a generation.
func expectGeneration(t *testing.T, in *installation, token string, want uint32) {
	t.Helper()
	id, generation, err := grantOf(token)
	if err != nil {
		t.Fatal(err)
	}
	row, err := in.store(t).Grants().ByID(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if generation != want || row.Grant.Generation != want || !row.Grant.RevokedAt.IsZero() {
		t.Errorf("the token has generation %d, the row %d (revoked %v), want %d", generation, row.Grant.Generation, row.Grant.RevokedAt, want)
	}
}

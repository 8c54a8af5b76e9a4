package console

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/admin"
	"github.com/latchkey-id/latchkey/admin/api"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/storage"
)

// TestChartsSayTheirNumbers: each chart is an image with a table of what it shows, made
// of numbers that were counted before, and only for whom they are.
func TestChartsSayTheirNumbers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	today := api.FirstDay(s.Clock.Now(), 1)
	of := func(days int, kind storage.NumberKind, label string, n int64) storage.DailyNumber {
		return storage.DailyNumber{Day: today.AddDate(0, 0, -days), Kind: kind, Label: label, N: n}
	}
	logintest.Check(t, s.Store.Numbers().Count(t.Context(), storage.NumbersStep{To: 1, Added: []storage.DailyNumber{
		of(0, storage.NumberSignIns, "", 4119), of(1, storage.NumberSignIns, "", 12), of(40, storage.NumberSignIns, "", 100_000),
		of(0, storage.NumberFailedSignIns, "", 1373), of(0, storage.NumberFactors, "totp", 2222), of(3, storage.NumberNewPeople, "", 333),
		of(2, storage.NumberClientFailed, "wiki", 75), of(2, storage.NumberClientFailed, "", 25), of(1, storage.NumberPeople, "", 9), of(0, storage.NumberPeople, "", 1000),
		of(0, storage.NumberEnrolled, "", 250), of(0, storage.NumberEnrolled, "passkey", 100),
	}}))
	page := s.strong(admin.Auditor).Get(Root)
	for _, want := range []string{
		`<svg role="img" aria-label="Sign-ins per day"`, "4119", "4131", "1373", "2222", "333", "Authenticator app", "Of 1000 people", "25 %", "10 %",
		appAt("wiki"), "75 %", "Unknown app", `height="75.00"`,
	} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("it does not say %s", want)
		}
	}
	if strings.Contains(page.Body, "100000") || strings.Contains(page.Body, "NaN") {
		t.Error("a day is shown that is long over, or no number")
	}
	if n := strings.Count(page.Body, "<rect class=\"good\""); n != 2 {
		t.Errorf("%d days have sign-ins", n)
	}
	for _, role := range []admin.Role{admin.People, admin.HelpDesk} {
		if body := s.strong(role).Get(Root).Body; strings.Contains(body, "4119") {
			t.Errorf("%s sees them", role)
		}
	}
}

// TestAChartOfNothing is one without bars, not a division by nothing.
func TestAChartOfNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	page := s.strong(admin.Owner).Get(Root)
	if strings.Contains(page.Body, "NaN") || strings.Contains(page.Body, "<rect class=\"good\"") || !strings.Contains(page.Body, "Not counted yet") {
		t.Errorf("it shows %s", page.Body)
	}
	if got := share(1, 0); got.Share != "0.00" {
		t.Errorf("a share of nothing is %s", got.Share)
	}
	if d := api.FirstDay(time.Date(2027, 3, 1, 1, 0, 0, 0, time.FixedZone("", 3*3600)), 2); !d.Equal(time.Date(2027, 2, 27, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the first of two days is %s", d)
	}
}

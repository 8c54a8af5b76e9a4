package metrics

import (
	"database/sql"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"
)

// What the alerts ask about is what a server has; and each alert has a rule test.
func TestAlertsAskAboutMetricsThatExist(t *testing.T) {
	m := New("v1.2.3")
	m.Jobs("sweep")
	m.Check("database", true)
	m.Pool(func() sql.DBStats { return sql.DBStats{} })
	m.HashQueue(func() (int, int) { return 0, 0 })
	m.DroppedLines(func() int64 { return 0 })
	m.CertificateExpires(time.Now)
	m.Wrap([]string{"/token"}, nil)
	names, err := m.Names()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("../../../deploy/alerts/latchkey.yml")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("../../../deploy/alerts/latchkey_test.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`latchkey_[a-z_]+[a-z]`).FindAllString(string(rules), -1) {
		if name != "latchkey_test" && !slices.Contains(names, name) {
			t.Errorf("an alert asks about %s, which no server has", name)
		}
	}
	for _, found := range regexp.MustCompile(`alert: (\w+)`).FindAllSubmatch(rules, -1) {
		if !regexp.MustCompile(`name: ` + string(found[1]) + `\n`).Match(tests) {
			t.Errorf("the alert %s has no rule test", found[1])
		}
	}
}

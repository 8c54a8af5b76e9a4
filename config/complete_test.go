package config

import (
	"testing"
	"time"
)

// TestDL1_DeadlinesOfTheDatabaseFollowOneAnother: what nobody chose is derived from
// what somebody chose, so that whoever shortens one deadline shortens those behind it.
func TestDL1_DeadlinesOfTheDatabaseFollowOneAnother(t *testing.T) {
	for name, c := range map[string]struct {
		request     time.Duration
		given, want Database
	}{
		"nothing chosen": {5 * time.Second, Database{}, Database{
			Timeout: 5 * time.Second, StatementTimeout: 10 * time.Second, LockTimeout: 5 * time.Second, IdleInTransactionTimeout: 20 * time.Second,
		}},
		"a request's": {2 * time.Second, Database{}, Database{
			Timeout: 2 * time.Second, StatementTimeout: 4 * time.Second, LockTimeout: 2 * time.Second, IdleInTransactionTimeout: 8 * time.Second,
		}},
		"the database's": {5 * time.Second, Database{Timeout: time.Second}, Database{
			Timeout: time.Second, StatementTimeout: 2 * time.Second, LockTimeout: time.Second, IdleInTransactionTimeout: 4 * time.Second,
		}},
		"each chosen": {
			5 * time.Second,
			Database{Timeout: time.Second, StatementTimeout: time.Minute, LockTimeout: 3 * time.Second, IdleInTransactionTimeout: 2 * time.Second},
			Database{Timeout: time.Second, StatementTimeout: time.Minute, LockTimeout: 3 * time.Second, IdleInTransactionTimeout: 2 * time.Second},
		},
	} {
		got := c.given
		if got.complete(c.request); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

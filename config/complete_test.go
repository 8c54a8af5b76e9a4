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

// TestDL1_NoDeadlineIsTheGrace by default: a client whose connection ended because an
// answer came too late tries again within the grace of its refresh token. Were the two
// alike, its retry would come when the grace is over, and be taken for theft.
func TestDL1_NoDeadlineIsTheGrace(t *testing.T) {
	c := mustLoad(t, "", serveEnv())
	grace := c.Tokens.RefreshGrace
	for name, deadline := range map[string]time.Duration{
		"timeouts.request, thrice": 3 * c.Timeouts.Request, "timeouts.read": c.Timeouts.Read, "timeouts.write": c.Timeouts.Write,
		"database.timeout": c.Database.Timeout, "database.statement_timeout": c.Database.StatementTimeout,
		"database.lock_timeout": c.Database.LockTimeout, "database.idle_in_transaction_timeout": c.Database.IdleInTransactionTimeout,
	} {
		if deadline <= 0 || deadline+5*time.Second > grace {
			t.Errorf("%s is %s, too near to tokens.refresh_grace, %s", name, deadline, grace)
		}
	}
}

package sqlstore

import (
	"fmt"
	"strings"
	"sync"
)

// dialect is the SQL that a database speaks. Statements are written for
// PostgreSQL; SQLite differs in the spelling of a placeholder, and where a method
// here says so.
type dialect string

const (
	postgres dialect = "postgres"
	sqliteDB dialect = "sqlite"
)

// query spells a statement whose placeholders are $1, $2, …
func (d dialect) query(text string) string {
	if d == sqliteDB {
		return spelled.of(text)
	}
	return text
}

// spellings are statements as SQLite takes them, by their text: to spell one anew each
// time costs more than to find it.
type spellings struct {
	mu    sync.RWMutex
	known map[string]string
}

var spelled = spellings{known: map[string]string{}}

var spellSQLite = strings.NewReplacer("$", "?", postgres.held(), sqliteDB.held())

func (s *spellings) of(text string) string {
	s.mu.RLock()
	spelling, known := s.known[text]
	s.mu.RUnlock()
	if known {
		return spelling
	}
	spelling = spellSQLite.Replace(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxPrepared {
		clear(s.known)
	}
	s.known[text] = spelling
	return spelling
}

// now is the time of the database's clock at this very moment, not that of the
// transaction's beginning, in microseconds. The placeholder stands for [Store.clock].
func (d dialect) now(placeholder int) string {
	if d == sqliteDB {
		return fmt.Sprintf(`CAST($%d AS BIGINT)`, placeholder)
	}
	return fmt.Sprintf(`COALESCE(CAST($%d AS BIGINT), CAST(date_part('epoch', clock_timestamp()) * 1000000 AS BIGINT))`, placeholder)
}

// lock ends a SELECT that holds its rows until the transaction ends. SQLite's
// transactions exclude each other already.
func (d dialect) lock(how string) string {
	if d == sqliteDB {
		return ""
	}
	return " FOR " + how
}

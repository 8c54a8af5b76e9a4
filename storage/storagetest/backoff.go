package storagetest

import (
	"math"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// Wait is one line of the table that holds the formula of a backoff to the same
// answers in Go, SQL and Lua.
type Wait struct {
	Backoff storage.Backoff
	N       int64
	Want    time.Duration
}

// Waits is that table.
var Waits = func() []Wait {
	doubling := storage.Backoff{Free: 3, Base: time.Second, Max: 10 * time.Second}
	atOnce := storage.Backoff{Base: 30 * time.Second, Max: 10 * time.Minute}
	capped := storage.Backoff{Free: 1, Base: time.Hour, Max: time.Minute}
	long := storage.Backoff{Base: time.Millisecond, Max: 365 * 24 * time.Hour}
	none := storage.Backoff{Free: 2}
	return []Wait{
		{doubling, 1, 0}, {doubling, 3, 0}, {doubling, 4, time.Second}, {doubling, 5, 2 * time.Second}, {doubling, 6, 4 * time.Second},
		{doubling, 7, 8 * time.Second}, {doubling, 8, 10 * time.Second}, {doubling, 1000, 10 * time.Second}, {doubling, math.MaxInt32, 10 * time.Second},
		{atOnce, 0, 0}, {atOnce, 1, 30 * time.Second}, {atOnce, 2, time.Minute}, {atOnce, 6, 10 * time.Minute},
		{capped, 1, 0}, {capped, 2, time.Minute}, {capped, 3, time.Minute},
		{long, 1, time.Millisecond}, {long, 31, time.Millisecond << 30}, {long, 36, time.Millisecond << 32},
		{none, 2, 0}, {none, 3, 0}, {none, 100, 0},
	}
}()

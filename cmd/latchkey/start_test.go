package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
	"github.com/latchkey-id/latchkey/config"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

// A database that answers too late while a node reads what it holds is waited for as
// one that is away: a slow machine does not end the start.
func TestDL1_AStartWaitsForADatabaseThatIsHeldUp(t *testing.T) {
	t.Parallel()
	data, err := devdata.Open(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.LoadOptions{Dev: true, Defaults: data.Defaults("http://localhost")})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database.URL, cfg.Database.Timeout = config.NewSecret(testenv.Postgres(t)), 200*time.Millisecond
	var output testenv.Log
	log, err := openLog(cfg.Log, &output)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(log.close)
	p, err := openProcess(t.Context(), serveOptions{cfg: cfg, log: log, now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}()
	release := lockTable(t, cfg.Database.URL.Reveal(), "signing_keys")
	loaded := make(chan error, 1)
	go func() { loaded <- p.load(t.Context()) }()
	look, patience := time.NewTicker(10*time.Millisecond), time.After(testenv.Patience)
	defer look.Stop()
	for !strings.Contains(output.String(), "cannot be reached yet") {
		select {
		case err := <-loaded:
			t.Fatalf("the start did not wait: %v", err)
		case <-patience:
			t.Fatalf("it never said that it waits: %s", output.String())
		case <-look.C:
		}
	}
	// From now on the machine may be as slow as it likes.
	release()
	if err := <-loaded; err != nil {
		t.Error(err)
	}
}

// lockTable keeps everybody else from a table until it is released.
func lockTable(t *testing.T, url, table string) (release func()) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err == nil {
		_, err = tx.ExecContext(t.Context(), "LOCK TABLE "+table)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	}
}

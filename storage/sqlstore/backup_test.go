package sqlstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// A database that is served from is not replaced under its node.
func TestRS1_ADatabaseInUseIsNotReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "latchkey.db")
	node, restoring := open(t, "sqlite://"+path, time.Now), open(t, "sqlite://"+path, time.Now)
	if _, err := node.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := node.LockNode(); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := restoring.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(backup); err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
		t.Fatalf("the backup is %v, %v", info, err)
	}
	if _, err := restoring.Replace(backup, time.Now()); !errors.Is(err, sqlstore.ErrSecondNode) {
		t.Errorf("Replace beside a node: %v", err)
	}
	if err := node.Sound(t.Context()); err != nil {
		t.Errorf("the node's database: %v", err)
	}
}

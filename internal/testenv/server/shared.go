package server

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Shared are the servers that all test processes of an account use, wherever they
// run: packages, runs and work trees. The keeper starts and stops them.
type Shared struct {
	Postgres, Redis string // URLs
}

// The files of a [Folder].
const (
	UsersLock  = "users.lock"    // shared by who uses the servers
	StartLock  = "start.lock"    // held by who looks for the keeper or starts it
	KeeperLock = "keeper.lock"   // held by the keeper while it lives
	sharedFile = "services.json" // a [Shared], there while the servers answer
)

// Folder is where the test processes of an account meet.
type Folder string

// OpenFolder makes the folder in the system's temporary one. The version in its
// name changes when old and new processes would not understand one another.
func OpenFolder() (Folder, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("latchkey-tests-v1-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o711); err != nil { // PostgreSQL's account passes through
		return "", fmt.Errorf("make folder of the shared servers: %w", err)
	}
	return Folder(dir), nil
}

// Join returns the path of something in the folder.
func (f Folder) Join(name string) string { return filepath.Join(string(f), name) }

// Publish says where the servers are, all at once.
func (f Folder) Publish(content []byte) error {
	part := f.Join(sharedFile + ".part")
	if err := os.WriteFile(part, content, 0o600); err != nil {
		return fmt.Errorf("say where the servers are: %w", err)
	}
	if err := os.Rename(part, f.Join(sharedFile)); err != nil {
		return fmt.Errorf("say where the servers are: %w", err)
	}
	return nil
}

// Withdraw takes back what [Folder.Publish] said.
func (f Folder) Withdraw() { _ = os.Remove(f.Join(sharedFile)) }

// Running returns the servers of the keeper; false where none lives.
func (f Folder) Running() (Shared, bool) {
	var s Shared
	dead, err := TryLock(f.Join(KeeperLock), ByOne)
	if err == nil {
		_ = dead.Close()
		return s, false
	}
	content, err := os.ReadFile(f.Join(sharedFile))
	if err != nil {
		return s, false
	}
	return s, json.Unmarshal(content, &s) == nil
}

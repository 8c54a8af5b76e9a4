package testenv

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testenv/server"
)

// Python returns an interpreter that has the packages of a folder's
// requirements.txt. They are installed once, into an environment of their own
// that is named after the file's content.
func Python(t testing.TB, folder string) string {
	t.Helper()
	requirements := filepath.Join(folder, "requirements.txt")
	wanted, err := os.ReadFile(requirements)
	if err != nil {
		t.Fatalf("what pip is to install: %v", err)
	}
	digest := sha256.Sum256(wanted)
	environment := cacheFolder(t, "python-"+hex.EncodeToString(digest[:8]))
	installing, err := server.Lock(environment+".lock", server.ByOne) // against tests of other packages too
	if err != nil {
		t.Fatalf("install packages: %v", err)
	}
	defer installing.Close()
	interpreter, stamp := filepath.Join(environment, "bin", "python"), filepath.Join(environment, "installed.txt")
	if have, err := os.ReadFile(stamp); err == nil && bytes.Equal(have, wanted) {
		return interpreter
	}
	for _, install := range [][]string{
		{find(t, "python3", "python3-venv"), "-m", "venv", "--clear", environment},
		{interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements},
	} {
		command := exec.CommandContext(t.Context(), install[0], install[1:]...)
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", install, err, output)
		}
	}
	if err := os.WriteFile(stamp, wanted, 0o600); err != nil {
		t.Fatalf("note what is installed: %v", err)
	}
	return interpreter
}

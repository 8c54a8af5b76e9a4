package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// tools keeps the tests of a process from building the same program at once.
var tools sync.Mutex

// cacheFolder is where what tests install stays from run to run.
func cacheFolder(t testing.TB, name string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatalf("folder of caches: %v", err)
	}
	folder := filepath.Join(cache, "latchkey-tests", name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatalf("make folder of caches: %v", err)
	}
	return folder
}

// GoTool returns a program that is built from a Go module of a version, once.
func GoTool(t testing.TB, module, version string) string {
	t.Helper()
	tools.Lock()
	defer tools.Unlock()
	folder := cacheFolder(t, "go-"+version)
	install := exec.CommandContext(t.Context(), "go", "install", module+"@"+version)
	install.Dir = folder // outside our own module
	install.Env = append(os.Environ(), "GOBIN="+folder, "GOFLAGS=", "CGO_ENABLED=0")
	if output, err := install.CombinedOutput(); err != nil {
		t.Fatalf("go install %s@%s: %v\n%s", module, version, err, output)
	}
	name := filepath.Base(module)
	if name == "v7" {
		name = filepath.Base(filepath.Dir(module))
	}
	return filepath.Join(folder, name)
}

// Maven builds the project of a folder and returns what it makes.
func Maven(t testing.TB, folder, artifact string) string {
	t.Helper()
	tools.Lock()
	defer tools.Unlock()
	build := exec.CommandContext(t.Context(), find(t, "mvn", "maven"), "--quiet", "--batch-mode", "package")
	build.Dir = folder
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("mvn package in %s: %v\n%s", folder, err, output)
	}
	return filepath.Join(folder, "target", artifact)
}

// Apache returns the web server, and ApacheModules where its modules are.
func Apache(t testing.TB) string {
	t.Helper()
	return find(t, "apache2", "apache2", "/usr/sbin/apache2")
}

// ApacheModules returns the folder of Apache's modules.
func ApacheModules(t testing.TB) string {
	t.Helper()
	return filepath.Dir(find(t, "mod_auth_openidc.so", "libapache2-mod-auth-openidc", "/usr/lib/apache2/modules/mod_auth_openidc.so"))
}

// Puma returns the web server of Rails applications.
func Puma(t testing.TB) string {
	t.Helper()
	return find(t, "puma", "puma")
}

// GoModule builds the program of a folder that is a Go module of its own, once.
func GoModule(t testing.TB, folder string) string {
	t.Helper()
	tools.Lock()
	defer tools.Unlock()
	binary := filepath.Join(cacheFolder(t, "modules"), filepath.Base(folder))
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".")
	build.Dir = folder
	build.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build in %s: %v\n%s", folder, err, output)
	}
	return binary
}

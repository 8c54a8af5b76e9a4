// Package newcomer follows the documentation to the letter, as somebody does who
// has nothing else.
package newcomer

import (
	"context"
	"crypto/tls"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

func document(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// blocks are the shell commands of a document, in their order.
func blocks(text string) []string {
	var found []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		found = append(found, block[1])
	}
	return found
}

// TestFromAnEmptyFolderToAPersonSignedInOverHTTPS runs docs/production.md as it
// stands, but for the name of the host, its port and who signed the certificate, and goes on
// from there to a Django site.
func TestFromAnEmptyFolderToAPersonSignedInOverHTTPS(t *testing.T) {
	t.Parallel()
	page := document(t, "../../docs/production.md")
	commands := blocks(page)
	if len(commands) != 4 {
		t.Fatalf("the page has %d blocks of commands, want 4", len(commands))
	}
	folder := t.TempDir()
	port := strconv.Itoa(testenv.FreePort(t))
	issuer := "https://localhost:" + port
	replace := strings.NewReplacer("https://id.example.com", issuer, "listen: :443", "listen: 127.0.0.1:"+port)
	bin := t.TempDir()
	if err := os.Symlink(testenv.Binary(t), filepath.Join(bin, "latchkey")); err != nil {
		t.Fatal(err)
	}
	environment := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	shell := func(where, script string) *exec.Cmd {
		command := exec.CommandContext(context.WithoutCancel(t.Context()), "bash", "-euo", "pipefail", "-c", replace.Replace(script))
		command.Dir, command.Env = where, environment
		return command
	}
	run := func(where, script string) string {
		t.Helper()
		output, err := shell(where, script).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", script, err, output)
		}
		return string(output)
	}

	began := time.Now()
	run(folder, commands[0])
	folder = filepath.Join(folder, "latchkey")
	run(folder, `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost -out certificate.pem -keyout certificate-key.pem`)
	run(folder, commands[1])
	created := run(folder, commands[2])
	password := regexp.MustCompile(`(?m)password:?\s+(\S+)\s*$`).FindStringSubmatch(created)
	if password == nil {
		t.Fatalf("no password is printed: %s", created)
	}

	log := new(testenv.Log)
	serve := shell(folder, "exec "+strings.TrimSpace(commands[3]))
	serve.Stdout, serve.Stderr = log, log
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Signal(os.Interrupt)
		if err := serve.Wait(); err != nil {
			t.Errorf("stop: %v\n%s", err, log)
		}
	})
	testenv.WaitForPort(t, "127.0.0.1:"+port, log)

	trusted := testenv.CertPool(t, filepath.Join(folder, "certificate.pem"))
	browser := testbrowser.New(t, issuer, &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}})
	browser.Get("/")
	browser.Submit("login-submit", "username=you@example.com", "password="+password[1]).Want(t, 200, "Your Name")
	signedIn := time.Since(began).Round(time.Millisecond)
	words := len(strings.Fields(page[:strings.Index(page, "\n## Backups")]))
	t.Logf("from an empty folder to a person signed in: %s of the machine, and %d words to read", signedIn, words)

	began = time.Now()
	site := djangoSite(t, folder, issuer)
	if err := serve.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	testenv.WaitForLog(t, log, "reloaded")
	trusted.AddCert(site.Certificate())
	browser.Client.CheckRedirect = nil
	browser.Get(site.URL).Want(t, 200, "signed in: Your Name <you@example.com>")
	t.Logf("from there to a Django site signed in: %s of the machine", time.Since(began).Round(time.Millisecond))
}

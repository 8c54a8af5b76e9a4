// Package devdata is the data folder of `latchkey dev`: the embedded database
// and the secrets that were generated for it. Nobody but its owner can read it.
package devdata

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/latchkey-id/latchkey/internal/ident"
)

// Folder is an open data folder.
type Folder struct {
	path string
	// DemoSecret is the secret of the demo relying party, and DemoPassword the
	// password of the demo person.
	DemoSecret, DemoPassword string
}

// The files of a folder.
const (
	databaseFile     = "latchkey.db"
	sealingKeyFile   = "sealing-key"
	hashKeyFile      = "hash-key"
	demoSecretFile   = "demo-client-secret"
	demoPasswordFile = "demo-password"
	runFile          = "run.json"
)

// Find opens a folder that is there already. Only dev makes one: a mistyped path
// must not become a provider of its own.
func Find(path string) (*Folder, error) {
	_, err := os.Stat(filepath.Join(path, hashKeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no data folder of latchkey dev at %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	return Open(path)
}

// Open opens the folder, and makes what it lacks.
func Open(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	if err := os.Chmod(path, 0o700); err != nil {
		return nil, fmt.Errorf("close data folder to others: %w", err)
	}
	f := &Folder{path: path}
	for name, into := range map[string]*string{
		sealingKeyFile: new(string), hashKeyFile: new(string), demoSecretFile: &f.DemoSecret, demoPasswordFile: &f.DemoPassword,
	} {
		make := newSecret
		if name == demoPasswordFile {
			make = newPassword
		}
		if *into, err = f.secret(name, make); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// secret returns the secret in a file, which it makes first where there is none.
// Of several processes that make it at once, one does; the others read it.
func (f *Folder) secret(name string, generate func() string) (string, error) {
	path := filepath.Join(f.path, name)
	made, err := os.CreateTemp(f.path, name+".*") // 0600
	if err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	defer os.Remove(made.Name())
	_, err = made.WriteString(generate() + "\n")
	if err := errors.Join(err, made.Close()); err != nil {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	if err := os.Link(made.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make %s: %w", name, err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Run is how dev was last started on a folder: commands speak of the same
// installation.
type Run struct {
	Issuer string `json:"issuer"`
	// Config is the absolute path of the configuration file; empty for none.
	Config string `json:"config,omitempty"`
	// Listen is where it listens, and Text that a person reads its log.
	Listen string `json:"listen,omitempty"`
	Text   bool   `json:"text,omitempty"`
}

// Remember keeps how dev is started.
func (f *Folder) Remember(r Run) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("remember the run: %w", err)
	}
	next := filepath.Join(f.path, runFile+".next")
	if err := os.WriteFile(next, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("remember the run: %w", err)
	}
	return os.Rename(next, filepath.Join(f.path, runFile))
}

// Recall returns how dev was last started, or an issuer without a port where it
// never was.
func (f *Folder) Recall() (Run, error) {
	text, err := os.ReadFile(filepath.Join(f.path, runFile))
	if errors.Is(err, fs.ErrNotExist) {
		return Run{Issuer: "http://localhost"}, nil
	}
	var r Run
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return Run{}, fmt.Errorf("read how latchkey dev was started: %w", err)
	}
	return r, nil
}

func newSecret() string {
	var b [32]byte
	rand.Read(b[:])                 // never fails: crypto/rand documents that it crashes instead
	return hex.EncodeToString(b[:]) // half of all clients send base64's + wrong
}

// newPassword is one that a person can type: 26 letters and digits would be
// 130 bits, of which 80 do.
func newPassword() string {
	text := strings.ToLower(rand.Text()[:16])
	return text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
}

// DemoClientID is the client of the demo relying party.
const DemoClientID = "demo"

// everywhere is every country: an SMS under dev costs nothing.
func everywhere() []any {
	var countries []any
	for _, country := range ident.PhoneCountries() {
		countries = append(countries, country)
	}
	return countries
}

// Defaults is the configuration that dev starts from.
func (f *Folder) Defaults(issuer string) map[string]any {
	return map[string]any{
		"issuer":         issuer,
		"database.url":   "sqlite://" + filepath.Join(f.path, databaseFile),
		"log.format":     "json",
		"metrics.listen": "",
		"timeouts.drain": "0s", // no load balancer is in front
		"sign_up.mode":   "open",
		"admin.console":  true,
		"sms.countries":  everywhere(),
		"secrets.sealing_keys": []any{
			map[string]any{"id": "dev", "key": "file:" + filepath.Join(f.path, sealingKeyFile)},
		},
		"secrets.hash_keys": []any{
			map[string]any{"id": "dev", "key": "file:" + filepath.Join(f.path, hashKeyFile)},
		},
		"clients": []any{map[string]any{
			"id":                        DemoClientID,
			"name":                      "Demo application",
			"type":                      "confidential",
			"auth_method":               "client_secret_basic",
			"secret":                    "file:" + filepath.Join(f.path, demoSecretFile),
			"redirect_uris":             []any{issuer + "/demo/callback"},
			"post_logout_redirect_uris": []any{issuer + "/demo"},
			"grant_types":               []any{"authorization_code", "refresh_token"},
			"scopes":                    []any{"openid", "profile", "email", "address", "phone", "offline_access"},
		}},
	}
}

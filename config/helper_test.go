package config

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Keys and secrets of the kind `openssl rand -base64 32` prints.
const (
	keyOne   = "9ZGRc5nTq1SgFQ7mS7xV4nFvbX5l7o2nJkqzD0TqH3g="
	keyTwo   = "yV0Jm1p8dQeXw3rT6uKzC4bN7sL2hG9fA5oE8iRqW1c="
	keyThree = "mB3xZ8vL5nQ1wE7rT2yU9iO4pA6sD0fGhJkHcVbNlQs="
	keyFour  = "Qw8eR5tY2uI9oP3aS6dF1gH4jK7lZ0xCvBnMpLoIkJh="
)

// now is the time at which tests load.
var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// serveEnv lets a file that says nothing start `latchkey serve`.
func serveEnv() map[string]string {
	return map[string]string{
		"LATCHKEY_ISSUER":                     "https://id.example.com",
		"LATCHKEY_TRUSTED_PROXIES":            "10.0.0.0/8",
		"LATCHKEY_DATABASE_URL":               "postgres://latchkey:pw@db/latchkey?sslmode=verify-full",
		"LATCHKEY_SECRETS_SEALING_KEYS_0_ID":  "s1",
		"LATCHKEY_SECRETS_SEALING_KEYS_0_KEY": keyOne,
		"LATCHKEY_SECRETS_HASH_KEYS_0_ID":     "h1",
		"LATCHKEY_SECRETS_HASH_KEYS_0_KEY":    keyTwo,
		"STRONG":                              keyThree,
		"STRONG_TOO":                          keyFour,
	}
}

// setenv makes vars the only variables of ours, and of those that tests use as
// references, until the test ends or sets others.
func setenv(t testing.TB, vars map[string]string) {
	t.Helper()
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) || testVariable.MatchString(name) {
			t.Setenv(name, "") // puts it back afterwards
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, value := range vars {
		t.Setenv(name, value)
	}
}

var testVariable = regexp.MustCompile(`^(STRONG|STRONG_TOO.*|FAIR|QUOTED|DATABASE_URL|REDIS_URL|[A-Z])$`)

func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load loads text as a file under the variables.
func load(t *testing.T, text string, vars map[string]string) (*Config, error) {
	t.Helper()
	setenv(t, vars)
	return Load(LoadOptions{
		File: writeFile(t, t.TempDir(), "latchkey.yaml", text),
		Now:  func() time.Time { return now },
	})
}

func mustLoad(t *testing.T, text string, vars map[string]string) *Config {
	t.Helper()
	c, err := load(t, text, vars)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// problemsOf returns the problems of an error as text.
func problemsOf(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("not a configuration error: %v", err)
	}
	var texts []string
	for _, p := range e.Problems {
		texts = append(texts, p.String())
	}
	return texts
}

// checkProblems wants one problem that holds each text, and no other.
func checkProblems(t *testing.T, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d problems, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
		return
	}
	for _, w := range want {
		if !slices.ContainsFunc(got, func(g string) bool { return strings.Contains(g, w) }) {
			t.Errorf("no problem says %q:\n%s", w, strings.Join(got, "\n"))
		}
	}
}

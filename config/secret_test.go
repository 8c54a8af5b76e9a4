package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const canary = "canary-9f8e7d6c5b4a"

func TestLG2_SecretPrintsNothing(t *testing.T) {
	type hidden struct {
		secret Secret
		Shown  Secret
	}
	s := NewSecret(canary)
	h := hidden{s, s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb+verb+"\n", s, &s, h, []Secret{s})
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "secret", s, "in", h, "config", Config{Database: Database{URL: s}})
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "secret", s, "in", h, "config", Config{Database: Database{URL: s}})
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
		text, err := marshal(map[string]any{"secret": s, "pointer": &s, "in": h})
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	hexCanary := fmt.Sprintf("%x", canary)
	if text := out.String(); strings.Contains(text, canary) || strings.Contains(strings.ToLower(text), hexCanary) {
		t.Errorf("a secret was printed:\n%s", text)
	}
	if s.Reveal() != canary {
		t.Errorf("Reveal gave %q", s.Reveal())
	}
}

// Every secret of the configuration, good or bad, stays out of the problems,
// the warnings and the printed configuration.
func TestLG2_ProblemsHoldNoSecret(t *testing.T) {
	for _, dev := range []bool{false, true} {
		for _, leaf := range leaves("", root) {
			if leaf.shape.typ != secretType {
				continue
			}
			for _, value := range []string{canary, "postgres://u:" + canary + "@%zz/", canary + "://x"} {
				name := envPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "[", "_", "]", "").Replace(leaf.path))
				vars := serveEnv()
				vars[name] = value
				setenv(t, vars)
				c, err := Load(LoadOptions{Dev: dev})
				if text := fmt.Sprintf("%v %+v %#v", err, c, c); strings.Contains(text, canary) {
					t.Errorf("%s=%s was printed: %s", name, value, text)
				}
			}
		}
	}
}

func TestSecretReferences(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "secret", keyThree+"\n")
	file := writeFile(t, dir, "latchkey.yaml", clientYAML("id: a", "secret: file:secret", "redirect_uris: [https://a.example/cb]"))
	setenv(t, serveEnv())
	c, err := Load(LoadOptions{File: file})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Clients[0].Secret.Reveal(); got != keyThree {
		t.Error("a relative file: does not start at the configuration's folder, or keeps its newline")
	}
	writeFile(t, dir, "secret", strings.Repeat("x", maxSecretBytes+1))
	_, err = Load(LoadOptions{File: file})
	checkProblems(t, problemsOf(t, err), []string{"too large for a secret"})
}

func TestPlainPasswordInURLIsWarnedOf(t *testing.T) {
	vars := serveEnv()
	delete(vars, "LATCHKEY_DATABASE_URL")
	c := mustLoad(t, "database: {url: 'postgres://u:pw@db/x?sslmode=require'}\n", vars)
	if len(c.Warnings) != 1 || c.Warnings[0].Path != "database.url" {
		t.Errorf("warnings: %v", c.Warnings)
	}
}

func TestCF1_Strength(t *testing.T) {
	for secret, want := range map[string]strength{
		keyOne:                         strong,
		strings.TrimRight(keyOne, "="): strong,
		"8f14e45fceea167a5a36dedd4bea25430cc175b9c0f1b6a831c399e269772661": strong,
		"8F14E45FCEEA167A5A36DEDD4BEA25430CC175B9C0F1B6A831C399E269772661": strong,
		"8f14e45fceea167a5a36dedd4bea25430cc175b9c0f":                      fair, // 43 hexadecimal digits are 172 bits
		"thisisaverylongpassphrasewithoutanyspaces-it":                     fair,
		"a sentence of thirty-two characters.":                             fair,
		strings.Repeat("a", 64):                                            weak,
		strings.Repeat("ab12", 16):                                         weak,
		"hunter2":                                                          weak,
		"":                                                                 weak,
	} {
		if got := strengthOf(secret); got != want {
			t.Errorf("strengthOf(%q) = %d, want %d", secret, got, want)
		}
	}
}

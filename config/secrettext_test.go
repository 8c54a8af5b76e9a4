package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCF1_SecretsAreReadWithSuspicion(t *testing.T) {
	for name, c := range map[string]struct {
		raw, want, problem string
	}{
		"plain":                      {raw: canary, want: canary},
		"a line end":                 {raw: canary + "\n", want: canary},
		"that of Windows":            {raw: canary + "\r\n", want: canary},
		"line ends around it":        {raw: "\n" + canary + "\n\n", want: canary},
		"spaces within":              {raw: "a sentence of many words\n", want: "a sentence of many words"},
		"quotes within":              {raw: `it's "so"`, want: `it's "so"`},
		"beyond ASCII":               {raw: "pässwörter ohne Ende", want: "pässwörter ohne Ende"},
		"one quote":                  {raw: `"`, want: `"`},
		"nothing":                    {raw: "", problem: "it is empty"},
		"line ends alone":            {raw: "\r\n\n", problem: "it is empty"},
		"a byte order mark":          {raw: "\ufeff" + canary, problem: "byte order mark"},
		"UTF-16, little endian":      {raw: "\xff\xfec\x00a\x00", problem: "UTF-16"},
		"UTF-16, big endian":         {raw: "\xfe\xff\x00c\x00a", problem: "UTF-16"},
		"UTF-16 without a mark":      {raw: "c\x00a\x00n\x00", problem: "NUL"},
		"Latin-1":                    {raw: "p\xe4sswort", problem: "not UTF-8"},
		"random bytes":               {raw: "\xf3\x9a\x81\xc0", problem: "not UTF-8"},
		"a space after it":           {raw: canary + " \n", problem: "begins or ends with a space"},
		"a space before it":          {raw: " " + canary, problem: "begins or ends with a space"},
		"a tab after it":             {raw: canary + "\t", problem: "begins or ends with a space"},
		"a no-break space":           {raw: canary + "\u00a0", problem: "begins or ends with a space"},
		"a zero-width space":         {raw: canary + "\u200b", problem: "begins or ends with a space or an invisible"},
		"a space on its second line": {raw: canary + "\n ", problem: "several lines"},
		"two lines":                  {raw: canary + "\nmore", problem: "several lines"},
		"double quotes":              {raw: `"` + canary + `"`, problem: "in quotes"},
		"single quotes":              {raw: "'" + canary + "'\n", problem: "in quotes"},
		"a novel":                    {raw: strings.Repeat("x", maxSecretBytes+1), problem: "too large for a secret"},
	} {
		got, err := ReadSecret(strings.NewReader(c.raw))
		switch {
		case c.problem == "" && (err != nil || got != c.want):
			t.Errorf("%s: %q, %v", name, got, err)
		case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.problem)
		case err != nil && strings.Contains(err.Error(), canary):
			t.Errorf("%s: the secret is in %v", name, err)
		}
	}
}

// Files and variables are read by the same rules, and what is wrong is told at
// the key, with the reference.
func TestCF1_ReferencesAreReadWithSuspicion(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, dir, "secret", keyThree+" \n")
	yaml := clientYAML("id: a", "secret: file:"+file, "redirect_uris: [https://a.example/cb]")
	quoted := clientYAML("id: a", "secret: env:QUOTED", "redirect_uris: [https://a.example/cb]")
	runValidatorCases(t, map[string]validatorCase{
		"file":     {yaml: yaml, want: []string{"clients[0].secret (line 3): file:" + file + ": it begins or ends with a space"}},
		"variable": {yaml: quoted, vars: map[string]string{"QUOTED": `"` + keyThree + `"`}, want: []string{"clients[0].secret (line 3): env:QUOTED: it is in quotes"}},
		"override": {vars: map[string]string{"LATCHKEY_REDIS_URL": "redis://cache "}, want: []string{"redis.url (LATCHKEY_REDIS_URL): env:LATCHKEY_REDIS_URL: it begins or ends with a space"}},
	})
}

func TestCF1_FilesThatEverybodyCanReadAreWarnedOf(t *testing.T) {
	dir := t.TempDir()
	file := writeFile(t, dir, "secret", keyThree)
	key := writeFile(t, dir, "tls.key", "a key")
	yaml := clientYAML("id: a", "secret: file:"+file, "redirect_uris: [https://a.example/cb]") +
		"tls: {cert_file: " + filepath.Join(dir, "tls.crt") + ", key_file: " + key + "}\n"
	for mode, want := range map[os.FileMode]int{0o600: 0, 0o640: 0, 0o644: 2, 0o604: 2} {
		for _, f := range []string{file, key} {
			if err := os.Chmod(f, mode); err != nil {
				t.Fatal(err)
			}
		}
		c := mustLoad(t, yaml, serveEnv())
		if len(c.Warnings) != want {
			t.Errorf("mode %o: %d warnings, want %d: %v", mode, len(c.Warnings), want, c.Warnings)
		}
		for _, w := range c.Warnings {
			if !strings.Contains(w.Message, "run chmod 600 "+dir) {
				t.Errorf("mode %o: %v does not tell what to do", mode, w)
			}
		}
	}
}

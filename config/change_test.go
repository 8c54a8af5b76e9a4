package config

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/internal/testenv"
)

func wordsOfChanges(before, after *Config) []string {
	var words []string
	for _, c := range Changes(before, after) {
		words = append(words, c.String())
	}
	return words
}

func TestChangesAreToldInWords(t *testing.T) {
	const (
		wiki  = "clients:\n  - {id: wiki, secret: env:STRONG, redirect_uris: [https://wiki.example/cb]}\n"
		board = "  - {id: board, type: public, redirect_uris: [https://board.example/cb]}\n"
	)
	before := mustLoad(t, wiki+board, serveEnv())
	for name, c := range map[string]struct {
		yaml string
		vars map[string]string
		want []string
	}{
		"nothing":   {yaml: wiki + board},
		"the order": {yaml: "clients:\n" + board + strings.TrimPrefix(wiki, "clients:\n")},
		"a client more": {
			yaml: wiki + board + "  - {id: notes, type: native, redirect_uris: ['com.example.notes:/cb']}\n",
			want: []string{"clients[notes]: added"},
		},
		"a client less": {yaml: wiki, want: []string{"clients[board]: removed"}},
		"a client's address and lifetime": {
			yaml: strings.Replace(wiki, "/cb]", "/cb, https://wiki.example/two], refresh_grace: 10s", 1) + board,
			want: []string{
				"clients[wiki].redirect_uris: https://wiki.example/cb -> https://wiki.example/cb, https://wiki.example/two",
				"clients[wiki].refresh_grace: (nothing) -> 10s",
			},
		},
		"a secret": {yaml: wiki + board, vars: map[string]string{"STRONG": keyFour}, want: []string{"clients[wiki].secret: changed"}},
		"a duration, a list, a switch": {
			yaml: wiki + board + "sessions: {idle: 30m}\nallowed_hosts: [id.example.net]\nmfa: {required: always}\ntrusted_proxies: [10.0.0.0/8, 192.0.2.1]\n",
			want: []string{
				"allowed_hosts: (nothing) -> id.example.net", "mfa.required: never -> always", "sessions.idle: 12h -> 30m",
			},
		},
		"nobody, where nothing was said": {
			yaml: strings.Replace(wiki, "id: wiki,", "id: wiki, access: [],", 1) + board, want: []string{"clients[wiki].access: (nothing) -> []"},
		},
		"another hash key": {
			yaml: wiki + board, vars: map[string]string{"LATCHKEY_SECRETS_HASH_KEYS_0_ID": "h2", "LATCHKEY_SECRETS_HASH_KEYS_0_KEY": keyFour},
			want: []string{"secrets.hash_keys: h1 -> h2", "secrets.hash_keys[h1]: removed", "secrets.hash_keys[h2]: added"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			vars := serveEnv()
			for k, v := range c.vars {
				vars[k] = v
			}
			after := mustLoad(t, c.yaml, vars)
			got := wordsOfChanges(before, after)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if same := before.Digest() == after.Digest(); same != (len(c.want) == 0) {
				t.Errorf("the digest is the same: %t", same)
			}
			for _, secret := range []string{keyOne, keyTwo, keyThree, keyFour} {
				if strings.Contains(strings.Join(got, "\n"), secret) {
					t.Errorf("a secret is in the words: %v", got)
				}
			}
		})
	}
}

// Two nodes that read the same have the same digest, and it gives no secret away
// to whoever has not the hash key.
func TestLG2_TheDigestIsKeyed(t *testing.T) {
	one, two := mustLoad(t, "", serveEnv()), mustLoad(t, "", serveEnv())
	if one.Digest() != two.Digest() || len(one.Digest()) != 32 {
		t.Errorf("digests %s and %s", one.Digest(), two.Digest())
	}
	two.Secrets.HashKeys[0].Key = NewSecret(keyFour)
	unkeyed := *one
	unkeyed.Secrets.HashKeys = nil
	if one.Digest() == two.Digest() || one.Digest() == unkeyed.Digest() {
		t.Error("the digest does not depend on the hash key")
	}
}

// What templates, texts and authorities say is in the digest and told as a change, in files
// and against what runs; a hidden file is nothing.
func TestAC2_ChangedFilesAreChanges(t *testing.T) {
	dir := t.TempDir()
	templates, authorities := filepath.Join(dir, "templates"), filepath.Join(dir, "ca.pem")
	if err := os.MkdirAll(filepath.Join(templates, "locales"), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) func() {
		return func() { writeFile(t, filepath.Dir(name), filepath.Base(name), text) }
	}
	mail := filepath.Join(templates, "mail.txt")
	write(mail, "Hello")()
	write(authorities, string(testenv.NewAuthority(t, "Acme").PEM))()
	text := "messages: {templates: " + templates + "}\nmutual_tls: {from: nginx, ca_file: " + authorities + "}\n"
	before := mustLoad(t, text, serveEnv())
	for _, file := range []string{templates, filepath.Join(templates, "locales"), authorities} {
		if !slices.Contains(before.Files, file) {
			t.Errorf("%s is not watched: %v", file, before.Files)
		}
	}
	for _, c := range []struct {
		change func()
		want   []string
	}{
		{write(mail, "Hello"), nil},
		{write(filepath.Join(templates, ".mail.txt.swp"), "Hullo"), nil},
		{write(mail, "Hullo"), []string{"messages.templates[mail.txt].content: changed"}},
		{write(filepath.Join(templates, "locales", "de.json"), "{}"), []string{"messages.templates[locales/de.json]: added"}},
		{write(authorities, string(testenv.NewAuthority(t, "Acme").PEM)), []string{"mutual_tls.ca_file.content: changed"}},
		{func() {
			if err := os.Remove(mail); err != nil {
				t.Fatal(err)
			}
		}, []string{"messages.templates[mail.txt]: removed"}},
	} {
		kept := before.Snapshot()
		c.change()
		after := mustLoad(t, text, serveEnv())
		if diff := cmp.Diff(c.want, wordsOfChanges(before, after)); diff != "" {
			t.Error(diff)
		}
		var ran []string
		for _, change := range kept.ChangesTo(after) {
			ran = append(ran, change.String())
		}
		if diff := cmp.Diff(c.want, ran); diff != "" {
			t.Errorf("against what ran: %s", diff)
		}
		if same := before.Digest() == after.Digest(); same != (c.want == nil) {
			t.Errorf("%v: the digest is the same: %t", c.want, same)
		}
		for key, hash := range after.Contents {
			if document, err := after.Snapshot().Encode(); err != nil || strings.Contains(decompressed(t, document), hash) {
				t.Errorf("what is kept has the plain hash of %s (%v)", key, err)
			}
		}
		before = after
	}
}

func decompressed(t *testing.T, document []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

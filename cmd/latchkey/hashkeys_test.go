package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/keys"
)

func TestKY6_ANodeServesOnlyWithTheKeysOfItsInstallation(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	installation := newIdleServer(t, &now).store.Installation()
	for _, c := range []struct {
		what string
		keys string // ids, each followed by the letter of its material
		want string
	}{
		{"the first node", "h1:a", ""},
		{"another node", "h1:a", ""},
		{"other material under the id", "h1:b", "not the one that this database has been used with"},
		{"a key of nobody", "h9:z", "never been used with any of these keys"},
		{"a new key behind", "h1:a h2:c", ""},
		{"a new key in front", "h2:c h1:a", ""},
		{"the old one gone", "h2:c", ""},
		{"other material behind", "h2:c h1:x", "not the one that this database has been used with"},
	} {
		var secrets []keys.SecretKey
		for _, k := range strings.Fields(c.keys) {
			id, letter, _ := strings.Cut(k, ":")
			secrets = append(secrets, keys.SecretKey{ID: id, Key: bytes.Repeat([]byte(letter), 32)})
		}
		hasher, err := keys.NewHasher(secrets)
		if err != nil {
			t.Fatal(err)
		}
		err = agreeOnHashKeys(t.Context(), hasher, installation)
		if ok := err == nil; ok != (c.want == "") || !ok && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}

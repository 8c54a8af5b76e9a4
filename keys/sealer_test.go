package keys

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

var place = AssociatedData{Table: "signing_keys", Column: "private_key", Row: "a", Version: 1}

func TestKY3_SealedValueOpensInItsPlaceAlone(t *testing.T) {
	s := testSealer(t)
	sealed, err := s.Seal([]byte("secret"), place)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Open(sealed, place); err != nil || string(got) != "secret" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	for name, other := range map[string]AssociatedData{
		"another row":     {Table: "signing_keys", Column: "private_key", Row: "b", Version: 1},
		"another column":  {Table: "signing_keys", Column: "public_key", Row: "a", Version: 1},
		"another table":   {Table: "users", Column: "private_key", Row: "a", Version: 1},
		"another version": {Table: "signing_keys", Column: "private_key", Row: "a", Version: 2},
		"shifted bounds":  {Table: "signing_keysp", Column: "rivate_key", Row: "a", Version: 1},
	} {
		if _, err := s.Open(sealed, other); !errors.Is(err, ErrSealBroken) {
			t.Errorf("%s: Open = %v, want ErrSealBroken", name, err)
		}
	}
}

func TestKY3_ChangedOrCutSealIsBroken(t *testing.T) {
	s := testSealer(t)
	sealed, err := s.Seal([]byte("secret"), place)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sealed {
		changed := []byte(sealed)
		changed[i] ^= 1
		if got, err := s.Open(string(changed), place); err == nil {
			t.Fatalf("changed at %d: Open = %q", i, got)
		}
		if got, err := s.Open(sealed[:i], place); err == nil {
			t.Fatalf("cut at %d: Open = %q", i, got)
		}
	}
}

func TestKY3_SealingKeysRotate(t *testing.T) {
	old := testSealer(t)
	sealed, err := old.Seal([]byte("secret"), place)
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := NewSealer([]SecretKey{{ID: "k2", Key: bytes.Repeat([]byte{2}, 32)}, {ID: "k1", Key: bytes.Repeat([]byte{1}, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rotated.Open(sealed, place); err != nil || string(got) != "secret" {
		t.Errorf("an old value under a new key = %q, %v", got, err)
	}
	renewed, err := rotated.Seal([]byte("secret"), place)
	if err != nil || !strings.HasPrefix(renewed, "v1.k2.") {
		t.Errorf("the newest key must seal: %q, %v", renewed, err)
	}
	if _, err := old.Open(renewed, place); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("a value under a key that is gone = %v, want ErrUnknownKey", err)
	}
}

func TestSealsOfOneValueDiffer(t *testing.T) {
	s := testSealer(t)
	a, err1 := s.Seal([]byte("secret"), place)
	b, err2 := s.Seal([]byte("secret"), place)
	if err := errors.Join(err1, err2); err != nil || a == b {
		t.Errorf("seals are equal or failed: %v", err)
	}
}

func TestCF1_WeakOrAmbiguousKeysAreRefused(t *testing.T) {
	good := bytes.Repeat([]byte{1}, 32)
	for name, secrets := range map[string][]SecretKey{
		"none":      nil,
		"short":     {{ID: "a", Key: good[:31]}},
		"unnamed":   {{Key: good}},
		"bad name":  {{ID: "a.b", Key: good}},
		"same name": {{ID: "a", Key: good}, {ID: "a", Key: bytes.Repeat([]byte{2}, 32)}},
		"same key":  {{ID: "a", Key: good}, {ID: "b", Key: good}},
	} {
		if _, err := NewSealer(secrets); err == nil {
			t.Errorf("%s: NewSealer took it", name)
		}
		if _, err := NewHasher(secrets); err == nil {
			t.Errorf("%s: NewHasher took it", name)
		}
	}
}

func FuzzOpen(f *testing.F) {
	s := testSealer(f)
	sealed, err := s.Seal([]byte("secret"), place)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{sealed, "", "v1...", "v1.k1.AA.AA", "v1.k9.AA.AA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := s.Open(text, place); err == nil && text != sealed {
			t.Errorf("Open(%q) = %q", text, got)
		}
	})
}

package password

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// vector is a verifier that Django 5.2, or the library bcrypt, made.
type vector struct{ Form, Password, Encoded string }

func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/django.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestPW1_VerifiersOfOtherSystemsFitAndAreReplaced(t *testing.T) {
	h := newHasher(t)
	forms := map[string]bool{}
	for _, v := range vectors(t) {
		forms[v.Form] = true
		if err := Supported(v.Encoded); err != nil {
			t.Errorf("%s: %v", v.Form, err)
		}
		if got, err := h.Check(t.Context(), v.Encoded, v.Password); !got.Fits || !got.Outdated || err != nil {
			t.Errorf("%s: Check(%.30q) = %+v, %v", v.Form, v.Password, got, err)
		}
		for _, wrong := range []string{v.Password + "x", "x" + v.Password, strings.ToUpper(v.Password) + " "} {
			if ok, err := h.Verify(t.Context(), v.Encoded, wrong); ok || err != nil {
				t.Errorf("%s: Verify of another password = %v, %v", v.Form, ok, err)
			}
		}
	}
	for _, form := range []string{"pbkdf2_sha256", "argon2id", "argon2i", "argon2d", "bcrypt_sha256", "bcrypt", "scrypt", "plain 2a", "plain 2b", "plain 2y"} {
		if !forms[form] {
			t.Errorf("no vector of %s", form)
		}
	}
}

// Plain bcrypt looks at 72 bytes only; under Django's digest all of them count.
func TestPW2_TheEndOfALongPasswordCountsUnderDigest(t *testing.T) {
	h := newHasher(t)
	for _, v := range vectors(t) {
		if len(v.Password) <= 72 {
			continue
		}
		if ok, err := h.Verify(t.Context(), v.Encoded, v.Password[:72]); ok || err != nil {
			t.Errorf("%s: the first 72 bytes = %v, %v", v.Form, ok, err)
		}
	}
}

func TestForeignVerifierMayNotAskForEverything(t *testing.T) {
	const (
		hash32 = "/oXb+cqJSbfabAtwvzXQ2YvxMf5d8xnwRNiJX73kfwg="
		hash64 = "dj6FCXEo8skKLdnc4oscGLxCcnwUkTi/azfnOQXClbKau4dBvnHdzs1OmjhS2XUT2MTFcLNphrrvp1TrEdXAVA=="
		bc     = "BcOfrHORPWMNQsWYtXMxuaIBm.BaxNfcsHsqPI6IGxy46sXdnv1Ww"
	)
	h := newHasher(t)
	for _, encoded := range []string{
		"pbkdf2_sha256$10000001$salt$" + hash32, "pbkdf2_sha256$0$salt$" + hash32, "pbkdf2_sha256$-1$salt$" + hash32,
		"pbkdf2_sha256$1000$$" + hash32, "pbkdf2_sha256$1000$salt$" + hash64, "pbkdf2_sha256$1000$salt$" + hash32 + "$",
		"pbkdf2_sha256$1000$salt$" + strings.TrimRight(hash32, "="), "pbkdf2_sha256$1000$" + strings.Repeat("s", 129) + "$" + hash32,
		"pbkdf2_sha1$1000$salt$" + hash32, "md5$salt$0123456789abcdef0123456789abcdef", "!unusable",
		"scrypt$1048576$salt$8$5$" + hash64, "scrypt$16777216$salt$1$1$" + hash64, "scrypt$1000$salt$8$1$" + hash64,
		"scrypt$1$salt$8$1$" + hash64, "scrypt$16384$salt$2147483647$2147483647$" + hash64, "scrypt$16384$salt$8$" + hash64,
		"argon2$argon2id$v=19$m=4194304,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"argon2$argon2d$v=19$m=1024,t=1000,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"argon2$argon2x$v=19$m=1024,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "argon2$", "argon2$argon2i",
		"$2b$16$" + bc, "$2b$31$" + bc, "$2b$03$" + bc, "$2x$10$" + bc, "$2$10$" + bc, "$2b$10$" + bc[:52] + "!", "$2b$10$" + bc + "x",
		"bcrypt_sha256$2b$10$" + bc, "bcrypt_sha256$$2b$17$" + bc, "bcrypt$",
	} {
		if ok, err := h.Verify(t.Context(), encoded, "p"); ok || !errors.Is(err, errMalformed) {
			t.Errorf("Verify(%q) = %v, %v; want malformed", encoded, ok, err)
		}
	}
}

func FuzzRecognize(f *testing.F) {
	for _, encoded := range []string{"scrypt$2$s$1$1$", "$2b$10$", "pbkdf2_sha256$1$s$", "argon2$argon2i$v=19$m=8,t=1,p=1$", "$argon2id$"} {
		f.Add(encoded)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		if c, err := recognize(encoded); err == nil && c == nil {
			t.Errorf("recognize(%q) found nothing and did not say so", encoded)
		}
	})
}

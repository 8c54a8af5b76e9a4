package keys

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

// newEncryptionRing is a ring that can be encrypted to.
func newEncryptionRing(t testing.TB, store *storagetest.SigningKeys, now func() time.Time) *Ring {
	t.Helper()
	r := newRing(t, store, now)
	r.cfg.Policy.EncryptionAlgs = []string{RSAOAEP256, ECDHES}
	load(t, r)
	return r
}

// published are the keys of the JWKS for a use.
func publishedFor(t testing.TB, r *Ring, use string) (found []jose.JSONWebKey) {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(r.JWKS().Body, &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		if k.Use == use {
			found = append(found, k)
		}
	}
	return found
}

func keyOfKind(t testing.TB, r *Ring, rsa bool) jose.JSONWebKey {
	t.Helper()
	for _, k := range publishedFor(t, r, "enc") {
		if (k.Algorithm == RSAOAEP256) == rsa {
			return k
		}
	}
	t.Fatal("no such key is published")
	return jose.JSONWebKey{}
}

func encryptTo(t testing.TB, key any, kid string, alg jose.KeyAlgorithm, enc jose.ContentEncryption, zip jose.CompressionAlgorithm) string {
	t.Helper()
	e, err := jose.NewEncrypter(enc, jose.Recipient{Algorithm: alg, Key: key, KeyID: kid}, &jose.EncrypterOptions{Compression: zip})
	if err != nil {
		t.Fatal(err)
	}
	made, err := e.Encrypt([]byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := made.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// KY4: only what is encrypted with an algorithm of the list to a published key is
// opened, and only such keys are for it.
func TestKY4_Decrypt(t *testing.T) {
	r := newEncryptionRing(t, &storagetest.SigningKeys{}, storagetest.NewClock().Now)
	rsaKey, ecKey := keyOfKind(t, r, true), keyOfKind(t, r, false)
	if ecKey.Algorithm != "" || len(publishedFor(t, r, "sig")) != 1 || len(r.Algs()) != 1 {
		t.Errorf("published: %+v, %v", ecKey, r.Algs())
	}
	for _, c := range []struct {
		key jose.JSONWebKey
		alg jose.KeyAlgorithm
	}{{rsaKey, jose.RSA_OAEP_256}, {ecKey, jose.ECDH_ES}, {ecKey, jose.ECDH_ES_A256KW}} {
		for _, enc := range contentEncryptions {
			for _, kid := range []string{c.key.KeyID, ""} {
				content, alg, how, err := r.Decrypt(t.Context(), encryptTo(t, c.key.Key, kid, c.alg, enc, jose.NONE))
				if err != nil || string(content) != "content" || alg != string(c.alg) || how != string(enc) {
					t.Errorf("%s, %s: %q %s %s %v", c.alg, enc, content, alg, how, err)
				}
			}
		}
	}
	good := encryptTo(t, ecKey.Key, ecKey.KeyID, jose.ECDH_ES, jose.A256GCM, jose.NONE)
	parts := strings.Split(good, ".")
	stranger := newEncryptionRing(t, &storagetest.SigningKeys{}, storagetest.NewClock().Now)
	for name, token := range map[string]string{
		"another ring's key":     encryptTo(t, keyOfKind(t, stranger, false).Key, keyOfKind(t, stranger, false).KeyID, jose.ECDH_ES, jose.A256GCM, jose.NONE),
		"under our kid":          encryptTo(t, keyOfKind(t, stranger, false).Key, ecKey.KeyID, jose.ECDH_ES, jose.A256GCM, jose.NONE),
		"RSA1_5":                 encryptTo(t, rsaKey.Key, rsaKey.KeyID, jose.RSA1_5, jose.A256GCM, jose.NONE),
		"OAEP with SHA-1":        encryptTo(t, rsaKey.Key, rsaKey.KeyID, jose.RSA_OAEP, jose.A256GCM, jose.NONE),
		"another wrap":           encryptTo(t, ecKey.Key, ecKey.KeyID, jose.ECDH_ES_A128KW, jose.A256GCM, jose.NONE),
		"another content cipher": encryptTo(t, ecKey.Key, ecKey.KeyID, jose.ECDH_ES, jose.A192GCM, jose.NONE),
		"compressed":             encryptTo(t, ecKey.Key, ecKey.KeyID, jose.ECDH_ES, jose.A256GCM, jose.DEFLATE),
		"a secret":               encryptTo(t, make([]byte, 32), ecKey.KeyID, jose.DIRECT, jose.A256GCM, jose.NONE),
		"changed":                strings.Join([]string{parts[0], parts[1], parts[2], "AAAA", parts[4]}, "."),
		"cut off":                strings.Join([]string{parts[0], parts[1], parts[2], parts[3], ""}, "."),
		"a signature":            sign(t, r, ES256),
		"too long":               strings.Repeat("a", maxJWSLength+1),
		"nothing":                "",
	} {
		if content, _, _, err := r.Decrypt(t.Context(), token); !errors.Is(err, ErrInvalidJWE) {
			t.Errorf("%s: %q, %v", name, content, err)
		}
	}
	if _, err := r.Sign(ECDHES, "JWT", nil); err == nil {
		t.Error("a key for encryption signs")
	}
}

// KY1, KY5: a key that another node made decrypts here at once, one that has a
// successor as long as it is published, and one that was revoked never again; a store
// that does not answer is no verdict.
func TestKY5_EncryptionKeysOfOtherNodes(t *testing.T) {
	store, clock := &storagetest.SigningKeys{}, storagetest.NewClock()
	node, other := newEncryptionRing(t, store, clock.Now), newEncryptionRing(t, store, clock.Now)
	clock.Advance(2 * minRefresh)
	old := keyOfKind(t, other, false)
	if err := other.Rotate(t.Context(), ECDHES, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	var next jose.JSONWebKey
	for _, k := range publishedFor(t, other, "enc") {
		if k.Algorithm == "" && k.KeyID != old.KeyID {
			next = k
		}
	}
	for _, k := range []jose.JSONWebKey{next, old} {
		if _, _, _, err := node.Decrypt(t.Context(), encryptTo(t, k.Key, k.KeyID, jose.ECDH_ES, jose.A256GCM, jose.NONE)); err != nil {
			t.Errorf("%s: %v", k.KeyID, err)
		}
	}
	clock.Advance(2 * minRefresh)
	if err := node.Revoke(t.Context(), old.KeyID, storage.Event{}); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := node.Decrypt(t.Context(), encryptTo(t, old.Key, old.KeyID, jose.ECDH_ES, jose.A256GCM, jose.NONE)); !errors.Is(err, ErrInvalidJWE) {
		t.Errorf("a revoked key: %v", err)
	}
	clock.Advance(2 * minRefresh)
	store.FailList = errors.New("the store is gone")
	if _, _, _, err := node.Decrypt(t.Context(), encryptTo(t, old.Key, "unknown", jose.ECDH_ES, jose.A256GCM, jose.NONE)); err == nil || errors.Is(err, ErrInvalidJWE) {
		t.Errorf("without the store: %v", err)
	}
}

// FuzzDecrypt: nothing but what was encrypted to a key of the ring opens, and whatever is
// wrong with the rest has one error.
func FuzzDecrypt(f *testing.F) {
	r := newEncryptionRing(f, &storagetest.SigningKeys{}, storagetest.NewClock().Now)
	public := keyOfKind(f, r, true)
	elliptic := keyOfKind(f, r, false)
	honest := []string{
		encryptTo(f, public.Key, public.KeyID, jose.RSA_OAEP_256, jose.A256GCM, jose.NONE),
		encryptTo(f, elliptic.Key, elliptic.KeyID, jose.ECDH_ES, jose.A128CBC_HS256, jose.NONE),
		encryptTo(f, elliptic.Key, "", jose.ECDH_ES_A256KW, jose.A256GCM, jose.NONE),
	}
	for _, seed := range append(slices.Clone(honest), "", "....", "e30....", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AA.AA.AA",
		encryptTo(f, elliptic.Key, elliptic.KeyID, jose.ECDH_ES, jose.A256GCM, jose.DEFLATE)) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		content, _, _, err := r.Decrypt(t.Context(), token)
		switch {
		case err == nil && !slices.Contains(honest, token):
			t.Errorf("%q opens as %q", token, content)
		case err != nil && !errors.Is(err, ErrInvalidJWE):
			t.Errorf("%q: %v", token, err)
		}
	})
}

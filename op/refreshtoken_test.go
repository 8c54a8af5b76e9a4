package op

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"pgregory.net/rapid"
)

func testCodec(t testing.TB, ids ...string) *refreshTokenCodec {
	t.Helper()
	var secrets []keys.SecretKey
	for _, id := range ids {
		secrets = append(secrets, keys.SecretKey{ID: id, Key: bytes.Repeat([]byte(id[:1]), 32)})
	}
	hasher, err := keys.NewHasher(secrets)
	if err != nil {
		t.Fatalf("make hasher: %v", err)
	}
	return newRefreshTokenCodec(hasher)
}

func drawRefreshToken(t *rapid.T) refreshToken {
	return refreshToken{
		GrantID:    storage.IDFromBytes([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "grant"))),
		Generation: rapid.Uint32().Draw(t, "generation"),
		Salt:       [saltSize]byte(rapid.SliceOfN(rapid.Byte(), saltSize, saltSize).Draw(t, "salt")),
	}
}

func TestRefreshToken_RoundTrip(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "new", "old")
	rapid.Check(t, func(t *rapid.T) {
		want := drawRefreshToken(t)
		client := rapid.String().Draw(t, "client")
		token, err := c.encode(want, client)
		if err != nil {
			t.Fatalf("encode: %v", err)
		}
		again, err := c.encode(want, client)
		if err != nil || again != token {
			t.Fatalf("the same token is spelled %q and %q (%v)", token, again, err)
		}
		got, err := c.parse(token)
		if err != nil {
			t.Fatalf("parse: %v", err)
		}
		if got.refreshToken != want || !got.issuedTo(client) {
			t.Fatalf("got %+v, want %+v", got.refreshToken, want)
		}
		if other := client + "x"; got.issuedTo(other) {
			t.Fatalf("a token of %q passes for one of %q", client, other)
		}
	})
}

func TestRF1_AnyChangedBitIsRefused(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "key")
	rapid.Check(t, func(t *rapid.T) {
		token, err := c.encode(drawRefreshToken(t), "wiki")
		if err != nil {
			t.Fatalf("encode: %v", err)
		}
		raw, err := strictBase64.DecodeString(strings.TrimPrefix(token, refreshTokenPrefix))
		if err != nil {
			t.Fatalf("decode: %v", err)
		}
		bit := rapid.IntRange(0, 8*len(raw)-1).Draw(t, "bit")
		raw[bit/8] ^= 1 << (bit % 8)
		forged, err := c.parse(refreshTokenPrefix + base64.RawURLEncoding.EncodeToString(raw))
		if err == nil && forged.issuedTo("wiki") {
			t.Fatalf("bit %d of a token may be changed", bit)
		}
	})
}

// A thief of the database knows a grant's row, salt included, but no key; a
// thief of the key knows everything but the salt.
func TestRF1_NeitherDatabaseNorKeyAloneForges(t *testing.T) {
	t.Parallel()
	ours, theirs := testCodec(t, "key"), testCodec(t, "key")
	for _, key := range theirs.keys {
		key.mac, key.mask = newMACKey(bytes.Repeat([]byte{9}, 32)), newMACKey(bytes.Repeat([]byte{8}, 32))
	}
	row := storage.Grant{
		ID: "0190000000000000000000000000000c", ClientID: "wiki", Generation: 3, Salt: bytes.Repeat([]byte{5}, saltSize),
	}
	forged, err := theirs.encode(refreshToken{GrantID: row.ID, Generation: 3, Salt: [saltSize]byte(row.Salt)}, "wiki")
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	if p, err := ours.parse(forged); err == nil && p.belongsTo(&row) {
		t.Error("forged from the database alone")
	}
	guessed, err := ours.encode(refreshToken{GrantID: row.ID, Generation: 3, Salt: [saltSize]byte{1}}, "wiki")
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	p, err := ours.parse(guessed)
	if err != nil || !p.issuedTo("wiki") {
		t.Fatalf("the key alone should make a well-formed token: %v", err)
	}
	if p.belongsTo(&row) {
		t.Error("forged from the key alone")
	}
}

func TestRefreshToken_SaltIsHidden(t *testing.T) {
	t.Parallel()
	c := testCodec(t, "key")
	salt := [saltSize]byte(bytes.Repeat([]byte{0xAB}, saltSize))
	token, err := c.encode(refreshToken{GrantID: "0190000000000000000000000000000c", Generation: 1, Salt: salt}, "wiki")
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	raw, err := strictBase64.DecodeString(strings.TrimPrefix(token, refreshTokenPrefix))
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	if bytes.Contains(raw, salt[:4]) {
		t.Error("the salt can be read in the token")
	}
}

func TestRefreshToken_KeysRotate(t *testing.T) {
	t.Parallel()
	want := refreshToken{GrantID: "0190000000000000000000000000000c", Generation: 1}
	before, after, gone := testCodec(t, "old"), testCodec(t, "new", "old"), testCodec(t, "new")
	token, err := before.encode(want, "wiki")
	if err != nil {
		t.Fatalf("encode: %v", err)
	}
	if p, err := after.parse(token); err != nil || !p.issuedTo("wiki") {
		t.Errorf("a token of the older key is refused: %v", err)
	}
	if _, err := gone.parse(token); err == nil {
		t.Error("a token of a key that is gone is accepted")
	}
}

func FuzzParseRefreshToken(f *testing.F) {
	c := testCodec(f, "key")
	good, err := c.encode(refreshToken{GrantID: "0190000000000000000000000000000c", Generation: 1}, "wiki")
	if err != nil {
		f.Fatalf("encode: %v", err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(good + "A")
	f.Add(good + "\n")
	f.Add(refreshTokenPrefix)
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		p, err := c.parse(token)
		if err != nil {
			return
		}
		if !p.issuedTo("wiki") {
			return
		}
		again, err := c.encode(p.refreshToken, "wiki")
		if err != nil || again != token {
			t.Errorf("%q was accepted but is spelled %q (%v)", token, again, err)
		}
	})
}

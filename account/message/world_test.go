package message

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/onetime"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/storagetest"
)

const issuer = "https://id.example.com:8443"

// people are the accounts of a test.
type people []*storage.User

func (p people) ByID(_ context.Context, id storage.ID) (*storage.User, error) {
	for _, u := range p {
		if u.ID == id {
			return u, nil
		}
	}
	return nil, storage.ErrNotFound
}

func (p people) ByIdentifier(_ context.Context, identifier string) (*storage.User, error) {
	for _, u := range p {
		if c := ident.Canonical(identifier); c == ident.Canonical(u.Email) || c == u.Username {
			return u, nil
		}
	}
	return nil, storage.ErrNotFound
}

// shelf is an ephemeral store of what was issued.
type shelf struct{ issued []onetime.Token }

func (s *shelf) Issue(_ context.Context, t onetime.Token) (onetime.Issued, error) {
	s.issued = append(s.issued, t)
	made := onetime.Issued{Token: "toKen-" + string(t.Purpose)}
	if t.CodeTTL > 0 {
		made.Code = "01234567"
	}
	return made, nil
}

// harness is a server that composes for people.
type harness struct {
	*Composer
	intents *Intents
	shelf   *shelf
	clock   *storagetest.Clock
}

func newHarness(t *testing.T, users ...*storage.User) *harness {
	t.Helper()
	secret := func(letter string) []keys.SecretKey {
		return []keys.SecretKey{{ID: letter, Key: []byte(strings.Repeat(letter, 32))}}
	}
	sealer, err1 := keys.NewSealer(secret("s"))
	hasher, err2 := keys.NewHasher(secret("h"))
	templates, err3 := LoadTemplates("")
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	h := &harness{shelf: &shelf{}, clock: storagetest.NewClock()}
	lives := Lifetimes{Verify: 24 * time.Hour, Code: 30 * time.Minute, Reset: time.Hour, Undo: 7 * 24 * time.Hour}
	h.intents = NewIntents(IntentsConfig{Sealer: sealer, Now: h.clock.Now, Random: rand.Reader, Lifetimes: lives})
	var err error
	h.Composer, err = NewComposer(ComposerConfig{
		Issuer: issuer, Brand: Brand{Name: "Example", Accent: "#224488", OnAccent: "#ffffff"}, Users: people(users), Tokens: h.shelf,
		Hasher: hasher, Sealer: sealer, Templates: templates, Now: h.clock.Now, Lifetimes: lives,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// say composes what a body says, in a language.
func (h *harness) say(t *testing.T, locale string, body Body) (storage.Message, Mail, error) {
	t.Helper()
	m, err := h.intents.New(Asked{
		Locale: locale, Address: "203.0.113.77", UserAgent: "Mozilla/5.0 (Windows NT 10.0; rv:145.0) Gecko/20100101 Firefox/145.0",
	}, body)
	if err != nil {
		t.Fatal(err)
	}
	mail, err := h.Compose(t.Context(), m)
	return m, mail, err
}

func robin() *storage.User {
	return &storage.User{
		ID: "0192f0c0ffee0000000000000000000a", Email: "Robin@example.com", EmailVerified: true, Username: "robin",
		PasswordHash: "$argon2id$…", PasswordEpoch: 7, Profile: storage.Profile{Name: "Robin <b>", Locale: "de"},
	}
}

func with2(u *storage.User, change func(*storage.User)) *storage.User {
	change(u)
	return u
}

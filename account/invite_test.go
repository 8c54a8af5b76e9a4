package account_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/logintest"
)

// TestKY5_AnInvitationOfAnUnknownKeyIsNotJudged: while a hash key is rolled over the
// nodes, one that does not know it yet does not say that an invitation is void.
func TestKY5_AnInvitationOfAnUnknownKeyIsNotJudged(t *testing.T) {
	t.Parallel()
	var cfg account.Config
	p := logintest.New(t, logintest.Options{Accounts: func(c *account.Config) {
		c.SignUp.Mode = account.SignUpInvitation
		cfg = *c
	}})
	token, _, err := p.Accounts.Invite(t.Context(), account.Operator("op"), "ada@example.com", "en", false)
	logintest.Check(t, err)
	with := func(list ...keys.SecretKey) error {
		other := cfg
		other.Hasher, err = keys.NewHasher(list)
		logintest.Check(t, err)
		_, err := account.New(other).Invitation(t.Context(), token)
		return err
	}
	next, old := keys.SecretKey{ID: "p2", Key: bytes.Repeat([]byte{2}, 32)}, keys.SecretKey{ID: "p1", Key: bytes.Repeat([]byte{1}, 32)}
	if err := with(next); !errors.Is(err, keys.ErrUnknownKey) || errors.Is(err, account.ErrVoid) {
		t.Errorf("where the key is not: %v", err)
	}
	if err := with(next, old); err != nil {
		t.Errorf("where it is: %v", err)
	}
	if err := with(next, keys.SecretKey{ID: "p1", Revoked: true}); !errors.Is(err, account.ErrVoid) {
		t.Errorf("where it is revoked: %v", err)
	}
}

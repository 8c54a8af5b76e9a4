package partial_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/login/partial"
)

// TestKY5_APartialSignInOfAnUnknownKeyIsNotJudged: while a hash key is rolled over the
// nodes, the next page of a sign-in may be asked of a node that does not know yet the key
// of its cookie, or that knows no more the one by which it is bound to its flow. Neither
// is it over, nor another flow's.
func TestKY5_APartialSignInOfAnUnknownKeyIsNotJudged(t *testing.T) {
	t.Parallel()
	p := logintest.New(t, logintest.Options{})
	node := func(list ...keys.SecretKey) *partial.Store {
		hasher, err := keys.NewHasher(list)
		logintest.Check(t, err)
		p.Hasher = hasher
		return p.Partials()
	}
	key := func(id string, b byte) keys.SecretKey {
		return keys.SecretKey{ID: id, Key: bytes.Repeat([]byte{b}, 32)}
	}
	before, both, after := node(key("k1", 1)), node(key("k2", 2), key("k1", 1)), node(key("k2", 2))
	in, user := &interaction.Interaction{ID: "flow"}, p.Person("ada@example.com")
	begun := before.New(httptest.NewRequest(http.MethodGet, "/", http.NoBody), in, user)
	w := httptest.NewRecorder()
	logintest.Check(t, both.Save(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody), begun))
	load := func(s *partial.Store) (*partial.SignIn, error) {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
		return s.Load(httptest.NewRecorder(), r, in)
	}
	for name, s := range map[string]*partial.Store{"its cookie's key has not come": before, "the key of its binding is gone": after} {
		var answer *web.Error
		if found, err := load(s); found != nil || !errors.As(err, &answer) || answer.Status != http.StatusServiceUnavailable || answer.RetryAfter <= 0 {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
	if found, err := load(both); err != nil || found == nil || found.AttemptID != begun.AttemptID {
		t.Errorf("where both keys are: %+v, %v", found, err)
	}
}

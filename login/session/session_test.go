package session_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/login/logintest"
	"github.com/latchkey-id/latchkey/login/session"
	"github.com/latchkey-id/latchkey/storage"
)

// desk is where people sign in, in a browser that keeps cookies.
type desk struct {
	*logintest.Parts
	sessions *session.Sessions
	cookies  map[string]*http.Cookie
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	p := logintest.New(t, logintest.Options{})
	return &desk{Parts: p, sessions: p.Sessions(nil), cookies: map[string]*http.Cookie{}}
}

// request is one of the browser, and keep takes the cookies of its answer.
func (d *desk) request() (*httptest.ResponseRecorder, *http.Request) {
	r := httptest.NewRequest(http.MethodGet, d.URL.String(), nil)
	for _, c := range d.cookies {
		r.AddCookie(c)
	}
	return httptest.NewRecorder(), r
}

func (d *desk) keep(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if d.cookies[c.Name] = c; c.MaxAge < 0 {
			delete(d.cookies, c.Name)
		}
	}
}

// secret is what the session's cookie holds.
func (d *desk) secret() string {
	_, r := d.request()
	return d.Cookies.Get(r, web.CookieSession)
}

// read returns who is signed in.
func (d *desk) read() *storage.SignedIn {
	d.T.Helper()
	_, r := d.request()
	found, err := d.sessions.Read(r)
	logintest.Check(d.T, err)
	return found
}

// signIn begins a session of the person, on the proofs.
func (d *desk) signIn(u *storage.User, proofs ...storage.Proof) (*storage.Session, error) {
	d.T.Helper()
	w, r := d.request()
	before, err := d.sessions.Read(r)
	logintest.Check(d.T, err)
	s, err := d.sessions.Create(w, r, session.SignIn{UserID: u.ID, PasswordEpoch: u.PasswordEpoch, Proofs: proofs}, before)
	d.keep(w)
	return s, err
}

func (d *desk) password() storage.Proof {
	return storage.Proof{Kind: storage.FactorPassword, At: d.Clock.Now()}
}

// TestSE1_EachSignInHasANewSecret, also where somebody proves anew who they are: the
// name of the session stays, and the old secret is worth nothing.
func TestSE1_EachSignInHasANewSecret(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ada := d.Person("ada@example.com")
	first, err := d.signIn(ada, d.password())
	logintest.Check(t, err)
	planted := d.cookies
	d.cookies = map[string]*http.Cookie{}
	for k, c := range planted {
		d.cookies[k] = c
	}
	old := d.secret()
	again, err := d.signIn(ada, d.password())
	logintest.Check(t, err)
	if again.SID != first.SID || d.secret() == old {
		t.Errorf("SID %s then %s, secret changed: %t", first.SID, again.SID, d.secret() != old)
	}
	if got := d.read(); got == nil || got.User.ID != ada.ID {
		t.Errorf("signed in: %+v", got)
	}
	d.cookies = planted
	if got := d.read(); got != nil {
		t.Error("the old secret still opens the session")
	}
}

// TestSE1_AnotherPersonTakesTheBrowserOver: whoever was signed in is not any more.
func TestSE1_AnotherPersonTakesTheBrowserOver(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ada, bob := d.Person("ada@example.com"), d.Person("bob@example.com")
	first, err := d.signIn(ada, d.password())
	logintest.Check(t, err)
	second, err := d.signIn(bob, d.password())
	logintest.Check(t, err)
	if second.SID == first.SID {
		t.Error("Bob goes on in Ada's session")
	}
	left, err := d.Store.Sessions().ListByUser(t.Context(), ada.ID, d.Clock.Now())
	logintest.Check(t, err)
	if got := d.read(); len(left) != 0 || got == nil || got.User.ID != bob.ID {
		t.Errorf("%d sessions of Ada's are left; signed in: %+v", len(left), got)
	}
}

// TestSE3_AStepUpMakesNoSessionLiveLonger: only a first factor begins its lifetime anew.
func TestSE3_AStepUpMakesNoSessionLiveLonger(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ada := d.Person("ada@example.com")
	first, err := d.signIn(ada, d.password())
	logintest.Check(t, err)
	d.Clock.Advance(30 * time.Minute)
	stepped, err := d.signIn(ada, storage.Proof{Kind: storage.FactorTOTP, At: d.Clock.Now(), CredentialID: "app"})
	logintest.Check(t, err)
	if !stepped.ExpiresAt.Equal(first.ExpiresAt) || stepped.Authentication.ACR != "aal2" || len(stepped.Proofs) != 2 {
		t.Errorf("after a step-up: %+v", stepped)
	}
	anew, err := d.signIn(ada, d.password())
	logintest.Check(t, err)
	if !anew.ExpiresAt.After(first.ExpiresAt) {
		t.Error("a new first factor did not begin the lifetime anew")
	}
}

// TestSE3_AStepUpLeavesASessionRemembered, or not: it asks nobody.
func TestSE3_AStepUpLeavesASessionRemembered(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ada := d.Person("ada@example.com")
	for _, remember := range []bool{true, false} {
		w, r := d.request()
		before, err := d.sessions.Read(r)
		logintest.Check(t, err)
		first, err := d.sessions.Create(w, r, session.SignIn{
			UserID: ada.ID, PasswordEpoch: ada.PasswordEpoch, Proofs: []storage.Proof{d.password()}, Remember: remember,
		}, before)
		logintest.Check(t, err)
		d.keep(w)
		stepped, err := d.signIn(ada, storage.Proof{Kind: storage.FactorTOTP, At: d.Clock.Now(), CredentialID: "app"})
		logintest.Check(t, err)
		if stepped.Remembered != remember || !stepped.ExpiresAt.Equal(first.ExpiresAt) || !stepped.IdleExpiresAt.Equal(first.IdleExpiresAt) {
			t.Errorf("remembered %t: before %+v, after %+v", remember, first, stepped)
		}
	}
}

// TestSE1_NoSessionUnderAnotherPassword: a password that changed between the first
// proof and the last voids the sign-in.
func TestSE1_NoSessionUnderAnotherPassword(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ada := d.Person("ada@example.com")
	ada.PasswordEpoch++ // what was read is not what is
	_, err := d.signIn(ada, d.password())
	var shown *web.Error
	if !errors.As(err, &shown) || shown.Status != http.StatusConflict || d.read() != nil {
		t.Errorf("got %v, signed in: %+v", err, d.read())
	}
}

// TestSE2_EndingIsIdempotent: it ends the session and the cookie, and nothing else
// where nobody is signed in.
func TestSE2_EndingIsIdempotent(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ada := d.Person("ada@example.com")
	_, err := d.signIn(ada, d.password())
	logintest.Check(t, err)
	kept := d.secret()
	for range 2 {
		w, r := d.request()
		logintest.Check(t, d.sessions.End(w, r))
		d.keep(w)
		if d.secret() != "" {
			t.Error("the cookie is still there")
		}
	}
	_, r := d.request()
	r.AddCookie(&http.Cookie{Name: "latchkey-session", Value: kept})
	if found, err := d.sessions.Read(r); err != nil || found != nil {
		t.Errorf("the old secret: %+v, %v", found, err)
	}
}

// TestKY5_ASessionOfAnUnknownKeyIsNotJudged: while a hash key is rolled over the nodes,
// one that does not know it yet does not say that nobody is signed in.
func TestKY5_ASessionOfAnUnknownKeyIsNotJudged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	_, err := d.signIn(d.Person("ada@example.com"), d.password())
	logintest.Check(t, err)
	with := func(list ...keys.SecretKey) *session.Sessions {
		hasher, err := keys.NewHasher(list)
		logintest.Check(t, err)
		d.Hasher = hasher
		return d.Sessions(nil)
	}
	key := func(id string, b byte) keys.SecretKey {
		return keys.SecretKey{ID: id, Key: bytes.Repeat([]byte{b}, 32)}
	}
	_, r := d.request()
	var answer *web.Error
	if _, err := with(key("p2", 2)).Read(r); !errors.As(err, &answer) || answer.Status != http.StatusServiceUnavailable {
		t.Errorf("where the key is not: %v", err)
	}
	if found, err := with(key("p2", 2), key("p1", 1)).Read(r); err != nil || found == nil {
		t.Errorf("where it is: %v, %v", found, err)
	}
	if found, err := with(key("p2", 2), keys.SecretKey{ID: "p1", Revoked: true}).Read(r); err != nil || found != nil {
		t.Errorf("where it is revoked: %v, %v", found, err)
	}
}

package op

import (
	"net/url"
	"testing"
	"time"
)

func TestEndSession_AClientWithoutHintIsAskedFor(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	form := signOutForm("client_id", "wiki", "post_logout_redirect_uri", postRedirect, "state", "x")
	if w := s.get(endSessionPath, form); w.Body.String() != "confirm" || s.signIn.Client.ID != "wiki" {
		t.Fatalf("answer is %d %s for %v", w.Code, w.Body, s.signIn.Client)
	}
	if got := s.confirm(); got != postRedirect+"?state=x" || s.signIn.SignOuts != 1 {
		t.Errorf("leads to %q, signed out %d times", got, s.signIn.SignOuts)
	}
	// With nobody there, nobody was asked: the page stays.
	if w := s.get(endSessionPath, form); w.Body.String() != "signed out" || w.Header().Get("Location") != "" {
		t.Errorf("answer is %d %v", w.Code, w.Header())
	}
}

func TestEndSession_HintOfAnEarlierSession(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	hint := s.hint()
	s.signIn.Who.Session.SID = "0190000000000000000000000000000c"
	form := signOutForm("id_token_hint", hint, "post_logout_redirect_uri", postRedirect, "state", "x")
	if w := s.get(endSessionPath, form); w.Body.String() != "confirm" {
		t.Fatalf("answer is %d %s", w.Code, w.Body)
	}
	if got := s.confirm(); got != postRedirect+"?state=x" || s.signIn.SignOuts != 1 {
		t.Errorf("leads to %q, signed out %d times", got, s.signIn.SignOuts)
	}
}

// A back end calls the endpoint with an ID token and no cookies.
func TestSE5_AHintEndsItsLiveSession(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	hint := s.hint()
	s.signIn.Who = nil
	if w := s.get(endSessionPath, signOutForm("id_token_hint", hint)); w.Body.String() != "signed out" {
		t.Errorf("answer is %d %s", w.Code, w.Body)
	}
	ended := s.signOuts()
	if len(ended) != 1 || ended[0].UserID != testUserID || ended[0].SID != testSID || ended[0].ClientID != "wiki" {
		t.Errorf("ended %+v", ended)
	}
	// What is no hint of a session ends none.
	s.store.signIn("0190000000000000000000000000000c", s.clock.Now())
	for _, form := range []url.Values{
		signOutForm("id_token_hint", "a.b.c"), signOutForm("client_id", "wiki"), signOutForm("id_token_hint", hint[:len(hint)-8]+"AAAAAAAA"),
	} {
		s.get(endSessionPath, form)
	}
	if len(s.signOuts()) != 1 {
		t.Error("a session ended without its hint")
	}
}

func TestEndSession_AnAccessTokenIsNoHint(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	w := s.get(endSessionPath, signOutForm("id_token_hint", s.userinfoToken(), "post_logout_redirect_uri", postRedirect))
	if w.Body.String() != "confirm" {
		t.Errorf("answer is %d %s", w.Code, w.Body)
	}
}

// A session outlives the keys that its ID token was signed with.
func TestEndSession_AHintOfARetiredKeyReturns(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	hint := s.hint()
	ring := s.provider.cfg.Keys
	for range 40 {
		s.clock.Advance(24 * time.Hour)
		if err := ring.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ring.Verify(t.Context(), hint, idTokenType, signingAlgs...); err == nil {
		t.Fatal("the key is still published")
	}
	answer := answerAt(t, s.get(authorizePath, authorization("prompt", "none", "id_token_hint", hint)), testRedirect)
	if answer.Get("code") == "" {
		t.Errorf("prompt=none answers %v", answer)
	}
	w := s.get(endSessionPath, signOutForm("id_token_hint", hint, "post_logout_redirect_uri", postRedirect, "state", "x"))
	if w.Header().Get("Location") != postRedirect+"?state=x" || s.signIn.SignOuts != 1 {
		t.Errorf("answer is %d %v", w.Code, w.Header())
	}
}

package op

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func TestSE5_DecideEndSession(t *testing.T) {
	t.Parallel()
	session := &storage.SignedIn{User: testUser, Session: storage.Session{SID: testSID, UserID: testUserID}}
	mine := &idTokenHint{Subject: string(testUserID), SID: string(testSID)}
	for _, tc := range []struct {
		name      string
		hint      *idTokenHint
		session   *storage.SignedIn
		confirmed bool
		want      endSessionDecision
	}{
		{"nothing said", nil, session, false, endSessionAsk},
		{"confirmed", nil, session, true, endSessionNow},
		{"hint of this session", mine, session, false, endSessionNow},
		{"hint of this session, confirmed", mine, session, true, endSessionNow},
		{"hint of an earlier session", &idTokenHint{Subject: string(testUserID), SID: "other"}, session, false, endSessionAsk},
		{"hint of somebody else", &idTokenHint{Subject: "eve", SID: string(testSID)}, session, false, endSessionAsk},
		{"hint of somebody else, confirmed", &idTokenHint{Subject: "eve", SID: "other"}, session, true, endSessionNow},
		{"hint without sid", &idTokenHint{Subject: string(testUserID)}, session, false, endSessionAsk},
		{"nobody there", nil, nil, false, endSessionNothing},
		{"nobody there, hint", mine, nil, false, endSessionNothing},
		{"nobody there, confirmed", nil, nil, true, endSessionNothing},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := decideEndSession(&endSessionRequest{Hint: tc.hint}, tc.session, tc.confirmed); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}

// hint signs in and returns the ID token.
func (s *site) hint() string {
	s.t.Helper()
	code := answerAt(s.t, s.get(authorizePath, authorization()), testRedirect).Get("code")
	return s.exchange(asWiki, code).want(s.t, http.StatusOK, "").IDToken
}

func signOutForm(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func TestEndSession_WithTheHintOfThisSession(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		form  url.Values
		state string
	}{
		"state":    {signOutForm("post_logout_redirect_uri", postRedirect, "state", "x y&z"), "x y&z"},
		"no state": {signOutForm("post_logout_redirect_uri", postRedirect), ""},
		"client":   {signOutForm("post_logout_redirect_uri", postRedirect, "client_id", "wiki"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := signedInSite(t)
			tc.form.Set("id_token_hint", s.hint())
			s.clock.Advance(24 * time.Hour) // long expired
			w := s.get(endSessionPath, tc.form)
			want := postRedirect
			if tc.state != "" {
				want += "?" + url.Values{"state": {tc.state}}.Encode()
			}
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want || s.signIn.SignOuts != 1 {
				t.Errorf("answer is %d %q, signed out %d times", w.Code, w.Header().Get("Location"), s.signIn.SignOuts)
			}
			// Again, with nobody there: the way back is still known.
			if w := s.get(endSessionPath, tc.form); w.Header().Get("Location") != want {
				t.Errorf("the second time: %d %v", w.Code, w.Header())
			}
			answer := answerAt(t, s.get(authorizePath, authorization("prompt", "none")), testRedirect)
			if answer.Get("error") != "login_required" {
				t.Errorf("still signed in: %v", answer)
			}
		})
	}
}

func TestCS3_EndSessionNoRedirect(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		form func(hint string) url.Values
		// error says whether it is an error page rather than a question
		error bool
	}{
		{"nothing", func(string) url.Values { return signOutForm() }, false},
		{"only state", func(string) url.Values { return signOutForm("state", "x") }, false},
		{"no hint", func(string) url.Values { return signOutForm("post_logout_redirect_uri", postRedirect, "state", "x") }, false},
		{"bad hint", func(string) url.Values {
			return signOutForm("id_token_hint", "a.b.c", "post_logout_redirect_uri", postRedirect)
		}, false},
		{"bad hint and client", func(string) url.Values {
			return signOutForm("id_token_hint", "a.b.c", "post_logout_redirect_uri", postRedirect, "client_id", "wiki")
		}, false},
		{"modified hint", func(h string) url.Values {
			return signOutForm("id_token_hint", h[:len(h)-8]+"AAAAAAAA", "post_logout_redirect_uri", postRedirect)
		}, false},
		{"unregistered", func(h string) url.Values {
			return signOutForm("id_token_hint", h, "post_logout_redirect_uri", "https://evil.example/")
		}, true},
		{"query added", func(h string) url.Values {
			return signOutForm("id_token_hint", h, "post_logout_redirect_uri", postRedirect+"?x=y")
		}, true},
		{"a redirect URI, but not for this", func(h string) url.Values {
			return signOutForm("id_token_hint", h, "post_logout_redirect_uri", testRedirect)
		}, true},
		{"another client", func(h string) url.Values {
			return signOutForm("id_token_hint", h, "client_id", "spa", "post_logout_redirect_uri", postRedirect)
		}, true},
		{"unknown client", func(string) url.Values {
			return signOutForm("client_id", "nobody", "post_logout_redirect_uri", postRedirect)
		}, true},
		{"repeated", func(h string) url.Values {
			return url.Values{"id_token_hint": {h, h}, "post_logout_redirect_uri": {postRedirect}}
		}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := signedInSite(t)
			form := tc.form(s.hint())
			w := s.get(endSessionPath, form)
			if tc.error {
				wantPage(t, w, http.StatusBadRequest, "error page")
				if strings.Contains(w.Body.String(), "evil") {
					t.Errorf("the page reflects its input: %s", w.Body)
				}
			} else if w.Body.String() != "confirm" || w.Header().Get("Location") != "" {
				t.Errorf("answer is %d %s", w.Code, w.Body)
			}
			if s.signIn.SignOuts != 0 {
				t.Error("signed out without a question")
			}
			if tc.error {
				return
			}
			// The person agrees: they are signed out, and stay here.
			if got := s.confirm(); got != "signed out" || s.signIn.SignOuts != 1 {
				t.Errorf("after the question: %q, signed out %d times", got, s.signIn.SignOuts)
			}
		})
	}
}

// confirm posts the form of the page that asks, and returns where that leads:
// an address or the text of a page.
func (s *site) confirm() string {
	s.t.Helper()
	form := url.Values{"csrf": {siteFormToken}}
	for name, value := range s.signIn.Hidden {
		form.Set(name, value)
	}
	s.cookies = append(s.cookies, &http.Cookie{Name: "__Host-latchkey-browser", Value: strings.Repeat("b", 43)})
	w := s.postForm(endSessionPath, form)
	location := w.Header().Get("Location")
	if done, ours := strings.CutPrefix(location, testIssuer+signedOutPath); ours {
		w, location = s.send(httptest.NewRequest(http.MethodGet, testIssuer+signedOutPath+done, nil)), ""
	}
	if location != "" {
		return location
	}
	return w.Body.String()
}

// An impatient click sends the form twice, and both requests see the same page.
func TestSignOutMayBeSentTwice(t *testing.T) {
	t.Parallel()
	s := partingSite(t)
	s.get(endSessionPath, nil)
	form := url.Values{"csrf": {siteFormToken}}
	s.cookies = []*http.Cookie{{Name: "__Host-latchkey-browser", Value: strings.Repeat("b", 43)}}
	var leads [5]string
	var both sync.WaitGroup
	for i := range leads {
		both.Go(func() {
			r := formRequest(http.MethodPost, endSessionPath, form.Encode())
			for _, c := range s.cookies {
				r.AddCookie(c)
			}
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			leads[i] = w.Header().Get("Location")
		})
	}
	both.Wait()
	for _, location := range leads {
		if location != leads[0] || !strings.HasPrefix(location, testIssuer+signedOutPath+"?id=") {
			t.Fatalf("leads to %q", leads)
		}
	}
	if s.signIn.SignOuts != 1 {
		t.Errorf("signed out %d times", s.signIn.SignOuts)
	}
	path := strings.TrimPrefix(leads[0], testIssuer)
	for range 2 { // it can be reloaded
		if w := s.send(httptest.NewRequest(http.MethodGet, testIssuer+path, nil)); w.Body.String() != "signed out" || len(s.signIn.Done.Told) != 3 {
			t.Errorf("the page is %s of %+v", w.Body, s.signIn.Done)
		}
	}
	s.clock.Advance(signOutLifetime)
	for _, old := range []string{path, signedOutPath, signedOutPath + "?id=x"} {
		if w := s.send(httptest.NewRequest(http.MethodGet, testIssuer+old, nil)); w.Body.String() != "signed out" || len(s.signIn.Done.Told) != 0 {
			t.Errorf("the page of %s is %s of %+v", old, w.Body, s.signIn.Done)
		}
	}
}

func TestCS1_SignOutNeedsTheFormToken(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	s.cookies = []*http.Cookie{{Name: "__Host-latchkey-browser", Value: strings.Repeat("b", 43)}}
	for _, token := range []string{"", "forged"} {
		if w := s.postForm(endSessionPath, signOutForm("csrf", token)); w.Body.String() != "confirm" || s.signIn.SignOuts != 0 {
			t.Errorf("token %q: %s", token, w.Body)
		}
	}
	// Nor does the token in an address count.
	if w := s.get(endSessionPath, signOutForm("csrf", siteFormToken)); w.Body.String() != "confirm" || s.signIn.SignOuts != 0 {
		t.Errorf("GET with the token: %s", w.Body)
	}
}

// A form on another site comes without cookies, so that the browser's session is
// not there. Where the ID token names a live session that one ends; otherwise the
// browser is sent round to bring its cookies. The token never goes into an address.
func TestSE5_PostFromAnotherSite(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		form func(hint string) url.Values
		live bool
		want string
	}{
		"a live session": {func(h string) url.Values {
			return signOutForm("id_token_hint", h, "post_logout_redirect_uri", postRedirect, "state", "x")
		}, true, postRedirect + "?state=x"},
		"one that has ended": {func(h string) url.Values {
			return signOutForm("id_token_hint", h, "post_logout_redirect_uri", postRedirect, "state", "x")
		}, false, "?client_id=wiki&post_logout_redirect_uri=" + url.QueryEscape(postRedirect) + "&state=x"},
		"a bad hint":     {func(string) url.Values { return signOutForm("id_token_hint", "a.b.c") }, true, ""},
		"only a client":  {func(string) url.Values { return signOutForm("client_id", "wiki") }, true, "?client_id=wiki"},
		"with a tracker": {func(string) url.Values { return signOutForm("utm_source", "a") }, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := signedInSite(t)
			form := tc.form(s.hint())
			s.signIn.Who, s.cookies = nil, nil // the browser is not recognized
			if !tc.live {
				s.endSession()
			}
			w := s.postForm(endSessionPath, form)
			location := w.Header().Get("Location")
			want := tc.want
			if !strings.HasPrefix(want, "https:") {
				want = testIssuer + endSessionPath + want
			}
			if location != want || strings.Contains(location, "hint") || strings.Contains(location, "eyJ") {
				t.Errorf("sent to %q, want %q", location, want)
			}
			if s.signIn.SignOuts != 0 {
				t.Error("signed out somebody who was not there")
			}
			// With its cookies the browser is asked, and returns.
			s.becomes(testUser)
			if strings.HasPrefix(tc.want, "?client_id=wiki&post") {
				again := answerAt(t, w, testIssuer+endSessionPath)
				if w := s.get(endSessionPath, again); w.Body.String() != "confirm" || s.confirm() != postRedirect+"?state=x" {
					t.Errorf("answer is %d %v", w.Code, w.Header())
				}
			}
		})
	}
}

// endSession ends the session behind the browser's back.
func (s *site) endSession() {
	s.t.Helper()
	now := s.clock.Now()
	s.store.must(s.store.Sessions().End(s.t.Context(), testSID, now, s.store.event(storage.EventUserDisabled, now)))
}

// signOuts returns the events of sessions that ended by a sign-out.
func (s *site) signOuts() []storage.Event {
	s.t.Helper()
	found, err := s.store.Events().List(s.t.Context(), storage.EventFilter{Type: storage.EventSignOut, Limit: 10})
	s.store.must(err)
	return found
}

func TestEndSession_StoreDown(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	s.signIn.Err = errors.New("no database")
	wantPage(t, s.get(endSessionPath, signOutForm()), http.StatusServiceUnavailable, "Temporarily unavailable")
}

// A confirmation that fails leads back to the question, with what it was asked with; a
// form of another site is told by the answer itself.
func TestEndSession_AFailedConfirmationAsksAgain(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	s.signIn.Err = errors.New("no database")
	w := s.postForm(endSessionPath, signOutForm("csrf", siteFormToken, "client_id", "wiki", "state", "a state", "once", "x"))
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	if query := to.Query(); w.Code != http.StatusSeeOther || to.Path != endSessionPath || query.Get("client_id") != "wiki" || query.Get("state") != "a state" || len(query) != 2 {
		t.Errorf("answer %d to %s", w.Code, to)
	}
	wantPage(t, s.get(endSessionPath, to.Query()), http.StatusServiceUnavailable, "Temporarily unavailable")
	wantPage(t, s.postForm(endSessionPath, signOutForm("csrf", "another's", "client_id", "wiki")), http.StatusServiceUnavailable, "Temporarily unavailable")
}

package op

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/storage"
	shortlived "github.com/latchkey-id/latchkey/storage/ephemeral"
)

// begin starts a sign-in that waits for the person and returns its id.
func (s *site) begin(pairs ...string) string {
	s.t.Helper()
	w := s.get(authorizePath, authorization(pairs...))
	id, ok := strings.CutPrefix(w.Header().Get("Location"), "/login?interaction=")
	if w.Code != http.StatusSeeOther || !ok || len(id) != shortlived.IDLength {
		s.t.Fatalf("no sign-in began: %d %v", w.Code, w.Header())
	}
	return id
}

// becomes signs a person in, in this browser.
func (s *site) becomes(u storage.User) {
	s.signIn.Who = &storage.SignedIn{User: u, Session: storage.Session{
		SID: testSID, UserID: u.ID, Authentication: storage.Authentication{Time: s.clock.Now(), ACR: "aal1", AMR: []string{"pwd"}},
	}}
}

func (s *site) resume(id string) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.get(resumePath, url.Values{"interaction": {id}})
}

func TestResume_IssuesACode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.begin()
	for key := range s.store.entries() {
		if strings.Contains(key, id) {
			t.Error("the store knows the id")
		}
	}
	s.becomes(testUser)
	answer := answerAt(t, s.resume(id), testRedirect)
	if answer.Get("state") != "s-1" || answer.Get("iss") != testIssuer {
		t.Errorf("answer is %v", answer)
	}
	s.exchange(asWiki, answer.Get("code")).want(t, http.StatusOK, "")
}

func TestAZ3_OneBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.begin() // the attacker's browser starts
	attacker := s.cookies
	s.becomes(testUser)
	for name, jar := range map[string][]*http.Cookie{
		"no cookie":       nil,
		"another browser": {{Name: attacker[0].Name, Value: strings.Repeat("x", 43)}},
		"half a cookie":   {{Name: attacker[0].Name, Value: attacker[0].Value[:20]}},
	} {
		s.cookies = jar // the victim follows the link, signed in
		wantPage(t, s.resume(id), http.StatusForbidden, "another browser")
		if len(s.store.entries()) != 1 {
			t.Errorf("%s: the interaction is gone", name)
		}
	}
	// Nor does a new visit of the victim change whose interaction it is.
	s.cookies = nil
	s.signIn.Who = nil
	s.begin()
	s.becomes(testUser)
	wantPage(t, s.resume(id), http.StatusForbidden, "another browser")
	s.cookies = attacker
	answerAt(t, s.resume(id), testRedirect)
}

func TestAZ3_BrowserCookie(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.begin()
	if len(s.cookies) != 1 {
		t.Fatalf("cookies are %v", s.cookies)
	}
	c := s.cookies[0]
	if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || len(c.Value) != 43 {
		t.Errorf("cookie is %+v", c)
	}
	for key, value := range s.store.entries() {
		if strings.Contains(key+value, c.Value) {
			t.Error("the store knows the cookie")
		}
	}
	s.begin() // another tab
	if len(s.cookies) != 1 {
		t.Error("the second tab got another cookie")
	}
}

func TestL2_OneCodeForOneSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.begin()
	s.becomes(testUser)
	cookie := s.cookies[0]
	var codes sync.Map
	var answered atomic.Int32
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			r := httptest.NewRequest(http.MethodGet, testIssuer+resumePath+"?interaction="+id, nil)
			r.AddCookie(cookie)
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			if to, err := url.Parse(w.Header().Get("Location")); err == nil && to.Query().Has("code") {
				codes.Store(to.Query().Get("code"), true)
				answered.Add(1)
			}
		})
	}
	wg.Wait()
	made := 0
	codes.Range(func(any, any) bool { made++; return true })
	if made != 1 || answered.Load() != 50 {
		t.Errorf("%d codes in %d answers, want one, given to all", made, answered.Load())
	}
	s.clock.Advance(6 * time.Second)
	wantPage(t, s.resume(id), http.StatusBadRequest, "This sign-in has ended")
}

// TestPA1_TheEndOfASignInIsAnsweredAgain: where the form that led there is sent twice,
// both requests get the one code, for a moment and in that browser alone.
func TestPA1_TheEndOfASignInIsAnsweredAgain(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"query", "form_post"} {
		s := newSite(t)
		id := s.begin("response_mode", mode)
		s.becomes(testUser)
		read := func(w *httptest.ResponseRecorder) string {
			t.Helper()
			if mode == "form_post" {
				return formFields(t, w, testRedirect)["code"]
			}
			return answerAt(t, w, testRedirect).Get("code")
		}
		first, second := s.resume(id), s.resume(id)
		code := read(first)
		if code == "" || read(second) != code {
			t.Errorf("%s: codes %q and %q", mode, code, read(second))
		}
		for _, header := range []string{"Content-Security-Policy", "Content-Type", "Cache-Control", "Referrer-Policy"} {
			if first.Header().Get(header) != second.Header().Get(header) {
				t.Errorf("%s: %s is %q again", mode, header, second.Header().Get(header))
			}
		}
		owner := s.cookies
		for name, jar := range map[string][]*http.Cookie{"no cookie": nil, "another browser": {{Name: owner[0].Name, Value: strings.Repeat("x", 43)}}} {
			if s.cookies = jar; strings.Contains(s.resume(id).Body.String()+s.resume(id).Header().Get("Location"), code) {
				t.Errorf("%s: %s gets the code", mode, name)
			}
		}
		s.cookies = owner
		s.exchange(asWiki, code).want(t, http.StatusOK, "")
		s.clock.Advance(6 * time.Second)
		wantPage(t, s.resume(id), http.StatusBadRequest, "This sign-in has ended")
	}
}

func TestPA5_ResumeAsksAgainWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.begin()
	if w := s.resume(id); w.Header().Get("Location") != "/login?interaction="+id {
		t.Errorf("nobody is signed in: %d %v", w.Code, w.Header())
	}
	s.becomes(testUser)
	s.signIn.Missing = "consent"
	s.resume(id)
	if len(s.signIn.Begun) != 3 || len(s.store.entries()) != 1 {
		t.Errorf("begun %d times, entries %v", len(s.signIn.Begun), s.store.entries())
	}
	s.signIn.Missing = ""
	answerAt(t, s.resume(id), testRedirect)
}

func TestResume_Declined(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.begin("response_mode", "form_post")
	s.decline(id)
	fields := formFields(t, s.resume(id), testRedirect)
	if fields["error"] != "access_denied" || fields["state"] != "s-1" || fields["iss"] != testIssuer {
		t.Errorf("posts %v", fields)
	}
	s.clock.Advance(6 * time.Second)
	wantPage(t, s.resume(id), http.StatusBadRequest, "This sign-in has ended")
}

func TestResume_CannotBe(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.begin()
	s.signIn.Fatal = "unmet_authentication_requirements"
	if answer := answerAt(t, s.resume(id), testRedirect); answer.Get("error") != "unmet_authentication_requirements" {
		t.Errorf("answer is %v", answer)
	}
}

func TestResume_Nothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, id := range []string{"", "x", strings.Repeat("x", 43), strings.Repeat("x", 1<<16)} {
		wantPage(t, s.resume(id), http.StatusBadRequest, "This sign-in has ended")
	}
}

func TestAZ1_ResumeKnowsTodaysRegistration(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.begin()
	s.becomes(testUser)
	moved := siteClient()
	moved.RedirectURIs = []string{"https://wiki.example.com/elsewhere"}
	s.registry.Replace(client.NewSnapshot([]client.Client{moved}))
	wantPage(t, s.resume(id), http.StatusBadRequest, "isn’t registered")
	s.registry.Replace(client.NewSnapshot(nil))
	wantPage(t, s.resume(id), http.StatusBadRequest, "We don’t know this app")
}

func TestResume_StoreDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.begin()
	s.becomes(testUser)
	s.signIn.Err = errors.New("no database")
	wantPage(t, s.resume(id), http.StatusServiceUnavailable, "Temporarily unavailable")
	s.signIn.Err = nil
	s.ephemeral.Err.Set(errors.New("no cache"))
	wantPage(t, s.resume(id), http.StatusServiceUnavailable, "Temporarily unavailable")
	s.ephemeral.Err.Set(nil)
	answerAt(t, s.resume(id), testRedirect)
}

// decline does what package login does where the person says no.
func (s *site) decline(id string) {
	s.t.Helper()
	store := interactionsOf(s.node, 1)
	r := httptest.NewRequest(http.MethodPost, testIssuer+"/login", nil)
	for _, c := range s.cookies {
		r.AddCookie(c)
	}
	in, err := store.Load(r, id)
	s.store.must(err)
	s.store.must(store.Update(s.t.Context(), in, func(in *interaction.Interaction) {
		in.Refusal = &interaction.Refusal{Code: "access_denied", Reason: "the person declined"}
	}))
}

// TestKY5_AnInteractionOfAnUnknownKeyCannotBeJudged: while a hash key is rolled over
// the nodes, the person is told to try again, and not that it is over.
func TestKY5_AnInteractionOfAnUnknownKeyCannotBeJudged(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.begin()
	s.provider.cfg.Interactions = interaction.NewStore(interaction.Config{
		Store: s.ephemeral, Counters: s.ephemeral, Hasher: hasherOf(t, "p0"), PendingPerAddress: 1,
	})
	wantPage(t, s.resume(id), http.StatusServiceUnavailable, "Temporarily unavailable")
}

package op

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/keys"
	"github.com/latchkey-id/latchkey/storage"
)

const (
	siteFormToken = "form-token"
	postRedirect  = "https://wiki.example.com/signed-out"
)

// fakeSignIn is the hosted pages: who is signed in, what is missing, and what
// was shown.
type fakeSignIn struct {
	mu      sync.Mutex
	Who     *storage.SignedIn
	Missing string
	Fatal   string
	Err     error
	// FormUnjudged says that the form token is of a hash key that is not known here.
	FormUnjudged bool
	Checked      []interaction.Interaction
	Begun        []interaction.Interaction
	Hidden       map[string]string
	Client       *client.Client
	SignOuts     int
	Done         *interaction.SignedOut
}

func (s *fakeSignIn) Check(_ *http.Request, in *interaction.Interaction) (interaction.Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Checked = append(s.Checked, *in)
	switch {
	case s.Err != nil:
		return interaction.Outcome{}, s.Err
	case s.Fatal != "":
		return interaction.Outcome{Fatal: true, Error: s.Fatal, Reason: "it cannot be"}, nil
	case s.Missing != "" || s.Who == nil:
		return interaction.Outcome{Missing: "password", Error: "login_required", Reason: "nobody is signed in"}, nil
	}
	return interaction.Outcome{SignedIn: s.Who}, nil
}

func (s *fakeSignIn) Begin(w http.ResponseWriter, r *http.Request, in *interaction.Interaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Begun = append(s.Begun, *in)
	http.Redirect(w, r, "/login?interaction="+in.ID, http.StatusSeeOther)
}

func (s *fakeSignIn) DeviceDecided(w http.ResponseWriter, _ *http.Request, _ *interaction.Interaction, allowed bool) error {
	_, err := fmt.Fprintf(w, "device allowed: %t", allowed)
	return err
}

func (s *fakeSignIn) Session(*http.Request) (*storage.SignedIn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Who, s.Err
}

func (s *fakeSignIn) ConfirmSignOut(w http.ResponseWriter, _ *http.Request, c *client.Client, hidden map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Client, s.Hidden = c, hidden
	_, err := w.Write([]byte("confirm"))
	return err
}

func (s *fakeSignIn) SignOut(http.ResponseWriter, *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Who = nil
	s.SignOuts++
	return nil
}

func (s *fakeSignIn) SignedOut(w http.ResponseWriter, _ *http.Request, done *interaction.SignedOut) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Done = done
	_, err := w.Write([]byte("signed out"))
	return err
}

func (s *fakeSignIn) VerifyForm(r *http.Request) (bool, error) {
	if s.FormUnjudged {
		return false, keys.ErrUnknownKey
	}
	return r.PostFormValue("csrf") == siteFormToken, nil
}

// site is a node with a browser.
type site struct {
	*node
	cookies []*http.Cookie
}

// newSite starts a provider; change alters its configuration.
func newSite(t testing.TB, change ...func(*Config)) *site {
	t.Helper()
	s := &site{node: newNode(t)}
	cfg := s.config([]client.Client{siteClient(), strictClient(), spaClient(), nativeClient(), robotClient()})
	for _, c := range change {
		c(&cfg)
	}
	s.start(cfg)
	return s
}

// signedInSite is a site whose browser is signed in.
func signedInSite(t testing.TB, change ...func(*Config)) *site {
	t.Helper()
	s := newSite(t, change...)
	s.signIn.Who = &storage.SignedIn{User: testUser, Session: storage.Session{
		SID: testSID, UserID: testUserID,
		Authentication: storage.Authentication{Time: s.clock.Now().Add(-time.Minute), ACR: "aal1", AMR: []string{"pwd"}},
	}}
	return s
}

// siteClient is wiki with everything that the browser's endpoints look at.
func siteClient() client.Client {
	c := wikiClient()
	c.RedirectURIs = []string{testRedirect, testRedirect + "?tenant=a"}
	c.PostLogoutRedirectURIs = []string{postRedirect}
	c.ResponseTypes, c.ResponseModes = []string{"code"}, []string{"query", "form_post"}
	c.Scopes = []string{"openid", "profile", "email", "address", "phone", "offline_access"}
	c.Consent = client.ConsentImplied
	return c
}

// strictClient is a confidential client that must use PKCE.
func strictClient() client.Client {
	c := siteClient()
	c.ID, c.RequirePKCE = "strict", nil
	return c
}

// spaClient is a public client in a browser.
func spaClient() client.Client {
	c := siteClient()
	c.ID, c.Type, c.AuthMethod, c.Secrets, c.RequirePKCE = "spa", client.TypePublic, client.AuthMethodNone, nil, nil
	c.RedirectURIs = []string{"https://spa.example.com/cb"}
	c.Origins = []string{"https://spa.example.com"}
	c.ResponseModes, c.Scopes = []string{"query"}, []string{"openid", "profile"}
	return c
}

func nativeClient() client.Client {
	c := spaClient()
	c.ID, c.Type, c.Origins = "native", client.TypeNative, nil
	c.RedirectURIs = []string{"http://127.0.0.1/cb", "com.example.app:/cb"}
	c.ResponseModes = []string{"query", "form_post"}
	return c
}

// authorization is a request of wiki that is in order; pairs change it, and an
// empty value removes a parameter.
func authorization(pairs ...string) url.Values {
	form := url.Values{
		"client_id": {"wiki"}, "redirect_uri": {testRedirect}, "response_type": {"code"}, "scope": {"openid profile"},
		"state": {"s-1"}, "nonce": {"n-1"}, "code_challenge": {challengeOf(testVerifier)}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			form.Del(pairs[i])
		}
	}
	return form
}

// send sends a request with the browser's cookies and keeps those of the answer.
func (s *site) send(r *http.Request) *httptest.ResponseRecorder {
	s.t.Helper()
	for _, c := range s.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	s.cookies = append(s.cookies, w.Result().Cookies()...)
	return w
}

func (s *site) get(path string, query url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	return s.send(httptest.NewRequest(http.MethodGet, withQuery(testIssuer+path, query), nil))
}

func (s *site) postForm(path string, form url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, testIssuer+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(r)
}

// answerAt returns the parameters of a redirect to address.
func answerAt(t testing.TB, w *httptest.ResponseRecorder, address string) url.Values {
	t.Helper()
	if w.Code != http.StatusSeeOther {
		t.Fatalf("status is %d, want a redirect: %s", w.Code, w.Body)
	}
	location, ok := strings.CutPrefix(w.Header().Get("Location"), address)
	if !ok || location == "" || !strings.ContainsAny(location[:1], "?&#") {
		t.Fatalf("Location is %q, want %s", w.Header().Get("Location"), address)
	}
	values, err := url.ParseQuery(location[1:])
	if err != nil {
		t.Fatalf("parse %q: %v", location, err)
	}
	return values
}

// wantPage checks that the browser got an error page and was sent nowhere.
func wantPage(t testing.TB, w *httptest.ResponseRecorder, status int, title string) {
	t.Helper()
	if w.Code != status || !strings.Contains(w.Body.String(), title) {
		t.Errorf("answer is %d %s, want %d %q", w.Code, w.Body, status, title)
	}
	if location := w.Header().Get("Location"); location != "" {
		t.Errorf("redirects to %q", location)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control is %q", got)
	}
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("encode %T: %v", v, err)
	}
	return raw
}

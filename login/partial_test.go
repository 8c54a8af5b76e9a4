package login

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/login/partial"
	"github.com/latchkey-id/latchkey/storage"
)

// request is one of the browser, outside of its jar.
func (b *browser) request() *http.Request {
	b.s.t.Helper()
	r := httptest.NewRequest(http.MethodGet, b.s.url.String(), nil)
	for _, c := range b.Cookies() {
		r.AddCookie(c)
	}
	return r
}

// started begins a partial sign-in of Ada by her password in a new tab of the browser,
// and returns the tab and a request that bears its cookie.
func (b *browser) started(ada *storage.User, change func(*partial.SignIn)) (*interaction.Interaction, *http.Request) {
	t := b.s.t
	t.Helper()
	b.start("")
	in, err := b.interaction(b.Page.URL.Query().Get(interaction.Param))
	check(t, err)
	r, w := b.request(), httptest.NewRecorder()
	part := b.s.pages.cfg.Partials.New(r, in, ada)
	part.Proofs = []storage.Proof{{Kind: storage.FactorPassword, At: b.s.clock.Now()}}
	change(part)
	check(t, b.s.pages.cfg.Partials.Save(w, r, part))
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	return in, r
}

// load reads the partial sign-in of a tab.
func (s *site) load(r *http.Request, in *interaction.Interaction) *partial.SignIn {
	s.t.Helper()
	part, err := s.pages.cfg.Partials.Load(httptest.NewRecorder(), r, in)
	check(s.t, err)
	return part
}

// TestPA1_APartialSignInIsOfOneFlow: its cookie is of no use in another tab, and the
// look there does not end it.
func TestPA1_APartialSignInIsOfOneFlow(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada, b := s.person("ada@example.com"), s.browser()
	in, r := b.started(ada, func(*partial.SignIn) {})
	b.start("")
	other, err := b.interaction(b.Page.URL.Query().Get(interaction.Param))
	check(t, err)
	if s.load(r, other) != nil {
		t.Error("it is of use in another tab")
	}
	if s.load(r, in) == nil {
		t.Error("it is gone from its own")
	}
}

// TestPA1_APartialSignInEndsAfterHalfAnHour, however busy it is.
func TestPA1_APartialSignInEndsAfterHalfAnHour(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada, b := s.person("ada@example.com"), s.browser()
	for age, want := range map[time.Duration]bool{29 * time.Minute: true, 31 * time.Minute: false} {
		in, r := b.started(ada, func(p *partial.SignIn) { p.StartedAt = s.clock.Now().Add(-age) })
		if got := s.load(r, in) != nil; got != want {
			t.Errorf("begun %s ago: of use %t", age, got)
		}
	}
}

// TestPA1_APartialSignInIsCompletedOnce: of two requests that read it when it proved
// enough, one makes a session.
func TestPA1_APartialSignInIsCompletedOnce(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada, b := s.person("ada@example.com"), s.browser()
	in, r := b.started(ada, func(*partial.SignIn) {})
	var read []*flowContext
	for range 2 {
		found, err := s.pages.evaluate(r, in, s.load(r, in))
		check(t, err)
		read = append(read, found)
	}
	check(t, s.pages.complete(httptest.NewRecorder(), r, read[0]))
	var over *web.Error
	if err := s.pages.complete(httptest.NewRecorder(), r, read[1]); !errors.As(err, &over) || over.Status != http.StatusConflict {
		t.Errorf("the second completion: %v", err)
	}
	sessions, err := s.store.Sessions().ListByUser(t.Context(), ada.ID, s.clock.Now())
	check(t, err)
	if len(sessions) != 1 {
		t.Errorf("%d sessions", len(sessions))
	}
}

package login

import (
	"net/http"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// doorkeeper is a way to sign in that the pages know nothing of: it sends people on to
// its other address, and takes the word of whoever comes back.
type doorkeeper struct {
	s     *site
	who   *storage.User
	proof storage.Proof
}

func (*doorkeeper) Routes() []string {
	return []string{"POST /login/doorkeeper", "GET /login/doorkeeper/back"}
}

func (*doorkeeper) Begin(*http.Request, signin.Attempt, *ui.SignIn) error { return nil }

func (d *doorkeeper) Complete(r *http.Request, a signin.Attempt) (signin.Result, error) {
	if r.Method == http.MethodPost {
		return signin.Result{Next: a.Interaction.Address("/login/doorkeeper/back")}, nil
	}
	return signin.Result{Evidence: &signin.Evidence{
		User: d.who, Proof: d.proof, Level: mfa.Level([]storage.Proof{d.proof}, time.Time{}, d.s.parts.Factors.Policy()),
	}}, nil
}

// TestNothingAssumesAPassword: somebody who has none signs in by a way that no page
// knows, to the end.
func TestNothingAssumesAPassword(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com", func(u *storage.User) { u.PasswordHash = "" })
	keeper := &doorkeeper{s: s, who: ada, proof: storage.Proof{Kind: storage.FactorPasskey, At: s.clock.Now(), UserVerified: true, CredentialID: "door"}}
	page := &signInPage{s.pages.core, []signin.Method{keeper}}
	mux := http.NewServeMux()
	s.routes(mux)
	for _, route := range page.answers() {
		mux.Handle(route.pattern, s.parts.Errors.Handle(route.handler))
	}
	s.parts.Serve(mux)
	b := s.browser()
	b.start("")
	_, form := b.Page.Form("login-submit")
	at := *b.Page.URL
	at.Path = "/login/doorkeeper"
	b.Post(at.String(), form).Want(t, http.StatusOK, "code for "+string(ada.ID)+" acr=phr")
	b.Get("/account").Want(t, http.StatusOK, "account of "+string(ada.ID))
}

// TestEvidenceThatReachesNoClassSignsNobodyIn: a method at fault lets nobody in.
func TestEvidenceThatReachesNoClassSignsNobodyIn(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	keeper := &doorkeeper{s: s, who: ada, proof: storage.Proof{Kind: storage.FactorTOTP, At: s.clock.Now(), CredentialID: "app"}}
	mux := http.NewServeMux()
	s.routes(mux)
	for _, route := range (&signInPage{s.pages.core, []signin.Method{keeper}}).answers() {
		mux.Handle(route.pattern, s.parts.Errors.Handle(route.handler))
	}
	s.parts.Serve(mux)
	b := s.browser()
	b.start("")
	at := *b.Page.URL
	at.Path = "/login/doorkeeper/back"
	b.Get(at.String()).Want(t, http.StatusInternalServerError, "error-title")
	b.start("").Want(t, http.StatusOK, "login-submit")
}

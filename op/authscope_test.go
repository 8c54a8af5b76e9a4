package op

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestScopesThatDoNotExistAreIgnored (OpenID Connect Core 3.1.2.1), whatever they are and
// wherever they stand: the sign-in goes on, the answer's scope and the refreshed one say
// what was granted, and the log what was not.
func TestScopesThatDoNotExistAreIgnored(t *testing.T) {
	t.Parallel()
	for _, asked := range []string{
		"openid email nonsense", "nonsense openid email", "openid User.Read email https://graph.example.com/.default", "openid email entitlements",
	} {
		t.Run(asked, func(t *testing.T) {
			t.Parallel()
			s := signedInSite(t)
			answer := answerAt(t, s.get(authorizePath, authorization("scope", asked)), testRedirect)
			first := s.exchange(asWiki, answer.Get("code")).want(t, http.StatusOK, "")
			again := s.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
			if first.Scope != "openid email" || again.Scope != "openid email" {
				t.Errorf("granted %q, then %q", first.Scope, again.Scope)
			}
			ignored := slices.DeleteFunc(strings.Fields(asked), func(scope string) bool { return scope == "openid" || scope == "email" })
			if want := `"scopes":"\"` + strings.Join(ignored, " ") + `\""`; !strings.Contains(s.log.String(), want) {
				t.Errorf("the log lacks %s: %s", want, s.log)
			}
		})
	}
}

// TestAScopeOfOthersIsRefusedByName: one that exists here and that the client is not
// registered for is a mistake in its registration, and is said to be.
func TestAScopeOfOthersIsRefusedByName(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	for _, asked := range []string{"openid read", "read openid nonsense"} {
		w := s.get(authorizePath, authorization("scope", asked))
		location, err := url.Parse(w.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		query := location.Query()
		if query.Get("error") != "invalid_scope" || query.Has("code") || !strings.Contains(query.Get("error_description"), "the scope read: ") {
			t.Errorf("%s: %v", asked, query)
		}
	}
}

package op

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/keys"
)

// authenticate asks who a request with the header is from, at a resource server of ours.
func (n *node) authenticate(audience, header string) (*Bearer, error) {
	r := httptest.NewRequest(http.MethodPost, testIssuer+"/own", strings.NewReader(`{"access_token":"x"}`))
	r.Header.Set("Content-Type", "application/json")
	if header != "" {
		r.Header.Set("Authorization", header)
	}
	return n.provider.Authenticate(httptest.NewRecorder(), r, audience)
}

// TestTK5_AResourceOfOursTakesTokensForItselfAlone: none for userinfo or for another
// resource server, no ID token, and none whose grant has ended.
func TestTK5_AResourceOfOursTakesTokensForItselfAlone(t *testing.T) {
	t.Parallel()
	n := resourceNode(t)
	tokens := n.exchange(asWiki, n.code("wiki", asking("openid offline_access reports.read", reportsAPI))).want(t, http.StatusOK, "")
	b, err := n.authenticate(reportsAPI, "Bearer "+tokens.AccessToken)
	if err != nil || b.Client.ID != "wiki" || b.User == nil || b.User.ID != testUserID || b.SID != testSID || b.Authentication.ACR != "aal1" || len(b.Scopes) == 0 {
		t.Fatalf("caller is %+v, %v", b, err)
	}
	for name, header := range map[string]string{
		"nothing": "", "garbage": "Bearer x.y.z", "an ID token": "Bearer " + tokens.IDToken, "a refresh token": "Bearer " + tokens.RefreshToken,
		"another scheme": "Basic " + tokens.AccessToken,
	} {
		n.unauthenticated(t, name, reportsAPI, header)
	}
	less, _ := n.registry.Client(t.Context(), "wiki")
	less.Scopes = slices.DeleteFunc(slices.Clone(less.Scopes), func(scope string) bool { return scope == "reports.read" })
	n.reload(*less)
	if b, err := n.authenticate(reportsAPI, "Bearer "+tokens.AccessToken); err != nil || len(b.Scopes) != 0 {
		t.Errorf("with a scope that its client has no more: %+v, %v", b, err)
	}
	n.unauthenticated(t, "another audience", "urn:other", "Bearer "+tokens.AccessToken)
	own := n.exchange(asWiki, n.code("wiki", asking("openid"))).want(t, http.StatusOK, "")
	n.unauthenticated(t, "a token for userinfo", reportsAPI, "Bearer "+own.AccessToken)
	for _, g := range n.store.grants() {
		n.store.must(n.store.Grants().Revoke(t.Context(), g.ID, n.clock.Now(), "x", n.store.event("grant_revoked", n.clock.Now())))
	}
	n.unauthenticated(t, "a grant that ended", reportsAPI, "Bearer "+tokens.AccessToken)
}

// unauthenticated holds a request to a 401 that says how to do better.
func (n *node) unauthenticated(t *testing.T, name, audience, header string) {
	t.Helper()
	b, err := n.authenticate(audience, header)
	if err == nil {
		t.Errorf("%s: authenticated as %+v", name, b)
		return
	}
	if status, challenges, _ := n.provider.Refusal(httptest.NewRequest(http.MethodGet, "/own", nil), err, audience); status != http.StatusUnauthorized || len(challenges) == 0 || !strings.HasPrefix(challenges[0], "Bearer realm=") {
		t.Errorf("%s: status %d, challenges %q", name, status, challenges)
	}
}

// TestKY5_AResourceOfOursCannotJudgeAnUnknownKey: it is a 503 there too, never a verdict.
func TestKY5_AResourceOfOursCannotJudgeAnUnknownKey(t *testing.T) {
	t.Parallel()
	n := resourceNode(t)
	r := httptest.NewRequest(http.MethodGet, "/own", nil)
	if status, challenges, detail := n.provider.Refusal(r, errors.Join(errors.New("secret cause"), keys.ErrUnknownKey), reportsAPI); status != http.StatusServiceUnavailable || challenges != nil || strings.Contains(detail, "secret") {
		t.Errorf("status %d, challenges %q, detail %q", status, challenges, detail)
	}
}

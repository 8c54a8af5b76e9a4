package op

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// One function makes every sub that a client is told, and reads every one that it
// tells: of a pairwise client no token, answer or hint says the person's id.
func TestAPairwiseClientKnowsPeopleByItsOwnSubjects(t *testing.T) {
	t.Parallel()
	s := signedInSite(t)
	pairwise := siteClient()
	pairwise.RedirectURIs, pairwise.SubjectType = []string{testRedirect}, client.SubjectPairwise
	if err := pairwise.Pair(bytes.Repeat([]byte{7}, client.MinPairwiseKey)); err != nil {
		t.Fatal(err)
	}
	s.reload(pairwise)
	got := s.exchange(asWiki, answerAt(t, s.get(authorizePath, authorization()), testRedirect).Get("code")).want(t, http.StatusOK, "")
	sub := claimsOf(t, got.IDToken)["sub"]
	if sub != client.Subject(&pairwise, testUserID) || sub == string(testUserID) {
		t.Fatalf("sub %v", sub)
	}
	if at := claimsOf(t, got.AccessToken); at["sub"] != sub {
		t.Errorf("the access token says %v", at["sub"])
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, userinfoRequest("GET", "", "", "Bearer "+got.AccessToken))
	var info map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &info); err != nil || info["sub"] != sub {
		t.Errorf("userinfo says %s", w.Body)
	}
	var answer struct{ Sub string }
	if err := json.Unmarshal(s.post(introspectionPath, asWiki, "token", got.AccessToken).Body.Bytes(), &answer); err != nil || answer.Sub != sub {
		t.Errorf("introspection says %q", answer.Sub)
	}
	s.get(authorizePath, authorization("id_token_hint", got.IDToken, "prompt", "none"))
	asked := s.signIn.Checked[len(s.signIn.Checked)-1]
	if asked.Request.HintSubject != client.Subject(&pairwise, testUserID) {
		t.Errorf("a hint is taken for %q", asked.Request.HintSubject)
	}
	// The hint ends the session of the person that it means, and of nobody else.
	s.signIn.Who = nil
	if w := s.get(endSessionPath, map[string][]string{"id_token_hint": {got.IDToken}}); w.Code >= http.StatusBadRequest {
		t.Errorf("sign-out: %d %s", w.Code, w.Body)
	}
	if n := s.store.column(s.store.durable, `SELECT sid FROM sessions WHERE sid = '`+string(testSID)+`'`); len(n) > 0 {
		t.Error("the session goes on")
	}
	for _, e := range s.events() {
		if e == storage.EventSignOut {
			return
		}
	}
	t.Error("no event says so")
}

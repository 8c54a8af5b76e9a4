package op

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/client"
)

// trialOf is a trial of the clients of a node.
func trialOf(n *node) *Trial {
	return NewTrial(TrialConfig{Issuer: testIssuer, Clients: n.registry, Hasher: testHasher(n.t), Now: n.clock.Now})
}

// A trial says of an authorization request what the endpoint answers, and leaves nothing in
// any store.
func TestATrialJudgesAsTheEndpointDoes(t *testing.T) {
	spa, pushing := appClient(), wikiClient()
	spa.ID, pushing.ID, pushing.RequirePushed = "spa", "pushing", true
	for _, c := range []*client.Client{&spa, &pushing} {
		c.ResponseTypes, c.ResponseModes = []string{"code"}, []string{client.ResponseModeQuery, client.ResponseModeFragment}
	}
	n := newNode(t, spa, pushing)
	trial := trialOf(n)
	sound := url.Values{
		"client_id": {"spa"}, "redirect_uri": {testRedirect}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
		"code_challenge": {challengeOf(testVerifier)}, "code_challenge_method": {"S256"},
	}
	for name, change := range map[string]func(url.Values){
		"sound":                   func(url.Values) {},
		"no PKCE":                 func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") },
		"PKCE of plain":           func(q url.Values) { q.Set("code_challenge_method", "plain") },
		"another redirect URI":    func(q url.Values) { q.Set("redirect_uri", testRedirect+"/") },
		"an unknown client":       func(q url.Values) { q.Set("client_id", "nobody") },
		"another response type":   func(q url.Values) { q.Set("response_type", "id_token") },
		"a scope of another's":    func(q url.Values) { q.Set("scope", "openid read") },
		"no scope":                func(q url.Values) { q.Set("scope", "") },
		"a parameter twice":       func(q url.Values) { q.Add("scope", "email") },
		"a prompt that is none":   func(q url.Values) { q.Set("prompt", "dance") },
		"a client that must push": func(q url.Values) { q.Set("client_id", "pushing") },
	} {
		query := url.Values{}
		for k, v := range sound {
			query[k] = append([]string(nil), v...)
		}
		change(query)
		before := n.stored()
		refused := trial.Authorize(t.Context(), query.Encode())
		if after := n.stored(); after != before {
			t.Errorf("%s: a trial stored something: %s, before %s", name, after, before)
		}
		w := httptest.NewRecorder()
		n.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, testIssuer+authorizePath+"?"+query.Encode(), nil))
		location, err := url.Parse(w.Header().Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		answer := location.Query()
		if location.Fragment != "" {
			if answer, err = url.ParseQuery(location.EscapedFragment()); err != nil {
				t.Fatal(err)
			}
		}
		code, page := answer.Get("error"), w.Code == http.StatusBadRequest
		switch {
		case refused == nil:
			if code != "" || page {
				t.Errorf("%s: the trial takes it, and the endpoint answers %d %s", name, w.Code, location)
			}
		case refused.Code == "":
			if !page || !strings.Contains(w.Body.String(), refused.Description) {
				t.Errorf("%s: the trial says %+v, and the endpoint answers %d %s", name, refused, w.Code, w.Body)
			}
		case refused.Code != code || refused.Description != answer.Get("error_description"):
			t.Errorf("%s: the trial says %+v, and the endpoint answers %s", name, refused, location)
		}
		if (name == "sound") != (refused == nil) {
			t.Errorf("%s: %+v", name, refused)
		}
	}
}

// A trial says of a token request what the endpoint answers before it looks at a code.
func TestATrialJudgesTokenRequests(t *testing.T) {
	bound := wikiClient()
	bound.ID, bound.DPoPBound = "bound", true
	n := newNode(t, bound)
	trial, before := trialOf(n), n.stored()
	for name, c := range map[string]struct {
		try  TokenTrial
		code string
	}{
		"sound":                 {TokenTrial{ClientID: "wiki", AuthMethod: client.AuthMethodBasic, Secret: testSecret, GrantType: client.GrantAuthorizationCode}, ""},
		"without its secret":    {TokenTrial{ClientID: "wiki", AuthMethod: client.AuthMethodBasic, Secret: "", GrantType: client.GrantAuthorizationCode}, ""},
		"another secret":        {TokenTrial{ClientID: "wiki", AuthMethod: client.AuthMethodBasic, Secret: "wrong", GrantType: client.GrantAuthorizationCode}, "invalid_client"},
		"another method":        {TokenTrial{ClientID: "robot", AuthMethod: client.AuthMethodBasic, Secret: "", GrantType: client.GrantClientCredentials}, "invalid_client"},
		"in the body":           {TokenTrial{ClientID: "robot", AuthMethod: client.AuthMethodPost, Secret: testSecret, GrantType: client.GrantClientCredentials}, ""},
		"a public client":       {TokenTrial{ClientID: "app", AuthMethod: client.AuthMethodNone, Secret: "", GrantType: client.GrantRefreshToken}, ""},
		"no secret, and needed": {TokenTrial{ClientID: "wiki", AuthMethod: client.AuthMethodNone, Secret: "", GrantType: client.GrantAuthorizationCode}, "invalid_client"},
		"another grant":         {TokenTrial{ClientID: "wiki", AuthMethod: client.AuthMethodBasic, Secret: testSecret, GrantType: client.GrantClientCredentials}, "unauthorized_client"},
		"no grant of ours":      {TokenTrial{ClientID: "wiki", AuthMethod: client.AuthMethodBasic, Secret: testSecret, GrantType: "password"}, "unsupported_grant_type"},
		"nobody":                {TokenTrial{ClientID: "nobody", AuthMethod: client.AuthMethodBasic, Secret: testSecret, GrantType: client.GrantAuthorizationCode}, "invalid_client"},
		"without a proof":       {TokenTrial{ClientID: "bound", AuthMethod: client.AuthMethodBasic, Secret: testSecret, GrantType: client.GrantAuthorizationCode}, "invalid_dpop_proof"},
	} {
		refused := trial.Token(t.Context(), c.try)
		if (refused == nil) != (c.code == "") || refused != nil && refused.Code != c.code {
			t.Errorf("%s: %+v, want %q", name, refused, c.code)
		}
	}
	if after := n.stored(); after != before {
		t.Errorf("a trial stored something: %s, before %s", after, before)
	}
}

// stored is what is in every store.
func (n *node) stored() string {
	n.t.Helper()
	return fmt.Sprint(n.store.entries(), n.store.eventTypes(), len(n.store.grants()))
}

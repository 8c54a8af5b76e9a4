package op

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// line is one of the log that has the message.
type line map[string]any

// lines are those of the log that have the message.
func (n *node) lines(message string) []line {
	n.t.Helper()
	var found []line
	for text := range strings.Lines(n.log.String()) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			n.t.Fatalf("log line %q: %v", text, err)
		}
		if l["msg"] == message {
			found = append(found, l)
		}
	}
	return found
}

// TestLG2_TokensThatAreIssuedLeaveALine: who got tokens, for which client and at which
// class; never a code or a token.
func TestLG2_TokensThatAreIssuedLeaveALine(t *testing.T) {
	n := newNode(t)
	code := n.code("wiki")
	first := n.exchange(asWiki, code).want(t, http.StatusOK, "")
	second := n.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
	service := n.post(tokenPath, asRobot, "grant_type", "client_credentials").want(t, http.StatusOK, "")
	lines := n.lines("tokens issued")
	if len(lines) != 3 {
		t.Fatalf("%d lines, want 3:\n%s", len(lines), n.log)
	}
	for i, want := range []line{
		{"grant_type": "authorization_code", "client_id": "wiki", "user_id": string(testUserID), "acr": "aal1", "grant_id": string(n.grant().ID)},
		{"grant_type": "refresh_token", "client_id": "wiki", "user_id": string(testUserID), "acr": "aal1", "grant_id": string(n.grant().ID)},
		{"grant_type": "client_credentials", "client_id": "robot", "user_id": nil, "scope": "read write"},
	} {
		if lines[i]["level"] != "INFO" {
			t.Errorf("line %d is at %v", i, lines[i]["level"])
		}
		for key, value := range want {
			if lines[i][key] != value {
				t.Errorf("line %d: %s is %v, want %v", i, key, lines[i][key], value)
			}
		}
	}
	for _, secret := range []string{code, first.AccessToken, first.IDToken, first.RefreshToken, second.RefreshToken, service.AccessToken, testSecret} {
		if strings.Contains(n.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// TestRequestsForTokensAreCounted: each by its grant type and outcome, those that
// never reached a grant too, and only by names that the metrics know beforehand.
func TestRequestsForTokensAreCounted(t *testing.T) {
	n := newNode(t)
	first := n.signedIn()
	n.refresh(asWiki, first.RefreshToken).want(t, http.StatusOK, "")
	n.refresh(asWiki, "nonsense").want(t, http.StatusBadRequest, codeInvalidGrant)
	n.refresh(func(r *http.Request, _ url.Values) { r.SetBasicAuth("wiki", "wrong") }, "x").want(t, http.StatusUnauthorized, codeInvalidClient)
	n.post(tokenPath, asWiki, "grant_type", "password").want(t, http.StatusBadRequest, codeUnsupportedGrantType)
	n.post(tokenPath, asWiki, "grant_type", "client_credentials").want(t, http.StatusBadRequest, codeUnauthorizedClient)
	n.post(tokenPath, asRobot, "grant_type", "client_credentials", "scope", "openid").want(t, http.StatusBadRequest, codeInvalidScope)
	want := []string{
		"authorization_code issued", "refresh_token issued", "refresh_token invalid_grant", "refresh_token invalid_client",
		"other unsupported_grant_type", "client_credentials unauthorized_client", "client_credentials invalid_scope",
	}
	if !slices.Equal(n.revoked.Asked, want) {
		t.Errorf("counted %q, want %q", n.revoked.Asked, want)
	}
	for _, counted := range n.revoked.Asked {
		grantType, outcome, _ := strings.Cut(counted, " ")
		if !slices.Contains(GrantTypes(), grantType) || !slices.Contains(TokenOutcomes(), outcome) {
			t.Errorf("%q has no series from zero", counted)
		}
	}
}

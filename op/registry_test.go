package op

import (
	"net/http"
	"net/url"
	"testing"
)

// A registry that cannot answer is our fault, at every door: a client is never
// called unknown because its database is away.
func TestARegistryThatDoesNotAnswerIsOurFault(t *testing.T) {
	s := newSite(t)
	id := s.begin()
	s.becomes(testUser)
	token := s.userinfoToken()
	s.provider.cfg.Clients = brokenRegistry{s.provider.cfg.Clients}
	for name, path := range map[string]struct {
		path  string
		query url.Values
	}{
		"authorize":      {authorizePath, authorization()},
		"resume":         {resumePath, url.Values{"interaction": {id}}},
		"end of session": {endSessionPath, url.Values{"client_id": {"wiki"}}},
	} {
		if w := s.get(path.path, path.query); w.Code != http.StatusServiceUnavailable || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
	if w := s.send(userinfoRequest("GET", "", "", "Bearer "+token)); w.Code != http.StatusServiceUnavailable {
		t.Errorf("userinfo: %d %s", w.Code, w.Body)
	}
	r := userinfoRequest("GET", "", "", "Bearer "+token)
	r.Header.Set("Origin", spaOrigin)
	if w := s.send(r); w.Code != http.StatusServiceUnavailable {
		t.Errorf("userinfo from a page: %d %s", w.Code, w.Body)
	}
}

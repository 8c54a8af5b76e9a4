package login

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/storage"
)

// TestLG1_AFailedSignInCanBeExplained: the page of a wrong password, and of a wrong
// code, bears the id of the request; under it are the event, which names the client
// and, as a keyed hash, what was typed, and the log line.
func TestLG1_AFailedSignInCanBeExplained(t *testing.T) {
	s := newSite(t, siteOptions{client: func(c *client.Client) { c.RequireMFA = true }})
	s.person("ada@example.com")
	b := s.browser()
	b.enrolled("ada@example.com")
	stranger := s.browser()
	stranger.start("")
	if id := stranger.Page.Text("error-id"); id != "" {
		t.Errorf("a page on which nothing went wrong shows the id %q", id)
	}
	id := stranger.signIn("Nobody@Example.com", "a guess at the password").Text("error-id")
	events, err := s.store.Events().List(t.Context(), storage.EventFilter{
		RequestID: id, IdentifierHash: account.HashIdentifier(s.parts.Hasher, "nobody@example.com"), Limit: 10,
	})
	check(t, err)
	if id == "" || len(events) != 1 || events[0].Type != storage.EventSignInFailed || events[0].ClientID != "wiki" {
		t.Errorf("under the id %q are the events %+v", id, events)
	}
	if text := s.parts.Log.String(); !strings.Contains(text, id) || strings.Contains(strings.ToLower(text), "nobody@example.com") {
		t.Errorf("the log lacks the id %q, or holds what was typed:\n%s", id, text)
	}
	stranger.signIn("ada@example.com", goodPassword).Want(t, http.StatusOK, "factor-submit")
	id = stranger.Submit("factor-submit", "code=000000").Text("error-id")
	events, err = s.store.Events().List(t.Context(), storage.EventFilter{RequestID: id, Limit: 10})
	check(t, err)
	if id == "" || len(events) != 1 || events[0].Type != storage.EventFactorFailed {
		t.Errorf("under the id %q of a wrong code are the events %+v", id, events)
	}
}

// TestLG2_ASignInLeavesALine at info: who, on the way to which client, at which class,
// from where, in which request; and not a secret.
func TestLG2_ASignInLeavesALine(t *testing.T) {
	s := newSite(t, siteOptions{})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, http.StatusOK, "code for")
	var found map[string]any
	for text := range strings.Lines(s.parts.Log.String()) {
		if strings.Contains(text, `"signed in"`) {
			check(t, json.Unmarshal([]byte(text), &found))
		}
		for _, secret := range []string{goodPassword, "ada@example.com"} {
			if strings.Contains(text, secret) {
				t.Errorf("a line holds %q: %s", secret, text)
			}
		}
	}
	for key, want := range map[string]any{
		"level": "INFO", "user_id": string(ada.ID), "client_id": "wiki", "acr": "aal1", "address": "127.0.0.1",
	} {
		if found[key] != want {
			t.Errorf("%s is %v, want %v", key, found[key], want)
		}
	}
	if found["request_id"] == nil || found["sid"] == nil {
		t.Errorf("the line lacks the request or the session: %v", found)
	}
}

// TestEveryErrorPageShowsItsID: the id of the page is that of the log line, whatever
// failed, and of the answer's header where the page is the answer itself: that of a form
// which a limit refused is shown by the page that it leads to.
func TestEveryErrorPageShowsItsID(t *testing.T) {
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) {
		l.SignInAccount = storage.Backoff{Free: 1, Base: time.Hour, Max: time.Hour, Window: time.Hour}
	}})
	s.person("ada@example.com")
	for name, fail := range map[string]func(b *browser) *testbrowser.Page{
		"no such interaction": func(b *browser) *testbrowser.Page { return b.Get("/login?interaction=nonsense") },
		"a form of elsewhere": func(b *browser) *testbrowser.Page {
			b.start("")
			return b.Submit("login-submit", "csrf=x", "username=ada@example.com", "password=x")
		},
		"a dead link": func(b *browser) *testbrowser.Page { return b.Get("/reset-password?token=nonsense") },
		"a limit": func(b *browser) *testbrowser.Page {
			b.start("")
			for b.signIn("ada@example.com", "a guess at the password").Status == http.StatusOK {
				b.start("")
			}
			b.start("")
			return b.signIn("ada@example.com", "another guess at it")
		},
	} {
		pg := fail(s.browser())
		id := pg.Text("error-id")
		own := id == pg.Header.Get("X-Request-Id")
		logged := strings.Contains(s.parts.Log.String(), fmt.Sprintf(`"msg":"request failed","status":%d`, pg.Status)) && strings.Contains(s.parts.Log.String(), `"request_id":"`+id+`"`)
		if pg.Status < 400 || pg.Text("error-title") == "" || id == "" || !logged || own != (name != "a limit") {
			t.Errorf("%s: %d, page %q, header %q\n%s", name, pg.Status, pg.Text("error-id"), pg.Header.Get("X-Request-Id"), pg.Body)
		}
	}
}

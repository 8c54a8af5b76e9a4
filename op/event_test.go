package op

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"curl/8":                       "curl/8",
		"a\xffb":                       "ab",
		strings.Repeat("x", 1000):      strings.Repeat("x", 256),
		strings.Repeat("x", 255) + "é": strings.Repeat("x", 255),
	} {
		if got := printable(header); got != want || !utf8.ValidString(got) {
			t.Errorf("%q becomes %q, want %q", header, got, want)
		}
	}
}

func TestLG1_EventsSayWhoAndHow(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	r := formRequest(http.MethodPost, tokenPath, "grant_type=authorization_code&redirect_uri="+testRedirect+
		"&code_verifier="+testVerifier+"&code="+n.code("wiki"))
	r.SetBasicAuth("wiki", testSecret)
	r.Header.Set("User-Agent", "curl/8")
	n.do(r).want(t, http.StatusOK, "")
	g := n.grant()
	found, err := n.store.Events().List(t.Context(), storage.EventFilter{Type: storage.EventGrantIssued, Limit: 1})
	if err != nil || len(found) != 1 {
		t.Fatalf("events are %v, %v", found, err)
	}
	e := found[0]
	if e.ID == "" || !e.At.Equal(n.clock.Now()) || e.UserID != testUserID || e.ClientID != "wiki" || e.GrantID != g.ID ||
		e.SID != g.SID || e.UserAgent != "curl/8" || e.Outcome != storage.Success {
		t.Errorf("event is %+v", e)
	}
}

// A caller who hangs up does not stop what follows from an attack.
func TestRF2_HangingUpDoesNotStopRevocation(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	r1 := n.signedIn()
	n.refresh(asWiki, r1.RefreshToken).want(t, http.StatusOK, "")
	n.clock.Advance(n.provider.wiki(t).Lifetimes.RefreshGrace)
	var during error
	n.store.SeeRevoke = func(ctx context.Context) { during = ctx.Err() }
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	n.store.AfterRead = hangUp
	r := formRequest(http.MethodPost, tokenPath, "grant_type=refresh_token&refresh_token="+r1.RefreshToken).WithContext(ctx)
	r.SetBasicAuth("wiki", testSecret)
	n.do(r).want(t, http.StatusBadRequest, "invalid_grant")
	if during != nil || n.grant().RevokedAt.IsZero() {
		t.Errorf("revocation was stopped: %v", during)
	}
}

func (s *Provider) wiki(t *testing.T) *client.Client {
	t.Helper()
	c, err := s.cfg.Clients.Client(t.Context(), "wiki")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

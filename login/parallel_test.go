package login

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pass "github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/login/limits"
	"github.com/latchkey-id/latchkey/login/signin"
	"github.com/latchkey-id/latchkey/mfa"
	"github.com/latchkey-id/latchkey/storage"
)

// atOnce sends a form many times in the same moment, as one browser that is asked for
// nothing else meanwhile: every request bears the cookies of before. Each says
// something else in a field that nobody reads, so that none is a double click of
// another.
func (b *browser) atOnce(t *testing.T, times int, button string, fields ...string) []reply {
	t.Helper()
	return b.sentAtOnce(t, times, true, button, fields...)
}

func (b *browser) sentAtOnce(t *testing.T, times int, differ bool, button string, fields ...string) []reply {
	t.Helper()
	action, values := b.Page.Form(button)
	if values == nil {
		t.Fatalf("no button %q on %s:\n%s", button, b.Page.URL, b.Page.Body)
	}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, "=")
		values.Set(name, value)
	}
	to, err := b.s.url.Parse(action)
	check(t, err)
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: times},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	answers, start := make([]reply, times), make(chan struct{})
	var ready, done sync.WaitGroup
	ready.Add(times)
	for i := range times {
		done.Go(func() {
			mine := maps.Clone(values)
			if differ {
				mine.Set("nth", strconv.Itoa(i))
			}
			r := b.form(t, to, mine)
			ready.Done()
			<-start
			response, err := client.Do(r)
			if err != nil {
				t.Errorf("request %d: %v", i, err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			answers[i] = reply{response.StatusCode, response.Header}
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return answers
}

// form is a request with the browser's cookies, outside of its jar.
func (b *browser) form(t *testing.T, to *url.URL, values url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to.String(), strings.NewReader(values.Encode()))
	check(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("User-Agent", testbrowser.Agent)
	maps.Copy(r.Header, b.Header)
	for _, c := range b.Cookies() {
		r.AddCookie(c)
	}
	return r
}

// reply is the head of an answer.
type reply struct {
	status int
	header http.Header
}

func count(answers []reply, what func(reply) bool) int {
	n := 0
	for _, a := range answers {
		if what(a) {
			n++
		}
	}
	return n
}

func (r reply) setsSession() bool {
	for _, c := range r.header["Set-Cookie"] {
		name, value, _ := strings.Cut(c, "=")
		if strings.HasSuffix(name, "session") && !strings.HasPrefix(value, ";") {
			return true
		}
	}
	return false
}

// TestPA1_ManyRightCodesMakeOneSession: one partial sign-in, one session, however
// many tries there are.
func TestPA1_ManyRightCodesMakeOneSession(t *testing.T) {
	const times = 50
	for name, tries := range map[string]int{"with tries for all": 2 * times, "with few tries": 5} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, siteOptions{client: requireFactor, policy: func(p *mfa.Policy) { p.Tries, p.Lockout.Free = tries, 2*times }})
			ada := s.person("ada@example.com")
			first := s.browser()
			secret := first.enrolled("ada@example.com")
			first.Submit("recovery-continue").Want(t, http.StatusOK, "code for")
			s.clock.Advance(time.Minute)
			b := s.browser()
			b.start("")
			b.signIn("ada@example.com", goodPassword).Want(t, http.StatusOK, "factor-submit")
			answers := b.atOnce(t, times, "factor-submit", "code="+s.code(secret))
			if n := count(answers, reply.setsSession); n > 1 || n == 0 && tries > times {
				t.Errorf("%d of %d answers signed in", n, times)
			}
			if n := count(answers, func(r reply) bool { return r.status >= http.StatusInternalServerError }); n > 0 {
				t.Errorf("%d answers were faults", n)
			}
			sessions, err := s.store.Sessions().ListByUser(t.Context(), ada.ID, s.clock.Now())
			check(t, err)
			if len(sessions) > 2 || len(sessions) < 2 && tries > times {
				t.Errorf("%d sessions, want that of before and one more", len(sessions))
			}
		})
	}
}

// TestPA1_ADoubleClickSignsIn: a right code that is sent twice signs in, whichever
// answer the browser keeps: both bear the same session, and nothing counts as a wrong
// code.
func TestPA1_ADoubleClickSignsIn(t *testing.T) {
	s := newSite(t, siteOptions{client: requireFactor})
	ada := s.person("ada@example.com")
	first := s.browser()
	secret := first.enrolled("ada@example.com")
	first.Submit("recovery-continue").Want(t, http.StatusOK, "code for")
	s.clock.Advance(time.Minute)
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword).Want(t, http.StatusOK, "factor-submit")
	code := "code=" + s.code(secret)
	answers := b.sentAtOnce(t, 3, false, "factor-submit", code)
	answers = append(answers, b.sentAtOnce(t, 1, false, "factor-submit", code)...) // a moment later
	sessions := map[string]bool{}
	for i, a := range answers {
		if a.status != http.StatusSeeOther || !a.setsSession() {
			t.Errorf("answer %d: %d %v", i, a.status, a.header)
		}
		for _, c := range a.header["Set-Cookie"] {
			if name, value, _ := strings.Cut(c, "="); strings.HasSuffix(name, "session") {
				sessions[value] = true
			}
		}
	}
	if len(sessions) != 1 {
		t.Errorf("%d sessions were given", len(sessions))
	}
	failed, err := s.store.Events().List(t.Context(), storage.EventFilter{UserID: ada.ID, Type: storage.EventFactorFailed, Limit: 10})
	check(t, err)
	if len(failed) != 0 {
		t.Errorf("%d events say that a code was wrong", len(failed))
	}
}

// TestPA1_OnePartialSignInCompletesOnce shows the same where a factor is added: one
// of many forms that were sent at once adds it and signs in.
func TestPA1_OnePartialSignInCompletesOnce(t *testing.T) {
	s := newSite(t, siteOptions{client: func(c *client.Client) { c.RequireMFA, c.TrustDevices = true, true }})
	ada := s.person("ada@example.com")
	b := s.browser()
	b.start("")
	b.signIn("ada@example.com", goodPassword)
	secret := b.Page.Text("totp-secret")
	answers := b.atOnce(t, 8, "enroll-submit", "code="+s.code(secret), "name=Phone")
	if n := count(answers, reply.setsSession); n != 1 {
		t.Errorf("%d of 8 enrollments signed in, want one", n)
	}
	u, err := s.store.Users().ByID(t.Context(), ada.ID)
	check(t, err)
	if u.Credentials != 1 {
		t.Errorf("%d authenticators were enrolled by one code", u.Credentials)
	}
}

// evaluated counts the passwords that are looked at.
type evaluated struct {
	*pass.Hasher
	n atomic.Int64
}

func (e *evaluated) Check(ctx context.Context, encoded, password string) (pass.Verdict, error) {
	e.n.Add(1)
	return e.Hasher.Check(ctx, encoded, password)
}

func (e *evaluated) VerifyDummy(ctx context.Context, password string) error {
	e.n.Add(1)
	return e.Hasher.VerifyDummy(ctx, password)
}

// TestTH2_FewOfManyGuessesAreLookedAt: a wave of guesses is counted before any of
// it is compared, for people who exist and for those who do not.
func TestTH2_FewOfManyGuessesAreLookedAt(t *testing.T) {
	const free = 4
	looked := &evaluated{}
	s := newSite(t, siteOptions{
		methods: func(c *signin.Config) { looked.Hasher, c.Passwords = c.Passwords.(*pass.Hasher), looked },
		limits: func(l *limits.Bounds) {
			l.SignInAccount = storage.Backoff{Free: free, Base: time.Minute, Max: time.Hour, Window: time.Hour}
		},
	})
	s.person("ada@example.com")
	for _, username := range []string{"ada@example.com", "nobody@example.com"} {
		looked.n.Store(0)
		b := s.browser()
		b.start("")
		b.Header.Set("Accept", "application/json") // a program, which is told at once
		answers := b.atOnce(t, 200, "login-submit", "username="+username, "password=a guess at the password")
		if n := looked.n.Load(); n < 1 || n > free+1 {
			t.Errorf("%s: %d of 200 guesses were looked at, want at most %d", username, n, free+1)
		}
		refused := count(answers, func(r reply) bool { return r.status == http.StatusTooManyRequests && r.header.Get("Retry-After") != "" })
		if shown := count(answers, func(r reply) bool { return r.status == http.StatusSeeOther }); refused+shown != 200 || refused < 200-free-1 {
			t.Errorf("%s: %d guesses were refused and %d answered", username, refused, shown)
		}
	}
}

// TestTH1_SpellingsOfOneAccountShareABucket, wherever one can be named.
func TestTH1_SpellingsOfOneAccountShareABucket(t *testing.T) {
	spellings := []string{
		"ada@example.com", "ADA@EXAMPLE.COM", " ada@Example.com ", "\tAda@example.com", "ａｄａ@example.com", "ada＠example.com",
		"a\u200bda@example.com", "ada@exam\u00adple.com", "\ufeffada@example.com", "aDa@example.COM\u2060",
	}
	tight := storage.Backoff{Free: 2, Base: time.Minute, Max: time.Hour, Window: time.Hour}
	s := newSite(t, siteOptions{limits: func(l *limits.Bounds) {
		l.SignInAccount, l.Reset.Account, l.SignUp.Account = tight, tight, tight
	}})
	s.person("ada@example.com")
	for name, try := range map[string]func(*browser, string) *testbrowser.Page{
		"sign-in": func(b *browser, who string) *testbrowser.Page {
			b.start("")
			return b.Submit("login-submit", "username="+who, "password=a guess at the password")
		},
		"forgotten password": func(b *browser, who string) *testbrowser.Page {
			b.Get("/forgot-password")
			return b.Submit("forgot-submit", "email="+who)
		},
	} {
		passed := 0
		for _, who := range spellings {
			if try(s.browser(), who).Status == http.StatusOK {
				passed++
			}
		}
		if passed != tight.Free+1 {
			t.Errorf("%s: %d attempts by %d spellings passed, want %d", name, passed, len(spellings), tight.Free+1)
		}
	}
}

package faults

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"

	"github.com/latchkey-id/latchkey/internal/testbrowser"
)

// person is somebody's browser, which reaches the provider now by one way and then
// by another, and meets pages that are no answer.
type person struct {
	r   *run
	jar http.CookieJar
}

func (r *run) person() *person {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // never, without options
	}
	return &person{r: r, jar: jar}
}

// through is a way for this person: with their cookies, and following nothing.
func (p *person) through(by route) route {
	client := *by.http
	client.Jar = p.jar
	return route{by.name, &client}
}

// interrupted is what ends a walk through pages that cannot go on.
type interrupted struct{}

// tolerant is a test to whom it is no failure that a browser gets nowhere.
type tolerant struct{ testing.TB }

// Fatalf ends the walk, and not the test.
func (tolerant) Fatalf(string, ...any) { panic(interrupted{}) }

// seen keeps each request of a browser in the journal.
type seen struct {
	r     *run
	by    route
	chain string
}

// RoundTrip implements http.RoundTripper.
func (s seen) RoundTrip(request *http.Request) (*http.Response, error) {
	c := &call{What: page, Chain: s.chain, Via: s.by.name, Sent: s.r.journal.now()}
	response, err := s.by.http.Transport.RoundTrip(request)
	c.Got = s.r.journal.now()
	defer s.r.journal.add(c)
	if err != nil {
		c.Lost = err.Error()
		return nil, err
	}
	c.Status, c.RetryAfter = response.StatusCode, response.Header.Get("Retry-After") != ""
	c.Node = response.Header.Get("X-Request-Id") != ""
	if !c.Node && c.Status != http.StatusServiceUnavailable {
		c.Lost = "the balancer says " + response.Status
	}
	return response, nil
}

// walk does something in the browser, and reports whether it came to its end.
func (p *person) walk(by route, chain string, do func(*testbrowser.Browser) bool) (done bool) {
	defer func() {
		if why := recover(); why != nil {
			if _, ok := why.(interrupted); !ok {
				panic(why)
			}
			done = false
		}
	}()
	b := testbrowser.New(tolerant{p.r.t}, p.r.in.issuer, &http.Client{Transport: seen{p.r, by, chain}, Timeout: by.http.Timeout})
	b.Client.Jar = p.jar
	return do(b)
}

// signIn signs the demo person in, and reports whether that worked.
func (p *person) signIn(by route, chain string) bool {
	return p.walk(by, chain, func(b *testbrowser.Browser) bool {
		sheet := b.Get(authorizePath("openid", ""))
		if sheet.Location != nil { // signed in already: the answer was lost
			return sheet.Location.Query().Has("code")
		}
		if !sheet.Has("login-submit") {
			return false
		}
		done := b.SubmitOn(sheet, "login-submit", "username=demo", "password="+p.r.in.password)
		return done.Location != nil && done.Location.Query().Has("code")
	})
}

// signOut signs out as a relying party has it done, and reports whether the
// provider said that it is done.
func (p *person) signOut(by route, c *call, idToken string) bool {
	c.What, c.Via, c.Sent = signOut, by.name, p.r.journal.now()
	done := p.walk(by, c.Chain, func(b *testbrowser.Browser) bool {
		sheet := b.Get("/logout?" + url.Values{"id_token_hint": {idToken}}.Encode())
		c.Status, c.RetryAfter, c.Node = sheet.Status, sheet.Header.Get("Retry-After") != "", sheet.Header.Get("X-Request-Id") != ""
		return sheet.Status == http.StatusOK && sheet.Has("signed-out")
	})
	c.Got = p.r.journal.now()
	switch {
	case c.Status == 0:
		c.Lost = "no page"
	case !done && c.Status < http.StatusInternalServerError:
		c.Status, c.Error = http.StatusConflict, "not signed out"
	}
	p.r.journal.add(c)
	return done
}

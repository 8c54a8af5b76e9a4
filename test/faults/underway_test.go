package faults

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/latchkey-id/latchkey/internal/testbrowser"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/pquerna/otp/totp"
)

// underWay is what people are in the middle of while something is rolled: one sets an
// authenticator app up, one has given their password and is asked for a code of theirs,
// one waits for a message that was composed before and could not be sent yet, and one
// begins at the first node that is new and goes on at one that is not.
type underWay struct {
	t        *testing.T
	r        *run
	mail     *testenv.MailServer
	database string
	// The addresses of the people, where they stand, and the secrets of their apps.
	adding, signing, between    string
	enrolling, entering, moving *walker
	entered                     string
}

// walker is somebody on a page of a sign-in.
type walker struct {
	*person
	// page is its address, and secret that of the app that it shows.
	page, secret string
}

const walkersPassword = "seven quiet herons at the weir"

// begin brings people half way.
func (u *underWay) begin(name string) {
	u.t.Helper()
	balanced, ways := u.r.in.routes(u.t)[0], u.r.in.direct(u.t)
	for kind, address := range map[string]*string{"adding": &u.adding, "signing": &u.signing, "between": &u.between} {
		*address = strings.ReplaceAll(kind+" "+name, " ", "-") + "@example.com"
		u.r.in.nodes[0].CreateUser(*address, walkersPassword)
	}
	u.enrolling = u.signedIn(u.adding, balanced, "enroll-submit")
	first := u.signedIn(u.signing, balanced, "enroll-submit")
	u.insist("an app is set up", first.person, balanced, first.confirms)
	u.entered = first.secret
	u.entering = u.signedIn(u.signing, balanced, "factor-submit")

	u.mail.Fail(testenv.MailFaults{Recipient: func(address string) error {
		if address != u.adding {
			return nil
		}
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "later"}
	}})
	u.forget(u.adding, ways[0])
	u.r.until("the message is composed", func() bool { return u.waiting() > 0 })
}

// halfWay is where one node is new: somebody begins there, and goes on at another.
func (u *underWay) halfWay() {
	u.t.Helper()
	ways := u.r.in.direct(u.t)
	u.moving = u.signedIn(u.between, ways[0], "enroll-submit")
	done := false
	for range 8 { // more often than an app may be wrong: what cannot be judged is not
		done = done || u.moving.walk(ways[1], "between", u.moving.confirms)
	}
	if !done {
		u.insist("an app is set up where it was begun", u.moving.person, ways[0], u.moving.confirms)
	}
	u.forget(u.between, ways[0])
}

// end goes on with what was begun, when all is rolled.
func (u *underWay) end() {
	u.t.Helper()
	balanced := u.r.in.routes(u.t)[0]
	u.insist("an app is set up that was begun before", u.enrolling.person, balanced, u.enrolling.confirms)
	u.insist("a sign-in goes on that was begun before", u.entering.person, balanced, func(b *testbrowser.Browser) bool {
		page := b.SubmitOn(b.Get(u.entering.page), "factor-submit", "code="+appCode(u.entered, 30*time.Second))
		return page.Location != nil && page.Location.Query().Has("code")
	})
	u.mail.Fail(testenv.MailFaults{})
	inSession(u.t, u.database, `UPDATE deliveries SET next_at = 0 WHERE done_at IS NULL AND NOT claimed`)() // its time comes
	for _, address := range []string{u.adding, u.between} {
		if address == u.between && u.moving == nil {
			continue
		}
		var link string
		u.r.until("a message comes to "+address, func() bool {
			link = u.linkTo(address)
			return link != ""
		})
		u.insist("the link to "+address+" works", u.r.person(), balanced, func(b *testbrowser.Browser) bool { return b.Get(link).Has("reset-submit") })
	}
}

// secondFactor is where a client sends for two factors.
var secondFactor = authorizePath("openid", "") + "&acr_values=aal2"

// signedIn is somebody who gave their password and stands on the page that has an element.
func (u *underWay) signedIn(address string, by route, element string) *walker {
	u.t.Helper()
	w := &walker{person: u.r.person()}
	u.insist(address+" gives a password", w.person, by, func(b *testbrowser.Browser) bool {
		page := b.Get(secondFactor)
		if page.Has("login-submit") {
			page = b.SubmitOn(page, "login-submit", "username="+address, "password="+walkersPassword)
		}
		if link := page.Link("data-factor", "totp"); link != "" && !page.Has(element) {
			page = b.Get(link)
		}
		w.page, w.secret = page.URL.RequestURI(), strings.ReplaceAll(page.Text("totp-secret"), " ", "")
		return page.Has(element)
	})
	return w
}

// insist does something in a browser until it comes to its end: a slow machine may
// answer late.
func (u *underWay) insist(what string, p *person, by route, do func(*testbrowser.Browser) bool) {
	u.t.Helper()
	u.r.until(what, func() bool { return p.walk(by, "under way", do) })
}

// forget asks for a link to a new password.
func (u *underWay) forget(address string, by route) {
	u.t.Helper()
	u.insist(address+" asks for a link", u.r.person(), by, func(b *testbrowser.Browser) bool {
		page := b.SubmitOn(b.Get("/forgot-password"), "forgot-submit", "email="+address)
		return page.Status < 400 && !page.Has("forgot-submit")
	})
}

// confirms brings the code of the app that the page shows, and reports whether it is
// set up.
func (w *walker) confirms(b *testbrowser.Browser) bool {
	page := b.Get(w.page)
	if page.Has("recovery-continue") { // the answer was lost
		return true
	}
	return b.SubmitOn(page, "enroll-submit", "code="+appCode(w.secret, 0)).Has("recovery-continue")
}

// appCode is what an app shows whose clock is ahead.
func appCode(secret string, ahead time.Duration) string {
	code, err := totp.GenerateCode(secret, time.Now().Add(ahead))
	if err != nil {
		panic(interrupted{}) // there was no secret on the page
	}
	return code
}

var linkForm = regexp.MustCompile(`http://[^\s"<>]*/reset-password\?[^\s"<>]*`)

// linkTo is the link in the message to an address; empty before it came.
func (u *underWay) linkTo(address string) string {
	for _, m := range u.mail.Received() {
		// Quoted-printable (RFC 2045 section 6.7).
		body := strings.NewReplacer("=\r\n", "", "=\n", "", "=3D", "=").Replace(m.Body)
		if link := linkForm.FindString(body); m.To == address && link != "" {
			return link
		}
	}
	return ""
}

// mailTo is the configuration of a mail server.
func mailTo(m *testenv.MailServer) string {
	return fmt.Sprintf("mail: {smtp_url: \"smtp://%s?tls=none\", from: latchkey@example.com}\noutbox: {poll: 1s}\nmfa: {factors: [totp, recovery]}\n", m.Address)
}

// waiting is how many links were composed and could not be sent.
func (u *underWay) waiting() (n int) {
	u.t.Helper()
	db, err := sql.Open("pgx", u.database)
	if err != nil {
		u.t.Fatal(err)
	}
	defer db.Close()
	err = db.QueryRowContext(context.Background(), `SELECT count(*) FROM deliveries WHERE kind = $1 AND composed AND NOT claimed AND done_at IS NULL`,
		string(storage.MessagePasswordReset)).Scan(&n)
	if err != nil {
		u.t.Fatal(err)
	}
	return n
}

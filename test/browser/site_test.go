package browser

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/pquerna/otp/totp"
)

// site is a running provider.
type site struct {
	*testenv.Node
	t    *testing.T
	demo string // the demo person's password
	// now is the time of the node.
	now func() time.Time
}

// settings are keys of the configuration.
type settings map[string]any

// start starts a provider that a test of many people may use without being
// throttled, with more settings laid over.
func start(t *testing.T, more ...settings) *site {
	t.Helper()
	return startWith(t, testenv.Latchkey{}, more...)
}

func startWith(t *testing.T, node testenv.Latchkey, more ...settings) *site {
	t.Helper()
	node.Host = "localhost" // passkeys belong to a name
	node.Config = configuration(t, more...)
	s := &site{Node: testenv.StartLatchkey(t, node), t: t, now: time.Now}
	password, err := os.ReadFile(filepath.Join(s.Data, "demo-password"))
	if err != nil {
		t.Fatal(err)
	}
	s.demo = strings.TrimSpace(string(password))
	return s
}

func configuration(t *testing.T, more ...settings) string {
	t.Helper()
	many := settings{"free": 10000}
	ask := settings{"per_account": many, "per_address": many}
	config := settings{
		"limits": settings{
			"sign_in": settings{"per_account": many, "per_address": many, "per_pair": many, "known_device": many},
			"sign_up": ask, "reset": ask, "resend": ask,
			"messages": settings{"per_account": many, "per_destination": many, "per_address": many},
		},
		"password": settings{"argon2": settings{"memory_kib": 19456}},
	}
	for _, m := range more {
		for key, value := range m {
			config[key] = value
		}
	}
	text, err := json.Marshal(config) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// person is somebody with an account, or about to have one.
type person struct {
	email, password string
	app             *authenticator
}

const password = "correct horse battery staple"

var people atomic.Int64

// stranger is somebody who has no account yet.
func stranger() *person {
	return &person{email: fmt.Sprintf("person%d@example.com", people.Add(1)), password: password}
}

// account is somebody who has one, with an address that is known to be theirs.
func (s *site) account(flags ...string) *person {
	s.t.Helper()
	p := stranger()
	s.CreateUser(p.email, p.password, flags...)
	return p
}

// message is what the dev inbox shows.
type message struct {
	ID, Channel, To, Subject, Text, HTML, Code string
	Links                                      []string
}

// messages are those to an address, newest first.
func (b *tab) messages(to string) []message {
	b.t.Helper()
	response, err := b.s.HTTP().Get(b.s.Issuer + "/dev/inbox.json?to=" + url.QueryEscape(to))
	b.check("open inbox", err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	b.check("read inbox", err)
	var found []message
	b.check("decode inbox", json.Unmarshal(body, &found))
	return found
}

// message is the newest one to an address, about something.
func (b *tab) message(to, subject string) message {
	b.t.Helper()
	found := b.messages(to)
	for _, m := range found {
		if strings.Contains(strings.ToLower(m.Subject+m.Text), strings.ToLower(subject)) {
			return m
		}
	}
	b.fatalf("no message to %s about %q but %+v", to, subject, found)
	return message{}
}

// link is the link of the newest message about something: a path of the provider.
func (b *tab) link(to, subject string) string {
	b.t.Helper()
	m := b.message(to, subject)
	if len(m.Links) == 0 {
		b.fatalf("no link in %+v", m)
	}
	return m.Links[0]
}

// authenticator is an authenticator app. Each of its codes works once, and those
// of the step before and after the present one work as well, so it gives two or three
// at any moment before somebody has to wait.
type authenticator struct {
	secret string
	now    func() time.Time
	last   int64
}

const totpStep = 30

// newApp is an app that has scanned the code on the page.
func (b *tab) newApp() *authenticator {
	b.t.Helper()
	secret := b.text("totp-secret")
	if secret == "" {
		b.fatalf("there is no #totp-secret")
	}
	return &authenticator{secret: secret, now: b.s.now}
}

// code is one that was not used before.
func (a *authenticator) code(t *testing.T) string {
	t.Helper()
	now := a.now().Unix() / totpStep
	step := max(a.last+1, now-1)
	if left := totpStep - a.now().Unix()%totpStep; step < now && left < 5 {
		step = now // that of the step before may be over before it is typed
	}
	if step > now+2 {
		t.Fatal("the app was asked for more codes than a person waits for")
	}
	if step > now+1 { // begun late in a step, it has one less: its next is good from the next step on
		<-time.After(time.Unix((step-1)*totpStep, 0).Sub(a.now()))
	}
	a.last = step
	return a.at(t, step)
}

// spent is the code that was given last.
func (a *authenticator) spent(t *testing.T) string {
	t.Helper()
	return a.at(t, a.last)
}

func (a *authenticator) at(t *testing.T, step int64) string {
	t.Helper()
	code, err := totp.GenerateCode(a.secret, time.Unix(step*totpStep, 0))
	if err != nil {
		t.Fatalf("make code: %v", err)
	}
	return code
}

package smtp

import (
	"context"
	"errors"
	"mime"
	"net"
	"strings"
	"testing"
	"time"

	server "github.com/emersion/go-smtp"
	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/internal/testenv"
	"github.com/latchkey-id/latchkey/storage"
)

const to = "robin.secret@example.net"

var (
	row  = storage.Message{ID: "0192f0c0ffee0000000000000000000a", CreatedAt: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	said = message.Mail{
		Channel: storage.ChannelEmail, To: to, Locale: "de", Subject: "Bestätigen Sie „Müller“", Text: "Code 123456\n.\nEnde\n", HTML: "<p>Code</p>",
	}
)

// sender makes a Sender for a server.
func sender(t *testing.T, m *testenv.MailServer, change func(*Config)) *Sender {
	t.Helper()
	cfg := Config{
		URL: "smtp://mailer:pass%40word@" + m.Address, From: "Müller <id@example.com>", ReplyTo: "Help <help@example.com>",
		Hello: "id.example.com", Timeout: testenv.Patience, Roots: m.Roots,
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t *testing.T, implicit bool) *testenv.MailServer {
	return testenv.StartMail(t, implicit, "mailer", "pass@word")
}

func TestDelivers(t *testing.T) {
	for name, implicit := range map[string]bool{"STARTTLS": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			m := start(t, implicit)
			s := sender(t, m, func(c *Config) {
				if implicit {
					c.URL = "smtps" + strings.TrimPrefix(c.URL, "smtp")
				}
			})
			if err := s.Send(t.Context(), row, said); err != nil {
				t.Fatal(err)
			}
			got := m.Received()
			if len(got) != 1 || got[0].From != "id@example.com" || got[0].To != to {
				t.Fatalf("received %+v", got)
			}
			checkHeaders(t, got[0])
			for _, part := range []string{"text/plain", "Code 123456", "text/html", "<p>Code</p>"} {
				if !strings.Contains(got[0].Body, part) {
					t.Errorf("no %q in\n%s", part, got[0].Body)
				}
			}
		})
	}
}

func checkHeaders(t *testing.T, m testenv.Mail) {
	t.Helper()
	h := m.Message.Header
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil || subject != said.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<0192f0c0ffee0000000000000000000a@example.com>", "Date": "Sun, 01 Nov 2026 12:00:00 +0000",
		"To": "<" + to + ">", "Reply-To": `"Help" <help@example.com>`, "Auto-Submitted": "auto-generated", "Content-Language": "de",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if from, err := h.AddressList("From"); err != nil || from[0].Name != "Müller" {
		t.Errorf("from %v, %v", from, err)
	}
}

// Every failure names its step, says whether another try can help, and never
// holds whom the message was for.
func TestFailures(t *testing.T) {
	reply := func(code int, enhanced server.EnhancedCode) func(string) error {
		return func(address string) error {
			return &server.SMTPError{Code: code, EnhancedCode: enhanced, Message: "no mail for <" + address + ">"}
		}
	}
	for name, c := range map[string]struct {
		faults    testenv.MailFaults
		change    func(*Config)
		step      delivery.Step
		permanent bool
		reason    string
	}{
		"wrong password":      {change: func(c *Config) { c.URL = strings.Replace(c.URL, "pass", "fail", 1) }, step: delivery.StepAuthenticate, reason: "replied 454"},
		"no password":         {change: func(c *Config) { c.URL = strings.Replace(c.URL, "mailer:pass%40word@", "", 1) }, step: delivery.StepSender, reason: "replied 502"},
		"bad certificate":     {change: func(c *Config) { c.Roots = nil }, step: delivery.StepTLS, reason: "not trusted"},
		"another host's":      {change: func(c *Config) { c.URL = strings.Replace(c.URL, "127.0.0.1", "127.0.0.2", 1) }, step: delivery.StepConnect, reason: "does not accept"},
		"unknown host":        {change: func(c *Config) { c.URL = "smtp://mail.invalid" }, step: delivery.StepResolve, reason: "host name is not known"},
		"sender refused":      {faults: testenv.MailFaults{Sender: reply(550, server.EnhancedCode{5, 7, 1})}, step: delivery.StepSender, reason: "replied 550 5.7.1"},
		"greylisted":          {faults: testenv.MailFaults{Recipient: reply(451, server.EnhancedCode{4, 7, 1})}, step: delivery.StepRecipient, reason: "replied 451 4.7.1"},
		"no such recipient":   {faults: testenv.MailFaults{Recipient: reply(550, server.EnhancedCode{5, 1, 1})}, step: delivery.StepRecipient, permanent: true, reason: "replied 550 5.1.1"},
		"content refused":     {faults: testenv.MailFaults{Data: func() error { return reply(554, server.EnhancedCode{5, 7, 1})(to) }}, step: delivery.StepData, permanent: true, reason: "replied 554 5.7.1"},
		"disk full":           {faults: testenv.MailFaults{Data: func() error { return reply(452, server.EnhancedCode{4, 3, 1})(to) }}, step: delivery.StepData, reason: "replied 452 4.3.1"},
		"drops in the middle": {faults: testenv.MailFaults{DropInData: true}, step: delivery.StepData, reason: "connection broke"},
		"drops at the end":    {faults: testenv.MailFaults{DropAfterData: true}, step: delivery.StepData, reason: "connection broke"},
	} {
		t.Run(name, func(t *testing.T) {
			m := start(t, false)
			m.Fail(c.faults)
			check(t, sender(t, m, c.change).Send(t.Context(), row, said), c.step, c.permanent, c.reason)
		})
	}
}

func check(t *testing.T, err error, step delivery.Step, permanent bool, reason string) {
	t.Helper()
	var failed *delivery.Error
	if !errors.As(err, &failed) {
		t.Fatalf("not a delivery error: %v", err)
	}
	if failed.Step != step || failed.Permanent != permanent || !strings.Contains(failed.Reason, reason) {
		t.Errorf("%s, permanent %v (%v); want %s, %v, %q", failed, failed.Permanent, failed.Cause, step, permanent, reason)
	}
	if strings.Contains(failed.Error(), "robin") || strings.Contains(failed.Error(), "word") {
		t.Errorf("the error tells too much: %s", failed)
	}
}

// silent accepts connections and does what it is told with them.
func silent(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			serve(conn)
		}
	}()
	return l.Addr().String()
}

func TestHangingServers(t *testing.T) {
	hangs := silent(t, func(net.Conn) {})
	greets := silent(t, func(c net.Conn) {
		_, _ = c.Write([]byte("220 mx ESMTP\r\n"))
	})
	for name, c := range map[string]struct {
		url  string
		step delivery.Step
	}{
		"says nothing":    {"smtp://" + hangs, delivery.StepGreet},
		"hangs in TLS":    {"smtps://" + hangs, delivery.StepTLS},
		"stops at hello":  {"smtp://" + greets, delivery.StepGreet},
		"no TLS on port":  {"smtps://" + greets, delivery.StepTLS},
		"refuses at once": {"smtp://127.0.0.1:1", delivery.StepConnect},
	} {
		t.Run(name, func(t *testing.T) {
			var failed *delivery.Error
			var err error
			// Where the machine is slow, the time is over before the step is reached.
			for timeout := 50 * time.Millisecond; timeout < testenv.Patience; timeout *= 2 {
				s, wrong := New(Config{URL: c.url, From: "id@example.com", Hello: "localhost", Timeout: timeout})
				if wrong != nil {
					t.Fatal(wrong)
				}
				if err = s.Send(t.Context(), row, said); errors.As(err, &failed) && failed.Step == c.step && !failed.Permanent {
					return
				}
			}
			t.Errorf("%v, want a temporary failure at %s", err, c.step)
		})
	}
}

// Whoever strips STARTTLS from the answer gets nothing.
func TestNeverInClear(t *testing.T) {
	said := make(chan string, 1)
	strips := silent(t, func(c net.Conn) {
		_, _ = c.Write([]byte("220 mx\r\n"))
		b := make([]byte, 512)
		n, _ := c.Read(b)
		_, _ = c.Write([]byte("250-mx\r\n250 AUTH PLAIN\r\n"))
		more, _ := c.Read(b[n:])
		said <- string(b[:n+more])
	})
	s, err := New(Config{URL: "smtp://u:password@" + strips, From: "id@example.com", Hello: "localhost", Timeout: testenv.Patience})
	if err != nil {
		t.Fatal(err)
	}
	check(t, s.Send(t.Context(), row, message.Mail{To: to, Text: "x"}), delivery.StepTLS, false, "does not offer STARTTLS")
	if got := <-said; strings.Contains(got, "AUTH") || strings.Contains(got, "MAIL") {
		t.Errorf("said in clear: %q", got)
	}
}

func TestClearOnLoopbackWhenAsked(t *testing.T) {
	m := testenv.StartMail(t, false, "", "")
	s, err := New(Config{URL: "smtp://" + m.Address + "?tls=none", From: "id@example.com", Hello: "localhost", Timeout: testenv.Patience})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), row, said); err != nil || len(m.Received()) != 1 {
		t.Errorf("%v, received %d", err, len(m.Received()))
	}
}

func TestStopsWithItsContext(t *testing.T) {
	connected := make(chan struct{})
	hangs := silent(t, func(net.Conn) { close(connected) })
	s, err := New(Config{URL: "smtp://" + hangs, From: "id@example.com", Hello: "localhost", Timeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-connected
		cancel()
	}()
	if err := s.Send(ctx, row, said); err == nil {
		t.Error("sent")
	}
}

func TestAddressThatIsNone(t *testing.T) {
	m := start(t, false)
	for _, bad := range []string{"", "nobody", "a@b>\r\nDATA", "a@b, c@d"} {
		mail := said
		mail.To = bad
		var failed *delivery.Error
		if err := sender(t, m, nil).Send(t.Context(), row, mail); !errors.As(err, &failed) || !failed.Permanent || failed.Step != delivery.StepRecipient {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if len(m.Received()) > 0 {
		t.Errorf("received %v", m.Received())
	}
}

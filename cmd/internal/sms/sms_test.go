package sms

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/storage"
)

var (
	row  = storage.Message{ID: "0192f0c0ffee0000000000000000000a"}
	said = message.Mail{Channel: storage.ChannelSMS, To: "+4915112345678", Text: "123456 \"is\" your code.\n\n@id.example.com #123456\n"}
)

const body = `{"to": {{json .To}}, "from": {{json .From}}, "text": {{json .Text}}, "ref": {{json .ID}}}`

// gatewayAt answers requests, and keeps the last of them with its body.
func gatewayAt(t *testing.T, answer http.HandlerFunc) (url string, roots *x509.CertPool, last func() (*http.Request, string)) {
	t.Helper()
	var request *http.Request
	var sent string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		request, sent = r, string(b)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	roots = x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server.URL, roots, func() (*http.Request, string) { return request, sent }
}

func created(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }

func TestTwilio(t *testing.T) {
	for from, field := range map[string]string{"+15005550006": "From=%2B15005550006", "MG123": "MessagingServiceSid=MG123"} {
		url, roots, last := gatewayAt(t, created)
		s := NewTwilio(TwilioConfig{URL: url, Account: "AC1", Token: "token", From: from, Timeout: time.Minute, Roots: roots})
		if err := s.Send(t.Context(), row, said); err != nil {
			t.Fatal(err)
		}
		r, sent := last()
		user, password, _ := r.BasicAuth()
		if r.URL.Path != "/2010-04-01/Accounts/AC1/Messages.json" || user != "AC1" || password != "token" {
			t.Errorf("%s as %s:%s", r.URL, user, password)
		}
		if !strings.Contains(sent, "To=%2B4915112345678") || !strings.Contains(sent, field) || !strings.Contains(sent, "%40id.example.com+%23123456") {
			t.Errorf("sent %s", sent)
		}
	}
}

func TestHTTP(t *testing.T) {
	url, roots, last := gatewayAt(t, created)
	s, err := NewHTTP(HTTPConfig{
		URL: url, User: "u", Password: "p", Headers: http.Header{"X-Key": {"k"}}, Body: body, ContentType: "application/json",
		From: "Example", Timeout: time.Minute, Roots: roots,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), row, said); err != nil {
		t.Fatal(err)
	}
	r, sent := last()
	var got map[string]string
	if err := json.Unmarshal([]byte(sent), &got); err != nil {
		t.Fatalf("%v: %s", err, sent)
	}
	if got["to"] != said.To || got["from"] != "Example" || got["text"] != strings.TrimSpace(said.Text) || got["ref"] != string(row.ID) {
		t.Errorf("sent %v", got)
	}
	user, password, _ := r.BasicAuth()
	if user != "u" || password != "p" || r.Header.Get("X-Key") != "k" || r.Header.Get("Idempotency-Key") != string(row.ID) {
		t.Errorf("headers %v", r.Header)
	}
}

func TestHTTPRefusesWhatCannotBe(t *testing.T) {
	for name, cfg := range map[string]HTTPConfig{
		"no template": {Body: "{{", ContentType: "application/json"}, "no JSON": {Body: "to={{.To}}", ContentType: "application/json"},
		"no field": {Body: "{{.Number}}", ContentType: "text/plain"}, "no type": {Body: body, ContentType: ";"},
	} {
		if _, err := NewHTTP(cfg); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := NewHTTP(HTTPConfig{Body: "to={{.To | urlquery}}", ContentType: "application/x-www-form-urlencoded"}); err != nil {
		t.Errorf("a form: %v", err)
	}
}

// Every failure names its step, says whether another try can help, and never
// holds the number or the code.
func TestFailures(t *testing.T) {
	status := func(code int, answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = io.WriteString(w, answer)
		}
	}
	drop := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	}
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	elsewhere := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://evil.example/", http.StatusTemporaryRedirect)
	}
	for name, c := range map[string]struct {
		answer            http.HandlerFunc
		untrusted         bool
		step              delivery.Step
		twilio, permanent bool
	}{
		"busy":               {answer: status(503, "+4915112345678"), step: delivery.StepData},
		"too many":           {answer: status(429, ""), step: delivery.StepData},
		"wrong key":          {answer: status(401, ""), step: delivery.StepAuthenticate},
		"not right":          {answer: status(422, "+4915112345678"), step: delivery.StepRecipient, permanent: true},
		"redirects":          {answer: elsewhere, step: delivery.StepData},
		"drops":              {answer: drop, step: delivery.StepData},
		"hangs":              {answer: hang, step: delivery.StepData},
		"bad certificate":    {answer: created, untrusted: true, step: delivery.StepTLS},
		"twilio, no number":  {answer: status(400, `{"code": 21211, "message": "+4915112345678 is none"}`), twilio: true, step: delivery.StepRecipient, permanent: true},
		"twilio, no sender":  {answer: status(400, `{"code": 21606, "message": "x"}`), twilio: true, step: delivery.StepData},
		"twilio, wrong key":  {answer: status(401, `{"code": 20003}`), twilio: true, step: delivery.StepAuthenticate},
		"twilio, no answer":  {answer: status(500, "<html>"), twilio: true, step: delivery.StepData},
		"twilio, wrong path": {answer: status(404, `{"code": 20404}`), twilio: true, step: delivery.StepData},
	} {
		t.Run(name, func(t *testing.T) {
			url, roots, _ := gatewayAt(t, c.answer)
			if c.untrusted {
				roots = nil
			}
			send := func(timeout time.Duration) (failed *delivery.Error) {
				s, err := NewHTTP(HTTPConfig{URL: url, Body: body, ContentType: "application/json", Timeout: timeout, Roots: roots})
				if err != nil {
					t.Fatal(err)
				}
				if c.twilio {
					s = NewTwilio(TwilioConfig{URL: url, Account: "AC1", Token: "token", Timeout: timeout, Roots: roots})
				}
				if err := s.Send(t.Context(), row, said); !errors.As(err, &failed) {
					t.Fatalf("not a delivery error: %v", err)
				}
				return failed
			}
			timeout := time.Minute
			if name == "hangs" {
				timeout = 50 * time.Millisecond
			}
			failed := send(timeout)
			for failed.Step != c.step && timeout < time.Minute { // a slow machine does not come that far
				timeout *= 2
				failed = send(timeout)
			}
			if failed.Step != c.step || failed.Permanent != c.permanent {
				t.Errorf("%s, permanent %v (%v); want %s, %v", failed, failed.Permanent, failed.Cause, c.step, c.permanent)
			}
			if strings.Contains(failed.Error(), "4915") || strings.Contains(failed.Error(), "123456") {
				t.Errorf("the error tells too much: %s", failed)
			}
		})
	}
	s := NewTwilio(TwilioConfig{URL: "https://127.0.0.1:1", Timeout: time.Minute})
	var failed *delivery.Error
	if err := s.Send(t.Context(), row, said); !errors.As(err, &failed) || failed.Step != delivery.StepConnect {
		t.Errorf("nobody listens: %v", err)
	}
}

// Package sms delivers text messages to a gateway over HTTP: Twilio's, or any
// that takes a POST.
package sms

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/storage"
)

// gateway is one kind of interface.
type gateway interface {
	// request makes the request that sends a text.
	request(ctx context.Context, id storage.ID, to, text string) (*http.Request, error)
	// refused reads an answer that is no success.
	refused(status int, body []byte) *delivery.Error
}

// Sender delivers text messages. Its methods may be called concurrently.
type Sender struct {
	gateway gateway
	timeout time.Duration
	client  *http.Client
}

// newSender makes a Sender that trusts roots; nil are the system's.
func newSender(g gateway, timeout time.Duration, roots *x509.CertPool) *Sender {
	return &Sender{gateway: g, timeout: timeout, client: &http.Client{
		// A redirect would hand the credentials and the code to somebody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:           http.ProxyFromEnvironment,
			DialContext:     (&net.Dialer{Timeout: timeout}).DialContext,
			TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			// A connection that the gateway has given up is found out only by
			// losing a message on it.
			DisableKeepAlives: true,
		},
	}}
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// Send delivers a message. Its error is a [*delivery.Error].
func (s *Sender) Send(ctx context.Context, m storage.Message, mail message.Mail) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	request, err := s.gateway.request(ctx, m.ID, mail.To, strings.TrimSpace(mail.Text))
	if err != nil {
		return &delivery.Error{Step: delivery.StepData, Reason: "the request cannot be written", Cause: err}
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return delivery.Network(delivery.StepData, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if answer.StatusCode/100 == 2 {
		return nil // it is theirs, whatever became of the rest of the answer
	}
	if err != nil {
		return delivery.Network(delivery.StepData, err)
	}
	return s.gateway.refused(answer.StatusCode, body)
}

// byStatus judges an answer by its status alone.
func byStatus(status int) *delivery.Error {
	e := &delivery.Error{Step: delivery.StepData, Reason: fmt.Sprintf("the gateway answered %d", status)}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		e.Step = delivery.StepAuthenticate
	}
	return e
}

var errNoTemplate = errors.New("sms.body makes no JSON")

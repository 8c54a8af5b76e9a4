// Package smtp delivers email to an SMTP server, step by step, so that what
// fails is known by name.
//
// It speaks TLS from the first byte (smtps) or before anything is said
// (STARTTLS, RFC 3207); it never falls back to clear text.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account/message"
	"github.com/latchkey-id/latchkey/cmd/internal/delivery"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/wneessen/go-mail/smtp"
)

// Config is what a [Sender] is made of.
type Config struct {
	// URL is smtp://user:password@host:587 or smtps://…:465; ?tls=none sends in clear.
	URL string
	// From and ReplyTo are addresses, with or without a name; ReplyTo may be empty.
	From, ReplyTo string
	// Hello is the name that we greet with: our host.
	Hello string
	// Timeout bounds a whole delivery.
	Timeout time.Duration
	// Roots are the authorities whose certificates are trusted; nil is the system's.
	Roots *x509.CertPool
}

// Sender delivers email. Its methods may be called concurrently.
type Sender struct {
	cfg           Config
	host, address string
	tls           tlsMode
	user          *url.Userinfo
	from, replyTo *mail.Address
}

// tlsMode is when TLS begins.
type tlsMode int

const (
	startTLS tlsMode = iota
	implicitTLS
	noTLS
)

// The ports of submission (RFC 6409, RFC 8314).
const (
	portSubmission  = "587"
	portSubmissions = "465"
)

// New makes a Sender. It connects to nothing yet.
func New(cfg Config) (*Sender, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, errors.New("mail.smtp_url is not a URL") // the cause would quote its password
	}
	s := &Sender{cfg: cfg, host: u.Hostname(), user: u.User}
	port := portSubmission
	switch {
	case u.Scheme == "smtps":
		s.tls, port = implicitTLS, portSubmissions
	case u.Query().Get("tls") == "none":
		s.tls = noTLS
	}
	if u.Port() != "" {
		port = u.Port()
	}
	s.address = net.JoinHostPort(s.host, port)
	if s.from, err = mail.ParseAddress(cfg.From); err == nil {
		s.from.Address, err = onTheWire(s.from.Address)
	}
	if err != nil {
		return nil, fmt.Errorf("mail.from: %w", err)
	}
	if cfg.ReplyTo != "" {
		if s.replyTo, err = mail.ParseAddress(cfg.ReplyTo); err != nil {
			return nil, fmt.Errorf("mail.reply_to: %w", err)
		}
	}
	return s, nil
}

// Send delivers a message. Its error is a [*delivery.Error].
func (s *Sender) Send(ctx context.Context, m storage.Message, mail message.Mail) error {
	to, err := onTheWire(mail.To)
	if err != nil {
		return &delivery.Error{Step: delivery.StepRecipient, Permanent: true, Reason: "the address's domain is none", Cause: err}
	}
	mail.To = to
	written, err := s.write(m, mail)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return delivery.Network(delivery.StepConnect, err)
	}
	// A read or write that waits ends with the context.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	defer conn.Close()
	client, err := s.open(ctx, conn)
	if err != nil {
		return err
	}
	if err := s.submit(client, mail.To, written); err != nil {
		return err
	}
	_ = client.Quit() // the message is theirs already
	return nil
}

// Check greets the server, begins TLS and signs in, and sends nothing. Its error is that
// of [Sender.Send].
func (s *Sender) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
	if err != nil {
		return delivery.Network(delivery.StepConnect, err)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	defer conn.Close()
	client, err := s.open(ctx, conn)
	if err != nil {
		return err
	}
	_ = client.Quit() // it was greeted already
	return nil
}

// open greets the server, begins TLS and signs in.
func (s *Sender) open(ctx context.Context, conn net.Conn) (*smtp.Client, error) {
	if s.tls == implicitTLS {
		secured := tls.Client(conn, s.tlsConfig())
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, failed(delivery.StepTLS, err)
		}
		conn = secured
	}
	client, err := smtp.NewClient(conn, s.host)
	if err != nil {
		return nil, failed(delivery.StepGreet, err)
	}
	if err := client.Hello(s.cfg.Hello); err != nil {
		return nil, failed(delivery.StepGreet, err)
	}
	if s.tls == startTLS {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return nil, &delivery.Error{Step: delivery.StepTLS, Reason: "the server does not offer STARTTLS"}
		}
		if err := client.StartTLS(s.tlsConfig()); err != nil {
			return nil, failed(delivery.StepTLS, err)
		}
	}
	return client, s.authenticate(client)
}

func (s *Sender) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.cfg.Roots, MinVersion: tls.VersionTLS12}
}

// authenticate signs in by the best mechanism that the server offers.
func (s *Sender) authenticate(client *smtp.Client) error {
	if s.user == nil {
		return nil
	}
	offered, mechanisms := client.Extension("AUTH")
	if !offered {
		return &delivery.Error{Step: delivery.StepAuthenticate, Reason: "the server does not offer to sign in"}
	}
	password, _ := s.user.Password()
	inClear := s.tls == noTLS // on this machine: the configuration was checked
	for _, m := range strings.Fields(mechanisms) {
		var auth smtp.Auth
		switch strings.ToUpper(m) {
		case "SCRAM-SHA-256":
			auth = smtp.ScramSHA256Auth(s.user.Username(), password)
		case "PLAIN":
			auth = smtp.PlainAuth("", s.user.Username(), password, s.host, inClear)
		case "LOGIN":
			auth = smtp.LoginAuth(s.user.Username(), password, s.host, inClear)
		default:
			continue
		}
		if err := client.Auth(auth); err != nil {
			return failed(delivery.StepAuthenticate, err)
		}
		return nil
	}
	return &delivery.Error{Step: delivery.StepAuthenticate, Reason: "the server offers no way to sign in that is known here"}
}

// submit hands the message over.
func (s *Sender) submit(client *smtp.Client, to string, written []byte) error {
	// What is left beyond ASCII is a local part, which only servers that say so
	// take (RFC 6531); sending it to another would bounce, or reach somebody else.
	for _, address := range []string{s.from.Address, to} {
		if offered, _ := client.Extension("SMTPUTF8"); !offered && !isASCII(address) {
			step := delivery.StepRecipient
			if address == s.from.Address {
				step = delivery.StepSender
			}
			return &delivery.Error{Step: step, Permanent: true, Reason: "the name before the @ is not ASCII, and the server does not offer SMTPUTF8"}
		}
	}
	if err := client.Mail("<" + s.from.Address + ">"); err != nil {
		return failed(delivery.StepSender, err)
	}
	if err := client.Rcpt("<" + to + ">"); err != nil {
		return failed(delivery.StepRecipient, err)
	}
	data, err := client.Data()
	if err != nil {
		return failed(delivery.StepData, err)
	}
	if _, err := data.Write(written); err != nil {
		return failed(delivery.StepData, err)
	}
	if err := data.Close(); err != nil {
		return failed(delivery.StepData, err)
	}
	return nil
}

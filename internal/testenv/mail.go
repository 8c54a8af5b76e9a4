package testenv

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// MailFaults are what a [MailServer] does wrong. An error of a function is the
// server's reply: an *smtp.SMTPError to choose its code.
type MailFaults struct {
	Sender, Recipient func(address string) error
	// Data is asked when a whole message has come.
	Data func() error
	// DropInData closes the connection in the middle of a message, and
	// DropAfterData when it has come whole, before it is answered.
	DropInData, DropAfterData bool
}

// MailServer is an SMTP server on loopback.
type MailServer struct {
	// Address is its host and port, Roots the authority of its certificate.
	Address string
	Roots   *x509.CertPool

	user, password string
	mu             sync.Mutex
	faults         MailFaults
	received       []Mail
}

// Mail is a message that a [MailServer] took.
type Mail struct {
	From, To string
	Message  *mail.Message
	Body     string
}

// StartMail starts a server that wants user and password; implicit says that
// TLS begins with the first byte, rather than by STARTTLS. It ends with the test.
func StartMail(t testing.TB, implicit bool, user, password string) *MailServer {
	t.Helper()
	certificate, roots := certificate(t)
	m := &MailServer{Roots: roots, user: user, password: password}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &mailSession{server: m, conn: c}, nil
	}))
	server.Domain = "localhost"
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.Address = listener.Addr().String()
	if implicit {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends when it is closed
	}()
	t.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close() // which it did not know if it had not begun
		<-done
	})
	return m
}

// Fail sets what goes wrong from now on.
func (m *MailServer) Fail(faults MailFaults) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults = faults
}

// Received returns what was taken so far.
func (m *MailServer) Received() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]Mail(nil), m.received...)
}

func (m *MailServer) fault() MailFaults {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.faults
}

// mailSession is one connection.
type mailSession struct {
	server   *MailServer
	conn     *smtp.Conn
	signedIn bool
	from, to string
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.user || password != s.server.password {
			return errors.New("wrong user or password")
		}
		s.signedIn = true
		return nil
	}), nil
}

func (s *mailSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.user != "" && !s.signedIn {
		return smtp.ErrAuthRequired
	}
	s.from = from
	if fail := s.server.fault().Sender; fail != nil {
		return fail(from)
	}
	return nil
}

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	if fail := s.server.fault().Recipient; fail != nil {
		return fail(to)
	}
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	fault := s.server.fault()
	if fault.DropInData {
		_, _ = io.ReadFull(r, make([]byte, 16))
		_ = s.conn.Conn().Close()
		return errors.New("dropped")
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if fault.Data != nil {
		if err := fault.Data(); err != nil {
			return err
		}
	}
	message, err := mail.ReadMessage(strings.NewReader(string(raw)))
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	s.server.received = append(s.server.received, Mail{From: s.from, To: s.to, Message: message, Body: string(body)})
	s.server.mu.Unlock()
	if fault.DropAfterData {
		_ = s.conn.Conn().Close()
	}
	return nil
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

// certificate makes an authority and a certificate for loopback.
func certificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

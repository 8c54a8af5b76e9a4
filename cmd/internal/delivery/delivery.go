// Package delivery is what the ways to deliver a message have in common: how
// they fail.
package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
)

// Step is a part of a delivery that can fail by itself, so that whoever sets a
// server up learns where to look.
type Step string

// The steps, in order.
const (
	StepCompose      Step = "compose" // looking up, making the token, writing the text
	StepResolve      Step = "resolve"
	StepConnect      Step = "connect"
	StepTLS          Step = "tls"
	StepGreet        Step = "greet"
	StepAuthenticate Step = "authenticate"
	StepSender       Step = "sender"
	StepRecipient    Step = "recipient"
	StepData         Step = "data"
)

// Error says at which step a delivery failed. Its text never holds what a
// message says or whom it goes to: it is logged, and kept in the outbox. Its
// cause may hold both, and is only for whoever tests a channel with an address
// of their own.
type Error struct {
	Step Step
	// Permanent says that another try would end the same.
	Permanent bool
	// Reason is in our words and the other side's numbers.
	Reason string
	Cause  error
}

// Error implements error.
func (e *Error) Error() string { return string(e.Step) + ": " + e.Reason }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Detail is the text of err with all its causes, for the eyes of an operator.
func Detail(err error) string {
	var failed *Error
	if !errors.As(err, &failed) || failed.Cause == nil {
		return err.Error()
	}
	return fmt.Sprintf("%s (%v)", failed, failed.Cause)
}

// Network makes an error of one that came from the network at a step.
func Network(step Step, cause error) *Error {
	e := &Error{Step: step, Cause: cause, Reason: "the connection broke"}
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var timeout net.Error
	switch {
	case errors.As(cause, &dns):
		e.Step, e.Reason = StepResolve, "the host name is not known"
	case errors.As(cause, &unknown):
		e.Step, e.Reason = StepTLS, "the certificate is of an authority that is not trusted here"
	case errors.As(cause, &name):
		e.Step, e.Reason = StepTLS, "the certificate is for another host"
	case errors.As(cause, &invalid):
		e.Step, e.Reason = StepTLS, "the certificate is not valid"
	case errors.As(cause, &record):
		e.Step, e.Reason = StepTLS, "the server does not speak TLS on this port"
	case errors.As(cause, &alert):
		e.Step, e.Reason = StepTLS, "the server refused the TLS handshake"
	case errors.Is(cause, os.ErrDeadlineExceeded), errors.Is(cause, context.DeadlineExceeded),
		errors.As(cause, &timeout) && timeout.Timeout():
		e.Reason = "no answer in time"
	case dialing(cause):
		e.Step, e.Reason = StepConnect, "the server does not accept connections"
	}
	return e
}

// dialing reports whether there was no connection yet.
func dialing(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

package userimport

import (
	"github.com/latchkey-id/latchkey/internal/ident"
)

// The sizes of a TOTP secret: at least 80 bits, since many systems made no more
// (RFC 4226 asks for 128), and no more than a hash's block.
const (
	minSecret = 10
	maxSecret = 64
)

const defaultName = "Authenticator"

// maxAuthenticators is how many a person may have.
const maxAuthenticators = 20

func (s *scan) addAuthenticator(p *Person, where, name string, secret []byte) {
	if len(secret) < minSecret || len(secret) > maxSecret {
		s.problem(where, "the secret of an authenticator has %d bytes: want %d to %d", len(secret), minSecret, maxSecret)
		return
	}
	if len(p.Authenticators) == maxAuthenticators {
		s.report(where, tooMany, "%s has %d authenticators already; this one is not kept", p.Where, maxAuthenticators)
		return
	}
	if name = ident.Cut(ident.Clean(name), ident.MaxDeviceName); name == "" {
		name = defaultName
	}
	p.Authenticators = append(p.Authenticators, Authenticator{Name: name, Secret: secret})
}

package op

import (
	"crypto/hmac"
	"sync"
)

// provenSecrets remembers which secrets a slow hash has found right, so that a
// client with a weak secret pays for one slow hash and not for one a request.
// What is remembered is a keyed hash of the secret together with its verifier:
// it serves that verifier alone, and is never asked once the verifier has
// expired or left the configuration. A wrong secret is never remembered and
// costs a slow hash each time.
type provenSecrets struct {
	mu    sync.Mutex
	proof map[string]string // by verifier
}

// maxProven bounds what is remembered. A reload makes new verifiers: the old
// ones are forgotten when there are so many.
const maxProven = 4096

// holds reports whether the proof is the one that was remembered for the verifier.
func (p *provenSecrets) holds(verifier, proof string) bool {
	p.mu.Lock()
	known, ok := p.proof[verifier]
	p.mu.Unlock()
	return ok && hmac.Equal([]byte(known), []byte(proof))
}

// add remembers that a slow hash found the secret right.
func (p *provenSecrets) add(verifier, proof string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proof == nil || len(p.proof) >= maxProven {
		p.proof = map[string]string{}
	}
	p.proof[verifier] = proof
}

package op

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/keys"
)

// A DPoP nonce (RFC 9449 section 8) is the base64url of
//
//	key tag 4 | seconds since 1970 8 | MAC 32
//
// so that each node that has the key can tell ours, and how old they are, without a
// store. It is no secret, and may be used any number of times while it is young: that
// a proof is used once is its jti's business.
const (
	nonceLifetime = 5 * time.Minute
	nonceTimeSize = 8
	nonceMACSize  = 32
)

// dpopNonces makes and checks nonces.
type dpopNonces struct {
	hasher *keys.Hasher
	keys   map[keys.Tag][]byte
	now    func() time.Time
}

func newDPoPNonces(hasher *keys.Hasher, now func() time.Time) *dpopNonces {
	n := &dpopNonces{hasher: hasher, keys: map[keys.Tag][]byte{}, now: now}
	for _, k := range hasher.Derive("dpop-nonce") {
		n.keys[keys.TagOf(k.ID)] = k.Key
	}
	return n
}

// make returns a nonce of now.
func (n *dpopNonces) make() string {
	tag := n.hasher.Tag()
	b := binary.BigEndian.AppendUint64(tag[:], uint64(max(0, n.now().Unix())))
	return base64.RawURLEncoding.EncodeToString(append(b, hmacSHA256(n.keys[tag], b)...))
}

// fresh reports whether a nonce is one of ours that is young enough. One under a key
// that this node does not know is not: the client comes again with one that every node
// knows, so that nothing is lost by the answer.
func (n *dpopNonces) fresh(nonce string) bool {
	b, err := strictBase64.DecodeString(nonce)
	if err != nil || len(b) != keys.TagSize+nonceTimeSize+nonceMACSize {
		return false
	}
	key, known := n.keys[keys.Tag(b)]
	signed := b[:keys.TagSize+nonceTimeSize]
	if !known || !hmac.Equal(b[len(signed):], hmacSHA256(key, signed)) {
		return false
	}
	age := n.now().Sub(time.Unix(int64(binary.BigEndian.Uint64(signed[keys.TagSize:])), 0))
	return age < nonceLifetime && age > -nonceLifetime // nodes' clocks differ
}

// offerNonce gives the next nonce with an answer, where proofs need one.
func (p *Provider) offerNonce(w http.ResponseWriter) {
	if p.cfg.RequireDPoPNonce {
		w.Header()[dpopNonceHeader] = []string{p.nonces.make()}
	}
}

// checkNonce refuses a proof without a nonce where it needs one, and with a nonce that
// is not ours, or too old, in any case.
func (p *Provider) checkNonce(w http.ResponseWriter, nonce *string) error {
	if nonce == nil && !p.cfg.RequireDPoPNonce || nonce != nil && p.nonces.fresh(*nonce) {
		return nil
	}
	w.Header()[dpopNonceHeader] = []string{p.nonces.make()}
	return &Error{Code: codeUseDPoPNonce, Description: "send a new proof with the nonce from the DPoP-Nonce header"}
}

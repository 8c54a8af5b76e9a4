package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/fetch"
)

// keySetTypes are the media types of keys.
const keySetTypes = "application/jwk-set+json, application/json"

// keysKept is for how long fetched keys are used at least, whatever their headers say, and
// keysSought for how long where the one that is looked for is not among them: it bounds how
// often anybody can have a client's jwks_uri called, and how long a client that rotates its
// keys waits for the new one.
const (
	keysKept   = time.Minute
	keysSought = 10 * time.Second
)

// minRSABits is the least that a client's RSA key may have (NIST SP 800-131A).
const minRSABits = 2048

// fetcher calls addresses of clients; fetch.Client in the binary.
type fetcher interface {
	Get(ctx context.Context, address string, r fetch.Request) (*fetch.Answer, error)
}

// errNotSigned says that nothing which the client published signed something.
var errNotSigned = errors.New("no key of the client fits the signature")

// verifyByClient returns the payload of what a key of the client signed. Keys that are
// published at its jwks_uri are fetched again where none has the kid. Its error is of a
// bad signature, or says that it cannot be judged now.
func (p *Provider) verifyByClient(ctx context.Context, c *client.Client, token string) ([]byte, error) {
	signed, err := parseClientSignature(token)
	if err != nil {
		return nil, err
	}
	if c.JWKS != nil {
		return verifyWith(signed, *c.JWKS)
	}
	if c.JWKSURI == "" {
		return nil, errors.New("the client has no keys")
	}
	request := fetch.Request{Accept: keySetTypes, Keep: keysKept}
	for {
		answer, err := p.cfg.Fetch.Get(ctx, c.JWKSURI, request)
		if err != nil {
			return nil, unavailable("fetch keys of client "+c.ID, err)
		}
		var set client.KeySet
		if err := json.Unmarshal(answer.Body, &set); err != nil {
			return nil, fmt.Errorf("read keys of the client: %w", err)
		}
		payload, err := verifyWith(signed, set)
		if !errors.Is(err, errNotSigned) || !request.NewerThan.IsZero() {
			return payload, err
		}
		request.NewerThan, request.Keep = answer.FetchedAt, keysSought // the client may have a new key
	}
}

// verifyWith tries the keys of a set that may have signed: the one that the header
// names, or where it names none each of the algorithm's kind.
func verifyWith(signed *clientSignature, set client.KeySet) ([]byte, error) {
	header := signed.header()
	tried := 0
	for _, k := range set.Keys {
		if k.Use == "enc" || header.KeyID != "" && k.ID != header.KeyID || !sameAlg(k.Algorithm, header.Algorithm) {
			continue
		}
		if tried++; tried > client.MaxKeys {
			break
		}
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(k.JSON()); err != nil || !key.IsPublic() || !strongEnough(key.Key) {
			continue
		}
		if payload, err := signed.verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, errNotSigned
}

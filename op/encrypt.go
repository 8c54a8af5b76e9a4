package op

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/fetch"
)

// codeInvalidClientMetadata is RFC 7591 section 3.2.2: what the client registered does
// not go together.
const codeInvalidClientMetadata = "invalid_client_metadata"

// nestedType is the cty of what holds a JWT (RFC 7519 section 5.2).
const nestedType = "JWT"

// encryptTo encrypts content to a key of the client. Nested says that it is a JWT that
// is signed already.
func (p *Provider) encryptTo(ctx context.Context, c *client.Client, how client.Encryption, typ string, content []byte, nested bool) (string, error) {
	key, err := p.encryptionKey(ctx, c, how.Alg)
	if err != nil {
		return "", err
	}
	options := (&jose.EncrypterOptions{}).WithType(jose.ContentType(typ))
	if nested {
		options = options.WithContentType(nestedType)
	}
	recipient := jose.Recipient{Algorithm: jose.KeyAlgorithm(how.Alg), Key: key.Key, KeyID: key.KeyID}
	encrypter, err := jose.NewEncrypter(jose.ContentEncryption(how.Enc), recipient, options)
	if err != nil {
		return "", fmt.Errorf("encrypt to client %s: %w", c.ID, err)
	}
	made, err := encrypter.Encrypt(content)
	if err != nil {
		return "", fmt.Errorf("encrypt to client %s: %w", c.ID, err)
	}
	return made.CompactSerialize()
}

// encryptionKey is the first key of the client that can be encrypted to with the
// algorithm. Those at its jwks_uri are fetched, at most once a minute.
func (p *Provider) encryptionKey(ctx context.Context, c *client.Client, alg string) (*jose.JSONWebKey, error) {
	set := c.JWKS
	if set == nil {
		answer, err := p.cfg.Fetch.Get(ctx, c.JWKSURI, fetch.Request{Accept: keySetTypes, Keep: keysKept})
		if err != nil {
			return nil, unavailable("fetch keys of client "+c.ID, err)
		}
		set = &client.KeySet{}
		if err := json.Unmarshal(answer.Body, set); err != nil {
			return nil, noEncryptionKey(alg, fmt.Errorf("read keys of the client: %w", err))
		}
	}
	fitting := set.Encrypting(alg)
	for _, k := range fitting[:min(len(fitting), client.MaxKeys)] {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(k.JSON()); err == nil && key.IsPublic() && key.Valid() && strongEnough(key.Key) {
			return &key, nil
		}
	}
	return nil, noEncryptionKey(alg, errors.New("none fits"))
}

func noEncryptionKey(alg string, cause error) error {
	return &Error{
		Code: codeInvalidClientMetadata, Cause: cause,
		Description: "the client has no key for encryption with " + alg,
	}
}

// readyToEncrypt finds out whether ID tokens can be made for the client before anything
// is spent for them: a code that was, and then had no answer, is lost.
func (p *Provider) readyToEncrypt(ctx context.Context, c *client.Client) error {
	if how := c.IDTokenEncryption(); how.Wanted() {
		_, err := p.encryptionKey(ctx, c, how.Alg)
		return err
	}
	return nil
}

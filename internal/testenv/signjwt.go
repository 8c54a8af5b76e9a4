package testenv

import (
	"encoding/json"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// SignJWT signs a JWT (RFC 7519), as relying parties do: its key is of any kind that
// go-jose takes, and header holds members besides alg. A payload that is not bytes is
// encoded as JSON.
func SignJWT(t testing.TB, alg jose.SignatureAlgorithm, key any, header map[string]any, payload any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	text, encoded := payload.([]byte)
	if !encoded {
		if text, err = json.Marshal(payload); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

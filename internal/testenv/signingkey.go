package testenv

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	_ "embed" // the RSA key
	"encoding/pem"
	"errors"
	"fmt"
	"sync"
)

//go:embed testdata/rsa.pem
var rsaPEM []byte

// SigningKey makes a private key for a JWS algorithm, for keys.RingConfig. Making an
// RSA key takes seconds on a slow machine: that one is a fixture, which every test
// shares and everybody knows.
func SigningKey(alg string) (crypto.Signer, error) {
	switch alg {
	case "RS256":
		return rsaKey()
	case "PS256": // a key of its own: two algorithms never share one
		return secondRSAKey()
	case "RSA-OAEP-256":
		return thirdRSAKey()
	case "ES256", "ECDH-ES":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, fmt.Errorf("no key for %s", alg)
}

var secondRSAKey = sync.OnceValues(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) })

var thirdRSAKey = sync.OnceValues(func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) })

var rsaKey = sync.OnceValues(func() (crypto.Signer, error) {
	block, _ := pem.Decode(rsaPEM)
	if block == nil {
		return nil, errors.New("rsa.pem is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse rsa.pem: %w", err)
	}
	return key.(crypto.Signer), nil
})

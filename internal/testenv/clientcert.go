package testenv

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certified is since when certificates are good: longer than the clock of any test.
var certified = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// Authority issues certificates for tests.
type Authority struct {
	// Certificate is its own, PEM the same as text.
	Certificate *x509.Certificate
	PEM         []byte

	key    *ecdsa.PrivateKey
	serial int64
}

// NewAuthority makes one.
func NewAuthority(t testing.TB, name string) *Authority {
	t.Helper()
	key := ecKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: certified, NotAfter: certified.AddDate(30, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	made := signCertificate(t, template, template, &key.PublicKey, key)
	return &Authority{Certificate: made, PEM: pemOf("CERTIFICATE", made.Raw), key: key, serial: 1}
}

// Issue makes a certificate of what the template says; times, serial number and use are
// filled in where they are absent.
func (a *Authority) Issue(t testing.TB, template *x509.Certificate) tls.Certificate {
	t.Helper()
	a.serial++
	return issue(t, template, a.Certificate, a.key, a.serial)
}

// SelfSigned makes a certificate that nobody vouches for.
func SelfSigned(t testing.TB, template *x509.Certificate) tls.Certificate {
	t.Helper()
	return issue(t, template, nil, nil, 1)
}

func issue(t testing.TB, template, parent *x509.Certificate, by *ecdsa.PrivateKey, serial int64) tls.Certificate {
	t.Helper()
	key, full := ecKey(t), *template
	if full.NotAfter.IsZero() {
		full.NotBefore, full.NotAfter = certified, certified.AddDate(30, 0, 0)
	}
	if full.ExtKeyUsage == nil {
		full.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	}
	full.SerialNumber, full.KeyUsage = big.NewInt(serial), x509.KeyUsageDigitalSignature
	if parent == nil {
		parent, by = &full, key
	}
	made := signCertificate(t, &full, parent, &key.PublicKey, by)
	return tls.Certificate{Certificate: [][]byte{made.Raw}, PrivateKey: key, Leaf: made}
}

// WriteCertificate writes a certificate and its key as PEM files, and returns their names.
func WriteCertificate(t testing.TB, dir, name string, c tls.Certificate) (certFile, keyFile string) {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatalf("encode key: %v", err)
	}
	certFile, keyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+"-key.pem")
	for file, text := range map[string][]byte{certFile: pemOf("CERTIFICATE", c.Certificate[0]), keyFile: pemOf("PRIVATE KEY", private)} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatalf("write certificate: %v", err)
		}
	}
	return certFile, keyFile
}

func ecKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("make key: %v", err)
	}
	return key
}

func signCertificate(t testing.TB, template, parent *x509.Certificate, public *ecdsa.PublicKey, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	if err != nil {
		t.Fatalf("make certificate: %v", err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatalf("parse certificate: %v", err)
	}
	return made
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

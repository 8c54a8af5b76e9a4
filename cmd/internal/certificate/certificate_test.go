package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// made is a certificate with its key, in PEM.
type made struct{ cert, key []byte }

func newPair(t *testing.T, serial int64, notAfter time.Time) made {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "localhost"}, NotAfter: notAfter, DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return made{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
	}
}

// write replaces a file's content, at a time of its own.
func write(t *testing.T, path string, content []byte, modified time.Time) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, modified, modified); err != nil {
		t.Fatal(err)
	}
}

func TestARenewedCertificateIsServedAndAHalfWrittenOneIsNot(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	first, second := newPair(t, 1, start.AddDate(0, 1, 0)), newPair(t, 2, start.AddDate(0, 4, 0))
	write(t, certFile, first.cert, start)
	write(t, keyFile, first.key, start)
	var log bytes.Buffer
	files, err := Open(certFile, keyFile, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	serves := func(want int64) {
		t.Helper()
		for range 3 {
			got, err := files.Get(nil)
			if err != nil || got.Leaf.SerialNumber.Int64() != want {
				t.Fatalf("serves %v, %v, want %d", got.Leaf.SerialNumber, err, want)
			}
		}
	}
	serves(1)
	write(t, certFile, second.cert, start.Add(time.Hour)) // the key is still the old one
	serves(1)
	if n := strings.Count(log.String(), "cannot be used"); n != 1 {
		t.Errorf("complained %d times: %s", n, log.String())
	}
	write(t, keyFile, second.key, start.Add(time.Hour))
	serves(2)
	if got := files.NotAfter(); !got.Equal(start.AddDate(0, 4, 0)) {
		t.Errorf("expires %s", got)
	}
	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	serves(2)
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	if _, err := Open("/nowhere/cert.pem", "/nowhere/key.pem", slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "/nowhere/cert.pem") {
		t.Errorf("%v", err)
	}
}

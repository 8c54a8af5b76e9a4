package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/internal/testenv"
)

// TestServeSpeaksTLSByItself shows a server with a certificate and no proxy.
func TestServeSpeaksTLSByItself(t *testing.T) {
	dir, port := t.TempDir(), testenv.FreePort(t)
	roots := makeCertificate(t, dir)
	file := filepath.Join(dir, "latchkey.yaml")
	text := fmt.Sprintf(`
issuer: https://localhost:%d
listen: 127.0.0.1:%d
tls: {cert_file: %q, key_file: %q}
metrics: {listen: ""}
timeouts: {drain: 0s}
database: {url: "sqlite://%s/latchkey.db"}
secrets:
  sealing_keys: [{id: k1, key: env:KEY_A}]
  hash_keys: [{id: p1, key: env:KEY_B}]
`, port, port, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), dir)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KEY_A", keyA)
	t.Setenv("KEY_B", keyB)
	var log bytes.Buffer
	if code := run(t.Context(), []string{"migrate", "up", "--config", file}, nil, &log, &log); code != 0 {
		t.Fatalf("migrate: %s", log.String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	go func() { done <- run(ctx, []string{"serve", "--config", file}, nil, &log, &log) }()
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response := eventually(t, client, fmt.Sprintf("https://localhost:%d/login", port))
	defer response.Body.Close()
	if response.TLS == nil || response.TLS.Version < tls.VersionTLS12 {
		t.Errorf("connection is %+v", response.TLS)
	}
	if hsts := response.Header.Get("Strict-Transport-Security"); !strings.Contains(hsts, "max-age=") {
		t.Errorf("Strict-Transport-Security is %q", hsts)
	}
	for _, cookie := range response.Cookies() {
		if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure || !cookie.HttpOnly {
			t.Errorf("cookie is %s", cookie)
		}
	}
	if len(response.Cookies()) == 0 {
		t.Error("the sign-in page sets no cookie")
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}}}
	if r, err := old.Get(fmt.Sprintf("https://localhost:%d/healthz", port)); err == nil {
		r.Body.Close()
		t.Error("TLS 1.1 is taken")
	}
	client.CloseIdleConnections()
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("serve ended with %d\n%s", code, log.String())
	}
}

// eventually asks until the server answers.
func eventually(t *testing.T, client *http.Client, address string) *http.Response {
	t.Helper()
	deadline := time.Now().Add(testenv.Patience)
	for {
		response, err := client.Get(address)
		if err == nil {
			return response
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// makeCertificate writes a certificate for localhost and its key, and returns who vouches for it.
func makeCertificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(made)
	return pool
}

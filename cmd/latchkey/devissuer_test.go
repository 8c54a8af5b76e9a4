package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-id/latchkey/cmd/internal/devdata"
)

// dev takes any https issuer, such as that of a tunnel; one by http beyond this machine
// is refused by the flag that was set, not by a key that nobody wrote. What dev makes
// by itself is warned of by nothing.
func TestDevTakesAnyIssuer(t *testing.T) {
	data, err := devdata.Open(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	for issuer, want := range map[string]string{
		"": "", "https://any-host.example": "", "http://localhost:8080": "", "http://any-host.example": "issuer: use https",
	} {
		f := devFlags{issuer: issuer}
		cfg, err := f.load(data, address)
		if want == "" {
			if err != nil {
				t.Errorf("--issuer %q: %v", issuer, err)
				continue
			}
			for _, w := range cfg.Warnings {
				t.Errorf("--issuer %q warns: %s", issuer, w)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "insecure_http") {
			t.Errorf("--issuer %q: %v, want %q and nothing of insecure_http", issuer, err, want)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"

	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/storage/sqlstore"
)

// outside is a client that sees the provider as others do: by its name, through whatever
// is in front. It follows nobody.
func (p *dependencies) outside() *http.Client {
	dialer := &net.Dialer{Resolver: p.resolver}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// discovered is the answer to a request for the discovery document.
type discovered struct {
	status int
	issuer string // empty where the answer is no such document
}

func (p *dependencies) discover(ctx context.Context, header http.Header) (*discovered, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.cfg.Issuer+"/.well-known/openid-configuration", nil)
	if err != nil {
		return nil, err
	}
	request.Header = header
	response, err := p.outside().Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	var document struct {
		Issuer string `json:"issuer"`
	}
	found := &discovered{status: response.StatusCode}
	if json.Unmarshal(bytes.TrimSpace(body), &document) == nil {
		found.issuer = document.Issuer
	}
	return found, nil
}

// doctorIssuer looks whether the issuer leads to this provider.
func doctorIssuer(ctx context.Context, _ *sqlstore.Store, d *dependencies) error {
	found, err := d.discover(ctx, http.Header{})
	var unverified *tls.CertificateVerificationError
	var lookup *net.DNSError
	switch {
	case errors.As(err, &unverified):
		return judgeCertificate(unverified)
	case errors.As(err, &lookup):
		return ails("give the name an address in DNS", "its name is not found: %v", lookup)
	case err != nil:
		return ails("start a node, and check the proxy and firewall in front of it", "it does not answer: %v", err)
	case found.status == http.StatusMisdirectedRequest:
		return ails("let the proxy pass the Host header on", "the proxy in front changes the Host header")
	case found.status != http.StatusOK || found.issuer == "":
		return ails("look at the proxy in front: another program answers at this address", "it answers %d, and not with a discovery document", found.status)
	case found.issuer != d.cfg.Issuer:
		return ails("let issuer be the address that browsers and applications use", "who answers there calls itself %s", found.issuer)
	}
	return nil
}

// judgeCertificate says in words why others would not take the certificate.
func judgeCertificate(unverified *tls.CertificateVerificationError) error {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	sent := unverified.UnverifiedCertificates
	switch {
	case errors.As(unverified, &invalid) && invalid.Reason == x509.Expired && len(sent) > 0:
		return ails("renew it, and look why what renews it did not; nodes take a changed cert_file by themselves",
			"others would not take its certificate: it was good from %s to %s", at(sent[0].NotBefore, ""), at(sent[0].NotAfter, ""))
	case errors.As(unverified, &host) && len(sent) > 0:
		return ails("serve a certificate that has the issuer's name among its names",
			"others would not take its certificate: it is for %s, not for %s", orNone(sent[0].DNSNames), host.Host)
	case errors.As(unverified, &authority) && len(sent) == 1 && !bytes.Equal(sent[0].RawIssuer, sent[0].RawSubject):
		return ails("serve the whole chain: the certificate, and after it in the same file those of the authorities between it and the root",
			"others would not take its certificate: it comes alone, without that of %q, which signed it", sent[0].Issuer.CommonName)
	}
	return ails("serve the certificate of an authority that browsers know, with its whole chain", "others would not take its certificate: %v", unverified.Err)
}

// nobodysHost is a host of nobody (RFC 6761): who believes it believes anybody.
const nobodysHost = "doctor.invalid"

// doctorForwarded looks whether the proxy in front lets anybody say in its place by which
// name they came (X-Forwarded-Host, Forwarded, RFC 7239).
func doctorForwarded(ctx context.Context, _ *sqlstore.Store, d *dependencies) error {
	plain, err := d.discover(ctx, http.Header{})
	if err != nil || plain.status != http.StatusOK {
		return nil // said of the issuer
	}
	for name, value := range map[string]string{
		"X-Forwarded-Host": nobodysHost, "X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1;host=" + nobodysHost + ";proto=http",
	} {
		found, err := d.discover(ctx, http.Header{http.CanonicalHeaderKey(name): {value}})
		if err != nil || found.status != plain.status || found.issuer != plain.issuer {
			return ails("let the proxy overwrite the header with what it sees itself, and not pass on what browsers send",
				"a request with %s: %s is answered differently: something in front trusts that header from anyone", name, value)
		}
	}
	return nil
}

// recentEvents is how many events tell from where requests come, and fewEvents how many
// are too few to tell.
const (
	recentEvents = 50
	fewEvents    = 5
)

// doctorAddresses looks whether requests seem to come from a trusted proxy itself: then it
// does not say for whom it asks (X-Forwarded-For), and everybody shares one rate limit.
func doctorAddresses(ctx context.Context, store *sqlstore.Store, d *dependencies) error {
	if requireMigrated(ctx, store) != nil {
		return nil
	}
	events, err := store.Events().List(ctx, storage.EventFilter{Limit: recentEvents})
	if err != nil {
		return err
	}
	var from []netip.Addr
	for i := range events {
		if addr, err := netip.ParseAddr(events[i].Address); err == nil {
			from = append(from, addr)
		}
	}
	if len(from) < fewEvents || len(slices.Compact(from)) > 1 {
		return nil
	}
	for _, p := range d.cfg.TrustedProxies {
		if p.Contains(from[0]) {
			return ails("let the proxy set X-Forwarded-For to the address that it is asked from",
				"every request seems to come from %s, which is one of trusted_proxies: limits on guessing count everybody as one", from[0])
		}
	}
	return nil
}

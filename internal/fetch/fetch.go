package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"golang.org/x/sync/singleflight"
)

// Config is what a [Client] is made of. Its zero value calls public addresses.
type Config struct {
	// Allowed are networks that may be called besides the public ones.
	Allowed []netip.Prefix
	// Loopback allows this machine, by http as well: for `latchkey dev`.
	Loopback bool
	// Timeout bounds a call as a whole, MaxBytes the body of its answer. Zero is 5 s
	// and 256 KiB.
	Timeout  time.Duration
	MaxBytes int64
	// RootCAs are who may vouch for a server; nil is those of the system.
	RootCAs *x509.CertPool
	// Resolve looks a host up, and Dial connects to an address with a port; nil is
	// the system's name service and network.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	Dial    func(ctx context.Context, address string) (net.Conn, error)
	// Now is the clock of the cache; nil is time.Now.
	Now func() time.Time
}

const (
	defaultTimeout  = 5 * time.Second
	defaultMaxBytes = 256 << 10
	maxHeaderBytes  = 32 << 10
	idleTime        = 30 * time.Second
)

// ErrTooLarge says that an answer is larger than may be read.
var ErrTooLarge = errors.New("the answer is too large")

// Answer is what a server said. It must not be changed: others may be given it too.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	// FetchedAt is when it came.
	FetchedAt time.Time
}

// Client calls addresses that others chose. Its methods may be called concurrently.
type Client struct {
	cfg    Config
	http   *http.Client
	cache  cache
	flight singleflight.Group
}

// New makes a Client.
func New(cfg Config) *Client {
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = defaultMaxBytes
	}
	if cfg.Resolve == nil {
		cfg.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if cfg.Dial == nil {
		dialer := &net.Dialer{}
		cfg.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", address)
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	c := &Client{cfg: cfg}
	c.http = &http.Client{
		Timeout:       cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:              nil, // a proxy would resolve names by itself
			DialContext:        func(ctx context.Context, _, address string) (net.Conn, error) { return c.dial(ctx, address) },
			TLSClientConfig:    &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.RootCAs},
			DisableCompression: true, ForceAttemptHTTP2: true, IdleConnTimeout: idleTime, MaxIdleConnsPerHost: 2, MaxIdleConns: 32,
			MaxResponseHeaderBytes: maxHeaderBytes, TLSHandshakeTimeout: cfg.Timeout, ResponseHeaderTimeout: cfg.Timeout,
		},
	}
	return c
}

// dial connects to one of the addresses of a host that may be called. They are
// judged as they were resolved, and dialed as they were judged.
func (c *Client) dial(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrForbidden, err)
	}
	addresses, err := c.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	err = fmt.Errorf("%w: it leads to no public address, and to none of the allowed networks", ErrForbidden)
	for _, a := range addresses {
		if !c.may(a) {
			continue
		}
		conn, dialed := c.cfg.Dial(ctx, net.JoinHostPort(a.String(), port))
		if err = dialed; err == nil {
			return conn, nil
		}
	}
	return nil, err
}

func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	found, err := c.cfg.Resolve(ctx, host)
	addresses := make([]netip.Addr, len(found))
	for i, a := range found {
		addresses[i] = a.Unmap() // resolvers write addresses of IPv4 in either form
	}
	return addresses, err
}

// Post sends a body and returns the answer, whatever its status.
func (c *Client) Post(ctx context.Context, address, contentType string, body []byte) (*Answer, error) {
	return c.do(ctx, http.MethodPost, address, http.Header{"Content-Type": {contentType}}, bytes.NewReader(body))
}

// PostWith is [Client.Post] with headers of the caller's, the content type among them.
func (c *Client) PostWith(ctx context.Context, address string, header http.Header, body []byte) (*Answer, error) {
	return c.do(ctx, http.MethodPost, address, header.Clone(), bytes.NewReader(body))
}

// do makes one call.
func (c *Client) do(ctx context.Context, method, address string, header http.Header, body io.Reader) (*Answer, error) {
	u, err := c.check(address)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be read", ErrForbidden)
	}
	r.Header = header
	r.Header.Set("User-Agent", "Latchkey")
	response, err := c.http.Do(r)
	if err != nil {
		return nil, withoutAddress(err)
	}
	defer response.Body.Close()
	if response.ContentLength > c.cfg.MaxBytes {
		return nil, ErrTooLarge
	}
	read, err := io.ReadAll(io.LimitReader(response.Body, c.cfg.MaxBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read answer: %w", err)
	case int64(len(read)) > c.cfg.MaxBytes:
		return nil, ErrTooLarge
	}
	return &Answer{Status: response.StatusCode, Header: response.Header, Body: read, FetchedAt: c.cfg.Now()}, nil
}

// withoutAddress is the cause of a failed call without the address, which may hold a
// secret of its query.
func withoutAddress(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}

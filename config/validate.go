package config

import (
	"net"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

// validate reports everything that is insecure, missing or contradictory
// (requirements CF1, CF2).
func (l *loader) validate(c *Config) {
	l.validateIssuer(c)
	l.validateListeners(c)
	l.validateMutualTLS(c)
	l.validateTrusted(c)
	l.validateStores(c)
	l.validateSecrets(c)
	l.validateDelivery(c)
	l.validateBranding(c.Branding)
	l.validateSignUp(c)
	l.validateAccount(c.Account)
	l.validatePassword(c.Password)
	l.validateMFA(c)
	l.validateLifetimes(c)
	l.validateMemory(c)
	l.validateSigningKeys(c)
	l.validateAudit(c.Audit)
	l.validateEvents(&c.Events)
	l.validateLimits(c.Limits)
	l.validateAdmin(c)
	l.validateSCIM(c)
	l.validateAttributes(c)
	l.validateCatalog(c)
	l.validateClients(c)
	l.validateRegistration(c)
	l.validateClientDocuments(c)
	l.validateExpectations(c)
}

func (l *loader) validateIssuer(c *Config) {
	if c.Issuer == "" {
		l.add("issuer", "required: the address of this provider, such as https://id.example.com")
		return
	}
	u, err := client.ParseAddress(c.Issuer)
	if err == nil {
		err = client.CheckAuthority(u)
	}
	if err != nil {
		l.add("issuer", "%v", err)
		return
	}
	l.validateIssuerPath(c.Issuer, u)
	switch {
	case u.Scheme == "https" && c.InsecureHTTP:
		l.warn("insecure_http", "it has no effect with an https issuer; remove it")
	case u.Scheme == "https":
	case u.Scheme != "http":
		l.add("issuer", "use https")
	case !client.IsLoopback(u.Hostname()):
		l.add("issuer", "use https; http is only for a loopback host such as 127.0.0.1")
	case !l.Dev && !c.InsecureHTTP:
		l.add("issuer", "use https; to try things out on this machine set insecure_http: true")
	}
	if c.InsecureHTTP && !client.IsLoopback(u.Hostname()) {
		l.add("insecure_http", "it is only for an issuer on a loopback host such as 127.0.0.1; remove it")
	}
}

// issuerPath is what the path of an issuer may be: it is part of cookies' names, and
// proxies compare it byte by byte.
var issuerPath = regexp.MustCompile(`^(/[A-Za-z0-9_-]+)*$`)

func (l *loader) validateIssuerPath(issuer string, u *url.URL) {
	if !issuerPath.MatchString(u.Path) {
		l.add("issuer", "its path may hold letters, digits, - and _ between single slashes, and must not end with one; write such as %s/auth, or %s", client.OriginOf(u), client.OriginOf(u))
		return
	}
	if bare := client.OriginOf(u) + u.Path; issuer != bare {
		l.add("issuer", "it must have no query, trailing slash or default port; write %s", bare)
	}
}

func (l *loader) validateListeners(c *Config) {
	l.checkListen("listen", c.Listen)
	if c.Metrics.Listen != "" {
		l.checkListen("metrics.listen", c.Metrics.Listen)
	}
	if c.Listen == c.Metrics.Listen {
		l.add("metrics.listen", "it must not be the public address; use another port")
	}
	switch {
	case c.TLS.CertFile != "" && c.TLS.KeyFile == "":
		l.add("tls.key_file", "required together with tls.cert_file")
	case c.TLS.CertFile == "" && c.TLS.KeyFile != "":
		l.add("tls.cert_file", "required together with tls.key_file")
	case c.TLS.Enabled() && strings.HasPrefix(c.Issuer, "http:"):
		l.add("issuer", "use https: tls has a certificate")
	case !l.Dev && !c.TLS.Enabled() && strings.HasPrefix(c.Issuer, "https:") && len(c.TrustedProxies) == 0:
		l.add("tls", "an https issuer needs tls.cert_file and tls.key_file, or the proxy that serves https in trusted_proxies")
	}
	if c.TLS.KeyFile != "" {
		l.warnOfReaders("tls.key_file", c.TLS.KeyFile)
	}
	for i, p := range c.TrustedProxies {
		if p.IsValid() && p.Bits() == 0 {
			l.add(indexPath("trusted_proxies", i), "%s would let anyone claim any address; name the proxy's network", p)
		}
	}
	for i, h := range c.AllowedHosts {
		if u, err := url.Parse("https://" + h); err != nil || u.Host != h || h == "" || strings.Contains(h, "*") {
			l.add(indexPath("allowed_hosts", i), "%q is not a host; write it like id.example.net or id.example.net:8443", h)
		}
	}
}

func (l *loader) checkListen(path, address string) {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		l.add(path, "%q is not an address to listen on; write host:port or :port", address)
	}
}

func (l *loader) validateStores(c *Config) {
	l.validateDatabase(c.Database)
	if c.Database.MaxConns < 1 || c.Database.MaxConns > 1000 {
		l.add("database.max_conns", "use 1 to 1000")
	}
	l.checkURL("redis.url", c.Redis.URL, redisParameters, "redis://", "rediss://")
}

// validateBreachLookup keeps ranges of hashes off networks that anybody reads.
func (l *loader) validateBreachLookup(address string) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !client.IsLoopback(u.Hostname())) {
		l.add("password.breach_lookup_url", "use an https address such as https://api.pwnedpasswords.com/range/, or leave it out")
	}
}

func (l *loader) validatePassword(p Password) {
	l.validatePasswordLength(p)
	// The floor is OWASP's for Argon2id; the ceilings keep a slip of the
	// keyboard from stopping every sign-in.
	if p.Argon2.MemoryKiB < 19456 || p.Argon2.MemoryKiB > 4<<20 {
		l.add("password.argon2.memory_kib", "use 19456 (19 MiB) to 4194304 (4 GiB)")
	}
	if p.Argon2.Time < 2 || p.Argon2.Time > 100 {
		l.add("password.argon2.time", "use 2 to 100")
	}
	if p.Argon2.Parallelism < 1 || p.Argon2.Parallelism > 64 {
		l.add("password.argon2.parallelism", "use 1 to 64")
	}
	if p.MaxConcurrent < 0 || p.MaxConcurrent > 1024 {
		l.add("password.max_concurrent", "use 1 to 1024, or 0 for one per CPU")
	}
	l.within("password.queue_timeout", p.QueueTimeout, time.Millisecond, time.Minute)
	l.validateBreachLookup(p.BreachLookupURL)
}

package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/client"
)

// errUnescaped: which of them it was, and where, would tell of the password.
var errUnescaped = errors.New("percent-encode the special characters of the password: # is %23, / is %2F, ? is %3F, @ is %40, % is %25")

// parseSecretURL parses a URL that may hold a password. Its errors never quote
// any of it: what was pasted there may be a password. An unescaped #, /, ? or @
// in the password would end the host early, so that a part of the password is
// looked up as a host and logged, and the connection goes elsewhere.
func parseSecretURL(text string) (*url.URL, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return nil, errors.New("it is not a URL")
	}
	authority, tail := rest, ""
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority, tail = rest[:end], rest[end:]
	}
	inTail := "@#"
	if scheme == "sqlite" {
		inTail = "#" // it has no password, and folders may have an @
	}
	if strings.Count(authority, "@") > 1 || strings.ContainsAny(tail, inTail) {
		return nil, errUnescaped
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errUnescaped
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil {
		return nil, errUnescaped
	}
	return u, nil
}

// checkQuery refuses parameters that nothing reads: most are typos.
func checkQuery(u *url.URL, known []string) error {
	for key := range u.Query() {
		if slices.Contains(known, key) {
			continue
		}
		if meant := nearest(key, known); meant != "" {
			return fmt.Errorf("it has an unknown parameter; did you mean %s?", meant)
		}
		if len(known) == 0 {
			return errors.New("it takes no parameters; remove what is after the ?")
		}
		return fmt.Errorf("it has an unknown parameter; known parameters are %s", strings.Join(known, ", "))
	}
	return nil
}

// postgresParameters are what may follow the ? of a PostgreSQL URL: those of
// the driver, and settings of the session that are of use.
var postgresParameters = []string{
	"application_name", "channel_binding", "connect_timeout", "dbname", "gssencmode", "host", "idle_in_transaction_session_timeout",
	"krbspn", "krbsrvname", "lock_timeout", "options", "passfile", "password", "port", "search_path", "service", "servicefile",
	"sslcert", "sslkey", "sslmode", "sslnegotiation", "sslpassword", "sslrootcert", "sslsni", "statement_timeout",
	"target_session_attrs", "timezone", "user",
}

// redisParameters are what may follow the ? of a Redis URL.
var redisParameters = []string{
	"addr", "client_cache", "client_name", "db", "dial_timeout", "master_set", "max_retries", "protocol", "skip_verify", "write_timeout",
}

func (l *loader) validateDatabase(d Database) {
	const path = "database.url"
	if d.URL.IsZero() {
		l.add(path, "required: postgres://user:password@host/name or sqlite:///absolute/path")
		return
	}
	u, err := parseSecretURL(d.URL.Reveal())
	if err != nil {
		l.add(path, "%v", err)
		return
	}
	switch u.Scheme {
	case "sqlite":
		if u.Host != "" || u.Path == "" || u.Path == "/" {
			l.add(path, "write three slashes and an absolute path: sqlite:///var/lib/latchkey/latchkey.db")
			return
		}
		err = checkQuery(u, nil)
	case "postgres", "postgresql":
		if named := u.Query().Has("dbname") || u.Query().Has("service"); !named && (u.Path == "" || u.Path == "/") {
			l.add(path, "it names no database: postgres://user:password@host/name")
			return
		}
		err = checkQuery(u, postgresParameters)
		if err == nil && !staysHere(u) && !u.Query().Has("sslmode") && !u.Query().Has("service") {
			l.warn(path, "it has no sslmode, so that the connection is in clear where the server does not offer TLS, and nobody checks the server's certificate; "+
				"add ?sslmode=verify-full, or sslmode=disable for a network that is only yours")
		}
	default:
		l.add(path, "it must begin with postgres:// or sqlite:///")
		return
	}
	if err != nil {
		l.add(path, "%v", err)
	}
}

// staysHere reports whether every host of a PostgreSQL URL is this machine.
func staysHere(u *url.URL) bool {
	hosts := strings.Split(u.Host, ",")
	if named := u.Query().Get("host"); named != "" {
		hosts = strings.Split(named, ",")
	}
	return !slices.ContainsFunc(hosts, func(host string) bool {
		bare := (&url.URL{Host: host}).Hostname()
		return host != "" && !strings.HasPrefix(host, "/") && !client.IsLoopback(bare)
	})
}

// checkURL checks a URL that may be absent. What it says never quotes it, not
// even its scheme: what was pasted there may be a password.
func (l *loader) checkURL(path string, secret Secret, parameters []string, schemes ...string) {
	if secret.IsZero() {
		return
	}
	u, err := parseSecretURL(secret.Reveal())
	switch {
	case err != nil:
		l.add(path, "%v", err)
		return
	case !slices.Contains(schemes, u.Scheme+"://"):
		l.add(path, "it must begin with %s", client.OrList(schemes))
		return
	case u.Hostname() == "":
		l.add(path, "it names no host")
		return
	}
	if parameters != nil {
		if err := checkQuery(u, parameters); err != nil {
			l.add(path, "%v", err)
		}
	}
}

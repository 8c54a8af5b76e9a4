package config

import (
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

const day = 24 * time.Hour

// within reports a duration outside of its bounds.
func (l *loader) within(path string, d, least, most time.Duration) {
	if message := client.OutOfBounds(d, least, most); message != "" {
		l.add(path, "%s", message)
	}
}

func (l *loader) validateLifetimes(c *Config) {
	const most = 10 * 366 * day
	l.within("sessions.idle", c.Sessions.Idle, time.Minute, most)
	l.within("sessions.absolute", c.Sessions.Absolute, time.Minute, most)
	l.within("sessions.remember_idle", c.Sessions.RememberIdle, time.Minute, most)
	l.within("sessions.remember_absolute", c.Sessions.RememberAbsolute, time.Minute, most)
	if c.Sessions.RememberIdle > c.Sessions.RememberAbsolute {
		l.add("sessions.remember_idle", "it is longer than sessions.remember_absolute (%s), which then always ends a session first; shorten it", client.FormatDuration(c.Sessions.RememberAbsolute))
	}
	if c.Sessions.Idle > c.Sessions.Absolute {
		l.add("sessions.idle", "it is longer than sessions.absolute (%s), which then always ends a session first; shorten it", client.FormatDuration(c.Sessions.Absolute))
	}
	t := c.Tokens
	l.within("tokens.pushed_request_lifetime", t.PushedLifetime, 5*time.Second, 10*time.Minute)
	l.within("tokens.code_lifetime", t.CodeLifetime, time.Second, time.Minute)
	for _, p := range t.lifetimes().Check() {
		l.add(joinPath("tokens", p.Field), "%s", p.Message)
	}

	o := c.Timeouts
	l.within("timeouts.read_header", o.ReadHeader, time.Millisecond, time.Minute)
	l.within("timeouts.read", o.Read, time.Millisecond, 10*time.Minute)
	l.within("timeouts.write", o.Write, time.Millisecond, 10*time.Minute)
	l.within("timeouts.idle", o.Idle, time.Millisecond, time.Hour)
	l.within("timeouts.request", o.Request, 100*time.Millisecond, time.Minute)
	l.within("timeouts.start", o.Start, 0, time.Hour)
	l.within("timeouts.drain", o.Drain, 0, 10*time.Minute)
	l.within("timeouts.shutdown", o.Shutdown, time.Millisecond, time.Hour)
	l.within("prune_after", c.PruneAfter, 0, most)
	l.within("database.max_clock_offset", c.Database.MaxClockOffset, time.Second, time.Hour)
	l.validateDatabaseTimeouts(c)
	if o.Write <= o.Request {
		l.add("timeouts.write", "it is not longer than timeouts.request (%s), so that nobody would get the 503; lengthen it", client.FormatDuration(o.Request))
	}
	if o.ReadHeader > o.Read {
		l.add("timeouts.read_header", "it is longer than timeouts.read (%s), of which it is a part; shorten it", client.FormatDuration(o.Read))
	}
}

// validateDatabaseTimeouts keeps each deadline behind the one that it backs up: a
// server that ends a statement before we give it up makes errors of what is only slow.
func (l *loader) validateDatabaseTimeouts(c *Config) {
	d := c.Database
	l.within("database.max_conn_lifetime", d.MaxConnLifetime, time.Second, 7*day)
	if l.within("database.timeout", d.Timeout, 100*time.Millisecond, time.Minute); d.Timeout < 100*time.Millisecond {
		return // so are those that follow from it
	}
	l.within("database.statement_timeout", d.StatementTimeout, 100*time.Millisecond, time.Hour)
	l.within("database.lock_timeout", d.LockTimeout, 100*time.Millisecond, time.Hour)
	l.within("database.idle_in_transaction_timeout", d.IdleInTransactionTimeout, 100*time.Millisecond, time.Hour)
	if d.Timeout > 3*c.Timeouts.Request {
		l.add("database.timeout", "it is longer than a request may take (three times timeouts.request, %s), which then always ends first; shorten it", client.FormatDuration(3*c.Timeouts.Request))
	}
	if d.StatementTimeout < d.Timeout {
		l.add("database.statement_timeout", "it is shorter than database.timeout (%s); lengthen it", client.FormatDuration(d.Timeout))
	}
	if d.LockTimeout > d.StatementTimeout {
		l.add("database.lock_timeout", "it is longer than database.statement_timeout (%s), which then always ends first; shorten it", client.FormatDuration(d.StatementTimeout))
	}
	if d.IdleInTransactionTimeout < d.Timeout {
		l.add("database.idle_in_transaction_timeout", "it is shorter than database.timeout (%s): a transaction may wait so long for us; lengthen it", client.FormatDuration(d.Timeout))
	}
}

func (l *loader) validateMemory(c *Config) {
	if c.MemoryLimit == "auto" || c.MemoryLimit == "off" {
		return
	}
	if _, err := ParseSize(c.MemoryLimit); err != nil {
		l.add("memory_limit", "%v", err)
	}
}

func (l *loader) validateSigningKeys(c *Config) {
	k := c.SigningKeys
	if len(k.Algs) == 0 {
		l.add("signing_keys.algs", "name at least one algorithm: %s", client.OrList(client.SigningAlgs()))
	}
	l.noRepeats("signing_keys.algs", k.Algs)
	l.noRepeats("signing_keys.encryption_algs", k.EncryptionAlgs)
	l.within("signing_keys.poll", k.Poll, time.Second, time.Hour)
	l.within("signing_keys.sign_for", k.SignFor, time.Hour, 10*366*day)
	l.within("signing_keys.publish_ahead", k.PublishAhead, 2*k.Poll, 366*day)
	if k.PublishAhead >= k.SignFor {
		l.add("signing_keys.publish_ahead", "it must be shorter than signing_keys.sign_for (%s)", client.FormatDuration(k.SignFor))
	}
	longest := max(c.Tokens.AccessTokenLifetime, c.Tokens.IDTokenLifetime)
	for i := range c.Clients {
		m := c.Clients[i].completed(c.Tokens)
		longest = max(longest, m.AccessTokenLifetime.Duration(), m.IDTokenLifetime.Duration())
	}
	for _, r := range c.Resources {
		if r.AccessToken.Lifetime != nil {
			longest = max(longest, *r.AccessToken.Lifetime)
		}
	}
	if k.KeepAfter < longest {
		l.add("signing_keys.keep_after", "%s is shorter than the longest token lives (%s), which then could not be verified; lengthen it", client.FormatDuration(k.KeepAfter), client.FormatDuration(longest))
	}
}

// wraps are the algorithms of a JWE that keys of the ring can be encrypted to with.
func (k *SigningKeys) wraps() []string {
	var algs []string
	for _, alg := range client.EncryptionAlgs() {
		if slices.ContainsFunc(k.EncryptionAlgs, func(of string) bool { return strings.HasPrefix(alg, of) }) {
			algs = append(algs, alg)
		}
	}
	return algs
}

// noRepeats reports values that a list holds twice.
func (l *loader) noRepeats(path string, values []string) {
	seen := map[string]bool{}
	for i, v := range values {
		if seen[v] && v != "" {
			l.add(indexPath(path, i), "%q is listed twice; remove one", v)
		}
		seen[v] = true
	}
}

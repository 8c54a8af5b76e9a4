package config

import (
	"fmt"
	"strings"
	"time"
)

const day = 24 * time.Hour

// within reports a duration outside of its bounds.
func (l *loader) within(path string, d, least, most time.Duration) {
	switch {
	case d < least:
		l.add(path, "%s is too short; use at least %s", spell(d), spell(least))
	case d > most:
		l.add(path, "%s is too long; use at most %s", spell(d), spell(most))
	}
}

func (l *loader) validateLifetimes(c *Config) {
	const most = 10 * 366 * day
	l.within("sessions.idle", c.Sessions.Idle, time.Minute, most)
	l.within("sessions.absolute", c.Sessions.Absolute, time.Minute, most)
	if c.Sessions.Idle > c.Sessions.Absolute {
		l.add("sessions.idle", "it is longer than sessions.absolute (%s), which then always ends a session first; shorten it", spell(c.Sessions.Absolute))
	}
	t := c.Tokens
	l.within("tokens.code_lifetime", t.CodeLifetime, time.Second, time.Minute)
	l.checkTokens("tokens", t)

	o := c.Timeouts
	l.within("timeouts.read_header", o.ReadHeader, time.Millisecond, time.Minute)
	l.within("timeouts.read", o.Read, time.Millisecond, 10*time.Minute)
	l.within("timeouts.write", o.Write, time.Millisecond, 10*time.Minute)
	l.within("timeouts.idle", o.Idle, time.Millisecond, time.Hour)
	l.within("timeouts.shutdown", o.Shutdown, time.Millisecond, time.Hour)
	if o.ReadHeader > o.Read {
		l.add("timeouts.read_header", "it is longer than timeouts.read (%s), of which it is a part; shorten it", spell(o.Read))
	}
}

// checkTokens checks the lifetimes that tokens and each client have.
func (l *loader) checkTokens(path string, t Tokens) {
	const most = 10 * 366 * day
	l.within(joinPath(path, "access_token_lifetime"), t.AccessTokenLifetime, time.Second, day)
	l.within(joinPath(path, "id_token_lifetime"), t.IDTokenLifetime, time.Second, day)
	l.within(joinPath(path, "refresh_lifetime"), t.RefreshLifetime, time.Second, most)
	l.within(joinPath(path, "refresh_idle_lifetime"), t.RefreshIdleLifetime, time.Second, most)
	l.within(joinPath(path, "refresh_grace"), t.RefreshGrace, 0, 5*time.Minute)
	if t.RefreshIdleLifetime > t.RefreshLifetime {
		l.add(joinPath(path, "refresh_idle_lifetime"), "it is longer than refresh_lifetime (%s), which then always ends a grant first; shorten it", spell(t.RefreshLifetime))
	}
}

func (l *loader) validateSigningKeys(c *Config) {
	k := c.SigningKeys
	if len(k.Algs) == 0 {
		l.add("signing_keys.algs", "name at least one algorithm: RS256, ES256 or EdDSA")
	}
	l.noRepeats("signing_keys.algs", k.Algs)
	l.within("signing_keys.poll", k.Poll, time.Second, time.Hour)
	l.within("signing_keys.sign_for", k.SignFor, time.Hour, 10*366*day)
	l.within("signing_keys.publish_ahead", k.PublishAhead, 2*k.Poll, 366*day)
	if k.PublishAhead >= k.SignFor {
		l.add("signing_keys.publish_ahead", "it must be shorter than signing_keys.sign_for (%s)", spell(k.SignFor))
	}
	longest := max(c.Tokens.AccessTokenLifetime, c.Tokens.IDTokenLifetime)
	for _, client := range c.Clients {
		longest = max(longest, *client.AccessTokenLifetime, *client.IDTokenLifetime)
	}
	if k.KeepAfter < longest {
		l.add("signing_keys.keep_after", "%s is shorter than the longest token lives (%s), which then could not be verified; lengthen it", spell(k.KeepAfter), spell(longest))
	}
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

// spell writes a duration as the configuration would.
func spell(d time.Duration) string {
	if d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

package client

import (
	"fmt"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Lifetimes are how long what a client is issued lives: what its metadata says,
// and the provider's own where that says nothing.
type Lifetimes struct {
	AccessToken time.Duration
	IDToken     time.Duration
	// RefreshIdle ends a grant that was not refreshed for so long.
	RefreshIdle time.Duration
	// Refresh ends a grant however often it is refreshed.
	Refresh time.Duration
	// RefreshGrace is how long the immediately previous refresh token still
	// gets the same successor; zero switches the grace off.
	RefreshGrace time.Duration
}

// lifetimes are those of completed metadata.
func (m *Metadata) lifetimes() Lifetimes {
	return Lifetimes{
		AccessToken:  valueOf(m.AccessTokenLifetime),
		IDToken:      valueOf(m.IDTokenLifetime),
		RefreshIdle:  valueOf(m.RefreshIdleLifetime),
		Refresh:      valueOf(m.RefreshLifetime),
		RefreshGrace: valueOf(m.RefreshGrace),
	}
}

func valueOf(s *Seconds) time.Duration {
	if s == nil {
		return 0
	}
	return s.Duration()
}

// Check returns what is wrong with the lifetimes of one client, or of all
// clients that have none of their own.
func (l Lifetimes) Check() []Problem {
	const most = 10 * 366 * day
	var problems []Problem
	for _, c := range []struct {
		field          string
		d, least, most time.Duration
	}{
		{"access_token_lifetime", l.AccessToken, time.Second, day},
		{"id_token_lifetime", l.IDToken, time.Second, day},
		{"refresh_lifetime", l.Refresh, time.Second, most},
		{"refresh_idle_lifetime", l.RefreshIdle, time.Second, most},
		{"refresh_grace", l.RefreshGrace, 0, 5 * time.Minute},
	} {
		if message := OutOfBounds(c.d, c.least, c.most); message != "" {
			problems = append(problems, Problem{c.field, message})
		}
	}
	if l.RefreshIdle > l.Refresh {
		problems = append(problems, Problem{"refresh_idle_lifetime", fmt.Sprintf(
			"it is longer than refresh_lifetime (%s), which then always ends a grant first; shorten it", FormatDuration(l.Refresh))})
	}
	return problems
}

// OutOfBounds says what is wrong with a duration that is not within its bounds;
// empty where it is.
func OutOfBounds(d, least, most time.Duration) string {
	switch {
	case d < least:
		return fmt.Sprintf("%s is too short; use at least %s", FormatDuration(d), FormatDuration(least))
	case d > most:
		return fmt.Sprintf("%s is too long; use at most %s", FormatDuration(d), FormatDuration(most))
	}
	return ""
}

// FormatDuration writes a duration as a configuration would: 30d, 8h, 90s.
func FormatDuration(d time.Duration) string {
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

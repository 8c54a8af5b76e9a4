package ui

import (
	"time"

	"github.com/latchkey-id/latchkey/internal/locale"
)

// Moment is a time as a page shows it: to people in their language and time zone, and to
// scripts, which know the browser's, as a stamp.
type Moment struct{ Stamp, Text string }

// In has the page show times in the time zone of a person, by its name in the IANA
// database; one that is empty or unknown is UTC.
func (p *Page) In(zone string) { p.zone = locale.Zone(zone) }

// Time shows a time of day on its day.
func (p Page) Time(at time.Time) Moment { return Moment{stamp(at), p.texts.DateTime(p.there(at))} }

// Date shows a day.
func (p Page) Date(at time.Time) Moment { return Moment{stamp(at), p.texts.Date(p.there(at))} }

func (p Page) there(at time.Time) time.Time {
	if p.zone == nil {
		return at.UTC()
	}
	return at.In(p.zone)
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

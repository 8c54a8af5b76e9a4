package locale

import (
	"math"
	"time"
)

// Duration says how long something takes or lasts, roughly, as in "3 minutes".
// What is left over counts: nobody is told to wait too little.
func (t *Texts) Duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 90*time.Second:
		return t.Get("duration.seconds", Count, int(math.Ceil(d.Seconds())))
	case d <= 90*time.Minute:
		return t.Get("duration.minutes", Count, int(math.Ceil(d.Minutes())))
	case d < 2*day:
		return t.Get("duration.hours", Count, int(math.Ceil(d.Hours())))
	}
	return t.Get("duration.days", Count, int(math.Ceil(d.Hours()/day.Hours())))
}

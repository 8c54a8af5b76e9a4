package config

import (
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/client"
)

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "10m": 10 * time.Minute, "30d": 30 * day, "1d12h": 36 * time.Hour, "0": 0, "0s": 0, "1h30m": 90 * time.Minute,
	} {
		got, err := parseDuration(text)
		if err != nil || got != want {
			t.Errorf("parseDuration(%q) = %v, %v", text, got, err)
		}
		if again, err := parseDuration(client.FormatDuration(got)); err != nil || again != got {
			t.Errorf("client.FormatDuration(%v) = %q, which reads as %v, %v", got, client.FormatDuration(got), again, err)
		}
	}
	for _, text := range []string{"", "10", "d", "1.5d", "1d2d", "10 m", "999999d", "ten"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("parseDuration(%q) = %v", text, got)
		}
	}
	for d, want := range map[time.Duration]string{day: "1d", 25 * time.Hour: "25h", 90 * time.Second: "1m30s", time.Minute: "1m", 10 * time.Hour: "10h", 2*time.Hour + 5*time.Minute: "2h5m", 0: "0s"} {
		if got := client.FormatDuration(d); got != want {
			t.Errorf("client.FormatDuration(%v) = %q, want %q", d, got, want)
		}
	}
}

package config

import "testing"

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"512MiB": 512 << 20, " 2 GiB ": 2 << 30, "65536KiB": 64 << 20, "1073741824": 1 << 30,
		"": 0, "512": 0, "1MiB": 0, "512MB": 0, "-1GiB": 0, "many": 0, "9223372036854775807GiB": 0,
	} {
		got, err := ParseSize(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %d, %v, want %d", text, got, err, want)
		}
	}
}

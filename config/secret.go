package config

import "log/slog"

// redacted is all that a Secret ever shows of itself.
const redacted = "[redacted]"

// Secret is a value that prints nothing: not through fmt, log/slog, JSON or
// YAML. It is kept behind a pointer, so that even a formatter that skips the
// methods of an unexported field finds an address and not the value.
type Secret struct {
	text *string
	// reference is where the value is from ("file:…", "env:…"), empty for plain text.
	reference string
}

// NewSecret makes a Secret of plain text, for [LoadOptions.Defaults] and
// [LoadOptions.Overrides].
func NewSecret(text string) Secret { return Secret{text: &text} }

// Reveal returns the value.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String implements fmt.Stringer.
func (Secret) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return redacted }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which JSON and YAML heed.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

package sqlstore

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// sqlTime is a time as a row keeps it: microseconds since 1970, NULL for the
// zero time. Both dialects compare integers alike, which cannot be said of
// their texts of a time, and an index on one is small.
type sqlTime struct{ time.Time }

// Value implements driver.Valuer.
func (i sqlTime) Value() (driver.Value, error) {
	if i.IsZero() {
		return nil, nil
	}
	return i.UnixMicro(), nil
}

// Scan implements sql.Scanner.
func (i *sqlTime) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		i.Time = time.Time{}
	case int64:
		i.Time = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("a time is kept as a %T", src)
	}
	return nil
}

// clockArg is a time that is read when the statement is run; nil is NULL.
type clockArg func() time.Time

// Value implements driver.Valuer.
func (c clockArg) Value() (driver.Value, error) {
	if c == nil {
		return nil, nil
	}
	return sqlTime{c()}.Value()
}

// spaceList is a list of words without spaces (scopes, methods), kept as one text.
type spaceList []string

// Value implements driver.Valuer.
func (w spaceList) Value() (driver.Value, error) { return strings.Join(w, " "), nil }

// Scan implements sql.Scanner.
func (w *spaceList) Scan(src any) error {
	text, err := asText(src)
	*w = strings.Fields(text)
	return err
}

// lineList is a list of lines, kept as one text.
type lineList []string

// Scan implements sql.Scanner.
func (l *lineList) Scan(src any) error {
	text, err := asText(src)
	*l = nil
	if text != "" {
		*l = strings.Split(text, "\n")
	}
	return err
}

// document is a value kept as JSON text; a zero value may be kept as "".
type document[T any] struct{ Is T }

// Value implements driver.Valuer.
func (d document[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(d.Is)
	if err != nil {
		return nil, fmt.Errorf("encode a document: %w", err)
	}
	return string(b), nil
}

// Scan implements sql.Scanner.
func (d *document[T]) Scan(src any) error {
	text, err := asText(src)
	if err != nil || text == "" || text == "{}" || text == "null" {
		return err
	}
	if err := json.Unmarshal([]byte(text), &d.Is); err != nil {
		return fmt.Errorf("decode a document: %w", err)
	}
	return nil
}

// nullString is a text that is NULL when empty: where a value is unique, but not
// everyone has one.
type nullString string

// Value implements driver.Valuer.
func (n nullString) Value() (driver.Value, error) {
	if n == "" {
		return nil, nil
	}
	return string(n), nil
}

// Scan implements sql.Scanner.
func (n *nullString) Scan(src any) error {
	text, err := asText(src)
	*n = nullString(text)
	return err
}

func asText(src any) (string, error) {
	switch v := src.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", fmt.Errorf("a text is kept as a %T", src)
}

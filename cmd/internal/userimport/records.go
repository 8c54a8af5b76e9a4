package userimport

import (
	"bufio"
	"bytes"
	"encoding/base32"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
)

// record is a line of JSON, and the columns of a CSV file. It is documented in
// docs/import.md: change both.
type record struct {
	storage.Profile                   // the claims of OpenID Connect by their names, address as an object
	ID              string            `json:"id"`
	Email           string            `json:"email"`
	EmailVerified   bool              `json:"email_verified"`
	Username        string            `json:"username"`
	Phone           string            `json:"phone"`
	PhoneVerified   bool              `json:"phone_verified"`
	PasswordHash    string            `json:"password_hash"`
	Roles           []string          `json:"roles"`
	Groups          []string          `json:"groups"`
	Attributes      map[string]any    `json:"attributes"` // judged by who knows the schema
	Disabled        bool              `json:"disabled"`
	CreatedAt       string            `json:"created_at"`
	texts           map[string]string // attributes of a CSV file
	TOTPSecret      string            `json:"totp_secret"`
}

// columns are the columns of a CSV file, besides the claims of a profile.
var columns = map[string]func(*record, string) error{
	"id":             text(func(r *record) *string { return &r.ID }),
	"email":          text(func(r *record) *string { return &r.Email }),
	"email_verified": truth(func(r *record) *bool { return &r.EmailVerified }),
	"username":       text(func(r *record) *string { return &r.Username }),
	"phone":          text(func(r *record) *string { return &r.Phone }),
	"phone_verified": truth(func(r *record) *bool { return &r.PhoneVerified }),
	"password_hash":  text(func(r *record) *string { return &r.PasswordHash }),
	"roles":          func(r *record, v string) error { r.Roles = strings.Fields(v); return nil },
	"groups":         func(r *record, v string) error { r.Groups = commaSeparated(v); return nil },
	"disabled":       truth(func(r *record) *bool { return &r.Disabled }),
	"created_at":     text(func(r *record) *string { return &r.CreatedAt }),
	"totp_secret":    text(func(r *record) *string { return &r.TOTPSecret }),
}

// column is how the value of a column is read; nil where there is no such column.
func column(name string) func(*record, string) error {
	if slices.Contains(account.ClaimNames(), name) {
		return func(r *record, v string) error { account.SetClaim(&r.Profile, name, v); return nil }
	}
	if attribute, ok := strings.CutPrefix(name, attributeColumn); ok && attribute != "" {
		return func(r *record, v string) error { r.setText(attribute, v); return nil }
	}
	return columns[name]
}

// attributeColumn begins the name of a column that is a custom attribute.
const attributeColumn = "attribute."

// setText keeps an attribute as it was typed: of which type it is knows the schema.
func (r *record) setText(attribute, typed string) {
	if r.texts == nil {
		r.texts = map[string]string{}
	}
	r.texts[attribute] = typed
}

// commaSeparated returns what stands between commas.
func commaSeparated(v string) []string {
	if v == "" {
		return nil
	}
	list := strings.Split(v, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

func text(field func(*record) *string) func(*record, string) error {
	return func(r *record, v string) error { *field(r) = v; return nil }
}

func truth(field func(*record) *bool) func(*record, string) error {
	return func(r *record, v string) error {
		if v != "" && v != "true" && v != "false" {
			return fmt.Errorf("%q is neither true nor false", v)
		}
		*field(r) = v == "true"
		return nil
	}
}

// readCSV reads a file whose first line names its columns.
func (s *scan) readCSV(file io.Reader) error {
	lines := csv.NewReader(file)
	lines.ReuseRecord = true
	header, err := lines.Read()
	header = slices.Clone(header)
	if err != nil {
		return fmt.Errorf("read the first line, which names the columns: %w", err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff") // spreadsheets begin with it
	for i, name := range header {
		if column(name) == nil {
			return fmt.Errorf("column %q is unknown; known are %s", name, strings.Join(columnNames(), ", "))
		}
		if slices.Contains(header[:i], name) {
			return fmt.Errorf("column %q is there twice", name)
		}
	}
	for {
		values, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			s.problem(fmt.Sprintf("line %d", bad.Line), "%v", bad.Err)
			continue
		}
		if err != nil {
			return fmt.Errorf("read CSV: %w", err)
		}
		line, _ := lines.FieldPos(0)
		if err := s.addRow(fmt.Sprintf("line %d", line), header, values); err != nil {
			return err
		}
	}
}

func columnNames() []string {
	names := account.ClaimNames()
	for name := range columns {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *scan) addRow(where string, header, values []string) error {
	var rec record
	for i, v := range values {
		if err := column(header[i])(&rec, strings.TrimSpace(v)); err != nil {
			s.problem(where, "%s: %v", header[i], err)
		}
	}
	return s.addRecord(where, &rec)
}

// maxLine bounds a line of JSON.
const maxLine = 1 << 20

// readJSONL reads one JSON object a line.
func (s *scan) readJSONL(file io.Reader) error {
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		where := fmt.Sprintf("line %d", n)
		var rec record
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&rec); err != nil {
			s.problem(where, "%v", plainJSONError(err))
			continue
		}
		if d.More() {
			s.problem(where, "there is more than one object")
			continue
		}
		if err := s.addRecord(where, &rec); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read JSON lines: %w", err)
	}
	return nil
}

func (s *scan) addRecord(where string, rec *record) error {
	p := Person{Where: where, Key: rec.ID, AttributeTexts: rec.texts, Disabled: rec.Disabled, User: storage.User{
		Email: rec.Email, EmailVerified: rec.EmailVerified && rec.Email != "", Username: rec.Username,
		Phone: rec.Phone, PhoneVerified: rec.PhoneVerified && rec.Phone != "", PasswordHash: rec.PasswordHash, Roles: rec.Roles, Groups: rec.Groups, Attributes: rec.Attributes,
		Profile: rec.Profile,
	}}
	if rec.CreatedAt != "" {
		at, err := time.Parse(time.RFC3339, rec.CreatedAt)
		if err != nil {
			s.problem(where, "created_at %q is no time; write it like 2027-01-31T00:00:00Z", rec.CreatedAt)
		}
		p.User.CreatedAt = at.UTC()
	}
	if rec.TOTPSecret != "" {
		encoded := strings.ToUpper(strings.NewReplacer(" ", "", "=", "").Replace(rec.TOTPSecret))
		secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(encoded)
		if err != nil {
			s.problem(where, "totp_secret is no base32")
		} else {
			s.addAuthenticator(&p, where, "", secret)
		}
	}
	return s.person(&p)
}

// Package userimport reads accounts from other systems: what Django's dumpdata
// writes, CSV and JSON lines. It decides nothing about what is there already
// and writes nothing; it finds every problem of a file in one pass.
//
// Invariants:
//
//   - No password, hash or secret of a file is ever in what it reports.
//   - What it holds in memory does not grow with the file: people are shown one by
//     one, and what has to be joined is joined on disk.
package userimport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// Person is an account that a file holds.
type Person struct {
	// Where says where it stands: "auth.user 12", "line 3".
	Where string
	// Key is what the other system calls the person, its primary key; it may be empty.
	Key string
	// User lacks what only this installation can give: ID, and when it was made
	// or disabled here.
	User     storage.User
	Disabled bool
	// AttributeTexts are custom attributes as a CSV file has them; those of JSON lines
	// are User's. Neither is judged here.
	AttributeTexts map[string]string
	// Authenticators are the secrets of authenticator apps.
	Authenticators []Authenticator
}

// Authenticator is the secret of an authenticator app: TOTP by RFC 6238 with
// SHA-1, six digits and steps of 30 seconds.
type Authenticator struct {
	Name   string
	Secret []byte
}

// The formats.
const (
	FormatDjango = "django"
	FormatCSV    = "csv"
	FormatJSONL  = "jsonl"
)

// Formats are the values of --format.
var Formats = []string{FormatDjango, FormatCSV, FormatJSONL}

// Sink is shown what a file holds, in passing. Person ends the reading with its error.
type Sink struct {
	Person func(*Person) error
	// Problem is what keeps the file from being imported. Note is not: it says what
	// will not be as it was.
	Problem, Note func(Finding)
}

// Scan reads a file. An error says that the rest of it could not be read; a problem
// among the names of people is shown at the end.
func Scan(format string, file io.Reader, to Sink) (err error) {
	checked := &utf8Reader{from: file}
	s := &scan{to: to, names: newBuckets(nameBuckets)}
	defer func() { err = errors.Join(err, s.names.close()) }()
	switch format {
	case FormatDjango:
		err = s.readDjango(checked)
	case FormatCSV:
		err = s.readCSV(checked)
	case FormatJSONL:
		err = s.readJSONL(checked)
	default:
		return fmt.Errorf("format %q is unknown; use %s", format, strings.Join(Formats, ", "))
	}
	if checked.err != nil {
		return checked.err
	}
	if err != nil {
		return err
	}
	return s.compareNames()
}

// scan is one reading of a file.
type scan struct {
	to    Sink
	names *buckets
}

func (s *scan) problem(where, format string, args ...any) {
	s.to.Problem(Finding{Where: where, Message: fmt.Sprintf(format, args...)})
}

func (s *scan) report(where string, of Kind, format string, args ...any) {
	s.to.Note(Finding{Where: where, Message: fmt.Sprintf(format, args...), Of: of})
}

// nameBuckets is for how the names of people are compared: two million in each pass.
const nameBuckets = 64

// ownedName is a name of a person: two people must not have the same.
type ownedName struct{ Name, Typed, Where string }

// person judges what is the same in every format: that people can be told apart and
// addressed, and that their passwords can be verified.
func (s *scan) person(p *Person) error {
	u := &p.User
	if u.Email == "" && u.Username == "" {
		s.problem(p.Where, "it has neither an email address nor a username to sign in with")
	}
	s.judgeNames(p.Where, u)
	for _, name := range []string{u.Email, u.Username} {
		if canonical := ident.Canonical(name); canonical != "" {
			s.names.add(canonical, ownedName{Name: canonical, Typed: name, Where: p.Where})
		}
	}
	s.judgePassword(p)
	return s.to.Person(p)
}

// compareNames finds people who have the same name.
func (s *scan) compareNames() error {
	for i := range nameBuckets {
		owners := map[string]string{}
		err := each(s.names, i, func(n *ownedName) error {
			if first, taken := owners[n.Name]; taken && first != n.Where {
				s.problem(n.Where, "%q is the name of %s too", n.Typed, first)
			} else {
				owners[n.Name] = n.Where
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *scan) judgePassword(p *Person) {
	u := &p.User
	switch {
	case u.PasswordHash == "":
		s.report(p.Where, noPassword, "it has no password: one is set by a message to the address")
	case password.Supported(u.PasswordHash) != nil:
		name := Algorithm(u.PasswordHash)
		s.report(p.Where, unknownPassword(name), "its password (%s) cannot be verified here: a new one is set by a message to the address", name)
		u.PasswordHash = ""
	default:
		return
	}
	if u.Email == "" {
		s.report(p.Where, noWayIn, "without a password and an address nobody can sign in; give it an address first")
	}
}

// plainJSONError keeps what stood in the file out of an error: it may be a
// password's hash.
func plainJSONError(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("syntax error at byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("%s holds a %s, which it cannot", kind.Field, strings.Fields(kind.Value + " value")[0])
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return errors.New("it ends too early")
}

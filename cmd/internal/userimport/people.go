// Package userimport reads accounts from other systems: what Django's dumpdata
// writes, CSV and JSON lines. It decides nothing about what is there already
// and writes nothing; it finds every problem of a file at once.
//
// No password, hash or secret of a file is ever in what it reports.
package userimport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/latchkey-id/latchkey/account/password"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// Person is an account that a file holds.
type Person struct {
	// Where says where it stands: "auth.user 12", "line 3".
	Where string
	// User lacks what only this installation can give: ID, and when it was made
	// or disabled here.
	User     storage.User
	Disabled bool
	// Authenticators are the secrets of authenticator apps.
	Authenticators []Authenticator
}

// Authenticator is the secret of an authenticator app: TOTP by RFC 6238 with
// SHA-1, six digits and steps of 30 seconds.
type Authenticator struct {
	Name   string
	Secret []byte
}

// Finding is something to be said of a place in a file.
type Finding struct{ Where, Message string }

// String is "where: message".
func (f Finding) String() string { return f.Where + ": " + f.Message }

// Read is what a file holds.
type Read struct {
	People []Person
	// Problems keep the file from being imported; Notes do not: they say what
	// will not be as it was.
	Problems, Notes []Finding
}

func (r *Read) problem(where, format string, args ...any) {
	r.Problems = append(r.Problems, Finding{where, fmt.Sprintf(format, args...)})
}

func (r *Read) note(where, format string, args ...any) {
	r.Notes = append(r.Notes, Finding{where, fmt.Sprintf(format, args...)})
}

// The formats.
const (
	FormatDjango = "django"
	FormatCSV    = "csv"
	FormatJSONL  = "jsonl"
)

// Formats are the values of --format.
var Formats = []string{FormatDjango, FormatCSV, FormatJSONL}

// From reads a file. An error says that nothing of it could be read.
func From(format string, file io.Reader) (*Read, error) {
	r, checked := &Read{}, &utf8Reader{from: file}
	var err error
	switch format {
	case FormatDjango:
		err = r.readDjango(checked)
	case FormatCSV:
		err = r.readCSV(checked)
	case FormatJSONL:
		err = r.readJSONL(checked)
	default:
		err = fmt.Errorf("format %q is unknown; use %s", format, strings.Join(Formats, ", "))
	}
	if checked.err != nil {
		return nil, checked.err
	}
	if err != nil {
		return nil, err
	}
	r.judge()
	return r, nil
}

// judge checks what is the same in every format: that people can be told apart
// and addressed, and that their passwords can be verified.
func (r *Read) judge() {
	owners := map[string]string{}
	for i := range r.People {
		p := &r.People[i]
		u := &p.User
		if u.Email == "" && u.Username == "" {
			r.problem(p.Where, "it has neither an e-mail address nor a username to sign in with")
		}
		r.judgeNames(p.Where, u)
		for _, name := range []string{u.Email, u.Username} {
			canonical := ident.Canonical(name)
			if first := owners[canonical]; canonical != "" && first != "" && first != p.Where {
				r.problem(p.Where, "%q is the name of %s too", name, first)
			} else if canonical != "" {
				owners[canonical] = p.Where
			}
		}
		r.judgePassword(p)
	}
}

func (r *Read) judgePassword(p *Person) {
	u := &p.User
	switch {
	case u.PasswordHash == "":
		r.note(p.Where, "it has no password: one is set by a message to the address")
	case password.Supported(u.PasswordHash) != nil:
		r.note(p.Where, "its password (%s) cannot be verified here: a new one is set by a message to the address", Algorithm(u.PasswordHash))
		u.PasswordHash = ""
	default:
		return
	}
	if u.Email == "" {
		r.note(p.Where, "without a password and an address nobody can sign in; give it an address first")
	}
}

var algorithm = regexp.MustCompile(`^\$?[a-z0-9_-]{1,24}\$`)

// Algorithm names the algorithm of a verifier, and nothing else of it.
func Algorithm(encoded string) string {
	if name := strings.Trim(algorithm.FindString(encoded), "$"); name != "" {
		return name
	}
	return "of an unknown kind"
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

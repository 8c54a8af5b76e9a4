package userimport

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/internal/ident"
	"github.com/latchkey-id/latchkey/storage"
)

// judgeNames spells the names of a person as they are kept, and reports those
// that cannot be.
func (s *scan) judgeNames(where string, u *storage.User) {
	if email, err := ident.Email(u.Email); u.Email != "" && err != nil {
		s.problem(where, "%v", err)
	} else {
		u.Email = email
	}
	if username, err := ident.Username(u.Username); u.Username != "" && err != nil {
		s.problem(where, "%v", err)
	} else {
		u.Username = username
	}
	if err := ident.Phone(u.Phone); u.Phone != "" && err != nil {
		s.problem(where, "%v", err)
	}
	for _, role := range u.Roles {
		if err := ident.Role(role); err != nil {
			s.problem(where, "%v", err)
		}
	}
	for i, typed := range u.Groups {
		name, err := ident.Group(typed)
		if err != nil {
			s.problem(where, "%v", err)
			continue
		}
		u.Groups[i] = name
	}
	s.judgeProfile(where, &u.Profile)
}

// judgeProfile refuses claims that the profile page would refuse: texts that hold
// what no name holds (NUL, control characters, overrides of direction, the marks of
// a wrong encoding), and what is no date, language, time zone or address.
func (s *scan) judgeProfile(where string, p *storage.Profile) {
	for _, err := range account.CheckNewProfile(p) {
		var wrong *account.FieldError
		if errors.As(err, &wrong) {
			s.problem(where, "%s: %v", wrong.Field, err)
		}
	}
}

// utf8Reader passes text through and stops at the first line that is not UTF-8:
// files in Latin-1 or UTF-16 are refused, not stored with replacement characters.
type utf8Reader struct {
	from io.Reader
	line int    // lines that ended so far
	tail []byte // the beginning of a character that the last read cut off
	err  error  // why it stopped
}

func (u *utf8Reader) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.from.Read(p)
	u.check(p[:n], errors.Is(err, io.EOF))
	if u.err != nil {
		return 0, u.err
	}
	return n, err
}

// check looks at what was read after what was left over.
func (u *utf8Reader) check(read []byte, last bool) {
	text := append(u.tail, read...)
	for len(text) > 0 {
		if !last && !utf8.FullRune(text) {
			break
		}
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size <= 1 {
			u.err = fmt.Errorf("line %d is not UTF-8; convert the file first, such as by iconv -f latin1 -t utf-8", u.line+1)
			return
		}
		if r == '\n' {
			u.line++
		}
		text = text[size:]
	}
	u.tail = append([]byte(nil), text...)
}

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/cmd/internal/userimport"
	"github.com/latchkey-id/latchkey/storage"
)

// subjects are the ids that imported people get, beside the keys that they had in the
// other system. They wait on disk until the import is done: before that none is true.
type subjects struct {
	file  *os.File // nil where nobody wants them
	out   *bufio.Writer
	lines *json.Encoder
}

// subject is a line of `user import --json`: a form that others read, so its names
// stay as they are.
type subject struct {
	Where string `json:"where"`
	// Key is the primary key in the other system.
	Key      string `json:"key,omitempty"`
	Sub      string `json:"sub"`
	Email    string `json:"email,omitempty"`
	Username string `json:"username,omitempty"`
}

func newSubjects(wanted bool) (*subjects, error) {
	if !wanted {
		return &subjects{}, nil
	}
	file, err := os.CreateTemp("", "latchkey-import-")
	if err != nil {
		return nil, fmt.Errorf("keep the ids of people: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("keep the ids of people: %w", err), file.Close())
	}
	s := &subjects{file: file, out: bufio.NewWriter(file)}
	s.lines = json.NewEncoder(s.out)
	return s, nil
}

// reset forgets what was kept: the import begins again.
func (s *subjects) reset() error {
	if s.file == nil {
		return nil
	}
	s.out.Reset(s.file)
	_, err := s.file.Seek(0, io.SeekStart)
	return errors.Join(err, s.file.Truncate(0))
}

// imported is the person as the account service takes them.
func (s *subjects) imported(p *userimport.Person) *account.Imported {
	one := &account.Imported{User: p.User, Disabled: p.Disabled}
	for _, a := range p.Authenticators {
		one.Authenticators = append(one.Authenticators, account.ImportedAuthenticator(a))
	}
	if s.file != nil {
		one.Made = func(id storage.ID) error {
			return s.lines.Encode(subject{Where: p.Where, Key: p.Key, Sub: string(id), Email: p.User.Email, Username: p.User.Username})
		}
	}
	return one
}

// print writes what was kept.
func (s *subjects) print(w io.Writer) error {
	if s.file == nil {
		return nil
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("keep the ids of people: %w", err)
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the ids of people: %w", err)
	}
	_, err := io.Copy(w, s.file)
	return err
}

func (s *subjects) close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

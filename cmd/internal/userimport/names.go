package userimport

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/latchkey-id/latchkey/storage"
)

const (
	maxEmail    = 254 // RFC 5321
	maxUsername = 64
	// MaxName bounds the names that people and their devices have.
	maxName = 64
)

// CheckEmail says why text is no e-mail address; empty text is none and well.
func CheckEmail(text string) error {
	if text == "" {
		return nil
	}
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text || len(text) > maxEmail {
		return fmt.Errorf("%q is not an e-mail address", text)
	}
	return nil
}

// CheckUsername refuses names that could not be told apart or typed, and those
// that would stand for somebody's address.
func CheckUsername(text string) error {
	if utf8.RuneCountInString(text) > maxUsername {
		return fmt.Errorf("username %q has more than %d characters", text, maxUsername)
	}
	unseen := func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if strings.ContainsFunc(text, unseen) || strings.Contains(storage.CanonicalIdentifier(text), "@") {
		return fmt.Errorf("username %q holds a space, an @ or a character that cannot be seen", text)
	}
	return nil
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func checkPhone(text string) error {
	if text != "" && !e164.MatchString(text) {
		return fmt.Errorf("%q is no phone number; write it like +493012345678", text)
	}
	return nil
}

var role = regexp.MustCompile(`^[!-+\--~]{1,64}$`)

func checkRoles(roles []string) error {
	for _, r := range roles {
		if err := CheckRole(r); err != nil {
			return err
		}
	}
	return nil
}

// CheckRole says why text cannot be a role.
func CheckRole(text string) error {
	if !role.MatchString(text) {
		return fmt.Errorf("%q is no role; use 1 to %d printable ASCII characters without spaces and commas", text, maxName)
	}
	return nil
}

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSecretBytes bounds a secret's file, so that a wrong path cannot fill memory.
const maxSecretBytes = 64 << 10

// ReadSecret reads a secret or password that a program or person hands over on
// a stream, such as standard input, by the rules of [SecretText].
func ReadSecret(r io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxSecretBytes+1))
	if err != nil {
		return "", err
	}
	return SecretText(raw)
}

// SecretText returns the secret that a file, an environment variable or a
// stream holds. Line ends around it are no part of it: editors and echo add
// them. Whatever else is probably not meant as a part of it is an error that
// names it, because a secret that silently differs from what somebody sees
// costs them hours: a byte order mark, UTF-16, spaces at an edge, quotes, a
// second line. The error never holds the secret.
func SecretText(raw []byte) (string, error) {
	switch {
	case len(raw) > maxSecretBytes:
		return "", fmt.Errorf("it is larger than %d bytes, too large for a secret", maxSecretBytes)
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		return "", errors.New("it is UTF-16, as > writes in Windows PowerShell; save it as UTF-8, there with Set-Content -NoNewline -Encoding ascii")
	case bytes.HasPrefix(raw, []byte("\ufeff")):
		return "", errors.New("it begins with a byte order mark; save it as UTF-8 without one")
	case bytes.IndexByte(raw, 0) >= 0:
		return "", errors.New("it holds NUL bytes, so it is not text; was it saved as UTF-16?")
	case !utf8.Valid(raw):
		return "", errors.New("it is not UTF-8; random bytes must be written in hexadecimal or base64")
	}
	text := strings.Trim(string(raw), "\r\n")
	switch {
	case text == "":
		return "", errors.New("it is empty")
	case strings.ContainsAny(text, "\r\n"):
		return "", errors.New("it has several lines; only the secret may be there")
	case strings.TrimFunc(text, isBlank) != text:
		return "", errors.New("it begins or ends with a space or an invisible character; remove that")
	case isQuoted(text):
		return "", errors.New("it is in quotes, which would become part of it; remove them")
	}
	return text, nil
}

// isBlank reports whether nobody sees r.
func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc) }

func isQuoted(text string) bool {
	first, last := text[0], text[len(text)-1]
	return len(text) > 1 && first == last && strings.IndexByte("\"'`", first) >= 0
}

package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// The two ways to say where a secret is.
const (
	fileReference = "file:"
	envReference  = "env:"
)

func isReference(text string) bool {
	return strings.HasPrefix(text, fileReference) || strings.HasPrefix(text, envReference)
}

// maxSecretBytes bounds a secret's file, so that a wrong path cannot fill memory.
const maxSecretBytes = 64 << 10

// resolveSecrets reads what every reference of the configuration points at.
func (l *loader) resolveSecrets(c *Config) {
	l.resolveIn(reflect.ValueOf(c).Elem(), root, "")
}

func (l *loader) resolveIn(v reflect.Value, s *shape, path string) {
	switch {
	case s.kind == object:
		i := 0
		for f, field := range v.Fields() {
			if f.Tag.Get("yaml") == "-" {
				continue
			}
			l.resolveIn(field, s.fields[i], joinPath(path, s.fields[i].key))
			i++
		}
	case s.kind == list && s.elem.kind == object:
		for i := range v.Len() {
			l.resolveIn(v.Index(i), s.elem, indexPath(path, i))
		}
	case s.typ == secretType:
		secret := v.Addr().Interface().(*Secret)
		if !secret.IsZero() {
			*secret = l.resolve(*secret, s, path)
		}
	}
}

// resolve answers with the value behind a secret's reference.
func (l *loader) resolve(secret Secret, s *shape, path string) Secret {
	text := secret.Reveal()
	if !isReference(text) {
		l.checkPlain(text, s, path)
		return secret
	}
	value, err := l.dereference(text)
	if err == nil && value == "" {
		err = fmt.Errorf("%s is empty", text)
	}
	if err != nil {
		l.add(path, "%v", err)
		l.blame(path)
		return Secret{}
	}
	return Secret{text: &value, reference: text}
}

// checkPlain judges a secret that stands in the configuration itself.
func (l *loader) checkPlain(text string, s *shape, path string) {
	switch {
	case l.Dev:
	case s.secret == "ref":
		l.add(path, "a secret may not stand in the configuration; write file:/path or env:NAME")
		l.blame(path)
	case hasPassword(text):
		l.warn(path, "this holds a password; write file:/path or env:NAME so that the configuration can be shown to others")
	}
}

// dereference reads a file: or env: reference. A relative path starts at the
// configuration's folder; one newline at the end of a file is no part of it.
func (l *loader) dereference(reference string) (string, error) {
	if name, ok := strings.CutPrefix(reference, envReference); ok {
		for _, entry := range l.Environ {
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				return value, nil
			}
		}
		return "", fmt.Errorf("the environment variable %s is not set", name)
	}
	path := strings.TrimPrefix(reference, fileReference)
	if !filepath.IsAbs(path) {
		path = filepath.Join(l.folder(), path)
	}
	text, err := readSmallFile(path)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), nil
}

func readSmallFile(path string) (_ string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxSecretBytes {
		return "", fmt.Errorf("%s is larger than %d bytes, so it is no secret", path, maxSecretBytes)
	}
	return string(text), nil
}

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
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
	value, err := l.dereference(text, path)
	if err != nil {
		l.add(path, "%s: %v", text, err)
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
		l.add(path, "the configuration must not contain secrets; write file:/path or env:NAME")
		l.blame(path)
	case hasPassword(text):
		l.warn(path, "this contains a password; write file:/path or env:NAME so that the configuration can be shared")
	}
}

// dereference reads a file: or env: reference. A relative path starts at the
// configuration's folder.
func (l *loader) dereference(reference, path string) (string, error) {
	if name, ok := strings.CutPrefix(reference, envReference); ok {
		value, ok := os.LookupEnv(name)
		if !ok {
			return "", errors.New("this environment variable is not set")
		}
		return SecretText([]byte(value))
	}
	file := strings.TrimPrefix(reference, fileReference)
	if !filepath.IsAbs(file) {
		file = filepath.Join(l.folder(), file)
	}
	l.reads(file)
	text, err := readSecretFile(file)
	if err != nil {
		return "", err
	}
	l.warnOfReaders(path, file)
	return text, nil
}

func readSecretFile(file string) (_ string, err error) {
	f, err := os.Open(file)
	if err != nil {
		if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
			err = failed.Err // the reference names the file
		}
		return "", fmt.Errorf("cannot be read: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return ReadSecret(f)
}

// warnOfReaders warns of a file that every user of this machine can read.
func (l *loader) warnOfReaders(path, file string) {
	info, err := os.Stat(file)
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o004 == 0 {
		return
	}
	l.warn(path, "every user of this machine can read %s; run chmod 600 %[1]s as its owner, and make such files under umask 077", file)
}

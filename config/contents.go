package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// contentKey is the key of what a file says, below that of the value that names it. The hash
// in it is shown to nobody (see [eachValue]), like a secret's: a change of it says enough.
const contentKey = ".content"

// readContents notes what those files say that values name and every reload reads again, as
// hashes: nodes with the same values and other templates are not the same. The certificate
// in tls is none of them: nodes may have one each, and renew it when they like. Files that
// cannot be read are left to whoever needs them.
func (l *loader) readContents(c *Config) {
	c.Contents = map[string]string{}
	if dir := c.Messages.Templates; dir != "" {
		l.readFolder(c, "messages.templates", dir, "")
		l.readFolder(c, "messages.templates", dir, "locales")
	}
	if file := c.MutualTLS.CAFile; file != "" {
		l.reads(file)
		if hash, err := hashFile(file); err == nil {
			c.Contents["mutual_tls.ca_file"] = hash
		}
	}
}

// readFolder notes the files of a folder, each as an element of the key. Hidden ones are
// nobody's: among them are those that mounts of Kubernetes keep beside the links.
func (l *loader) readFolder(c *Config, key, dir, below string) {
	dir = filepath.Join(dir, below)
	l.reads(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if hash, err := hashFile(filepath.Join(dir, e.Name())); err == nil {
			c.Contents[fmt.Sprintf("%s[%s]", key, path.Join(below, e.Name()))] = hash
		}
	}
}

func hashFile(name string) (_ string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("hash file: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil { // a folder, for one
		return "", fmt.Errorf("hash file: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// eachContent walks what files say, in the order of their keys. A file of a folder is an
// element, so that one more is told as such.
func (c *Config) eachContent(found func(path []byte, v value)) {
	for _, key := range slices.Sorted(maps.Keys(c.Contents)) {
		if strings.HasSuffix(key, "]") {
			found([]byte(key), value{element: true})
		}
		found([]byte(key+contentKey), value{text: c.Contents[key], secret: true})
	}
}

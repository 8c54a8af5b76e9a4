package config

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Snapshot is what a configuration says, to be kept and compared with another one:
// what runs with what a file says. Secrets are in it as keyed hashes.
type Snapshot struct {
	// KeyID is the hash key of the secrets' hashes.
	KeyID  string                   `json:"key"`
	Values map[string]snapshotValue `json:"values"`
	// Policies are nil where an older version took the snapshot.
	Policies Policies `json:"policies,omitempty"`
}

type snapshotValue struct {
	Text    string `json:"t,omitempty"`
	Secret  bool   `json:"s,omitempty"`
	Element bool   `json:"e,omitempty"`
}

// Snapshot takes one.
func (c *Config) Snapshot() Snapshot {
	if len(c.Secrets.HashKeys) == 0 {
		return Snapshot{Values: hashed(flatten(c), nil), Policies: c.Policies()}
	}
	key := c.Secrets.HashKeys[0]
	return Snapshot{KeyID: key.ID, Values: hashed(flatten(c), key.Bytes()), Policies: c.Policies()}
}

// hashed are values with keyed hashes in the place of secrets.
func hashed(values map[string]value, key []byte) map[string]snapshotValue {
	out := make(map[string]snapshotValue, len(values))
	for path, v := range values {
		text := v.text
		if v.secret && text != "" {
			mac := hmac.New(sha256.New, key)
			fmt.Fprintf(mac, "%s=%s", path, text)
			text = base64.RawStdEncoding.EncodeToString(mac.Sum(nil)[:16])
		}
		out[path] = snapshotValue{Text: text, Secret: v.secret, Element: v.element}
	}
	return out
}

// ChangesTo lists the differences from the snapshot to a configuration, as [Changes]
// does. Secrets are compared where the configuration has the key of the snapshot's
// hashes, and taken for the same where it has not.
func (s Snapshot) ChangesTo(after *Config) []Change {
	to := flatten(after)
	i := slices.IndexFunc(after.Secrets.HashKeys, func(k SecretKey) bool { return k.ID == s.KeyID })
	var hashes map[string]snapshotValue
	if i >= 0 {
		hashes = hashed(to, after.Secrets.HashKeys[i].Bytes())
	}
	from := make(map[string]value, len(s.Values))
	for path, v := range s.Values {
		from[path] = value{text: v.Text, secret: v.Secret, element: v.Element}
		if is, there := to[path]; there && v.Secret && is.secret && (i < 0 || hashes[path].Text == v.Text) {
			from[path] = value{text: is.text, secret: true}
		}
	}
	return changes(from, to)
}

// Encode writes the snapshot.
func (s Snapshot) Encode() ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if err := json.NewEncoder(w).Encode(s); err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("encode configuration: %w", err)
	}
	return b.Bytes(), nil
}

// maxSnapshot bounds what is read of a snapshot.
const maxSnapshot = 256 << 20

// DecodeSnapshot reads what Encode wrote.
func DecodeSnapshot(document []byte) (s Snapshot, err error) {
	r, err := gzip.NewReader(bytes.NewReader(document))
	if err == nil {
		err = json.NewDecoder(io.LimitReader(r, maxSnapshot)).Decode(&s)
	}
	if err != nil {
		return Snapshot{}, fmt.Errorf("decode configuration: %w", err)
	}
	return s, nil
}

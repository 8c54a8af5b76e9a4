package storage

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// ID names a row: 128 bits as 32 lower-case hexadecimal digits, of which the
// first 48 bits are the creation time in milliseconds, so that new rows land
// side by side in an index. An ID is a name, never a secret.
type ID string

// NewID makes an ID for now from 80 bits of random.
func NewID(now time.Time, random io.Reader) (ID, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[6:]); err != nil {
		return "", fmt.Errorf("read randomness for an id: %w", err)
	}
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(now.UnixMilli()))
	copy(b[:6], ms[2:])
	return ID(hex.EncodeToString(b[:])), nil
}

// Bytes returns the 16 bytes that id spells, or an error if it spells none.
func (id ID) Bytes() ([16]byte, error) {
	var b [16]byte
	if len(id) != hex.EncodedLen(len(b)) {
		return b, fmt.Errorf("id of %d characters", len(id))
	}
	if _, err := hex.Decode(b[:], []byte(id)); err != nil {
		return b, fmt.Errorf("decode id: %w", err)
	}
	return b, nil
}

// IDFromBytes spells b as an ID.
func IDFromBytes(b [16]byte) ID { return ID(hex.EncodeToString(b[:])) }

package userimport

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
)

// bucketSize is about how many records a bucket holds: what is in memory at once.
const bucketSize = 8192

// buckets are records on disk, apart by a hash of their keys: what has the same key
// is in the same bucket, so that a file of any length is joined with the memory of
// one bucket. Their files have no names, and are gone with the process: they hold
// what the import holds. Errors are kept until close.
type buckets struct {
	seed  maphash.Seed
	files []*os.File
	out   []*bufio.Writer
	err   error
}

// newBuckets makes n of them; for fewer records than a bucket holds one is enough,
// and keeps their order.
func newBuckets(n int) *buckets {
	n = max(1, n)
	return &buckets{seed: maphash.MakeSeed(), files: make([]*os.File, n), out: make([]*bufio.Writer, n)}
}

// enough is the number of buckets for so many records.
func enough(records int) int { return 1 + records/bucketSize }

// add keeps a record in the bucket of the key.
func (b *buckets) add(key string, record any) {
	if b.err != nil {
		return
	}
	i := 0
	if len(b.files) > 1 {
		i = int(maphash.String(b.seed, key) % uint64(len(b.files)))
	}
	if b.files[i] == nil {
		if b.files[i], b.err = anonymous(); b.err != nil {
			return
		}
		b.out[i] = bufio.NewWriter(b.files[i])
	}
	b.err = json.NewEncoder(b.out[i]).Encode(record)
}

// anonymous makes a file that nobody else can open, and that is gone when it is closed.
func anonymous() (*os.File, error) {
	file, err := os.CreateTemp("", "latchkey-import-")
	if err != nil {
		return nil, fmt.Errorf("keep a part of the import: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("hide a part of the import: %w", err), file.Close())
	}
	return file, nil
}

// each shows the records of a bucket in the order in which they came.
func each[T any](b *buckets, i int, show func(*T) error) error {
	if b.err != nil || b.files[i] == nil {
		return b.err
	}
	if err := b.out[i].Flush(); err != nil {
		return fmt.Errorf("keep a part of the import: %w", err)
	}
	if _, err := b.files[i].Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read a part of the import: %w", err)
	}
	records := json.NewDecoder(bufio.NewReader(b.files[i]))
	for {
		var record T
		switch err := records.Decode(&record); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("read a part of the import: %w", err)
		}
		if err := show(&record); err != nil {
			return err
		}
	}
}

// close gives the disk back.
func (b *buckets) close() error {
	errs := []error{b.err}
	for _, file := range b.files {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	return errors.Join(errs...)
}

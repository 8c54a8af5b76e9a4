package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// ErrOwnTools says that a database has tools of its own for something.
var ErrOwnTools = errors.New("PostgreSQL has tools of its own for this: pg_dump and pg_restore")

// copying bounds a copy of the whole database.
const copying = time.Hour

// Backup writes a consistent copy of a SQLite database to a file that is not there
// yet, readable by its owner alone, while nodes serve from it. It answers ErrOwnTools
// for PostgreSQL.
func (s *Store) Backup(ctx context.Context, to string) error {
	if s.dialect != sqliteDB {
		return ErrOwnTools
	}
	// SQLite writes into an empty file that is there, and keeps its mode.
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	if _, err := s.exec(patiently(ctx, copying), s.read, `VACUUM INTO $1`, to); err != nil {
		return errors.Join(wrap("copy the database", err), os.Remove(to))
	}
	return nil
}

// Sound reads the whole of a SQLite database and answers what is wrong with it. It
// answers ErrOwnTools for PostgreSQL.
func (s *Store) Sound(ctx context.Context) error {
	if s.dialect != sqliteDB {
		return ErrOwnTools
	}
	found, err := list[string](patiently(ctx, copying), s, s.read, `PRAGMA integrity_check(1)`)
	if err != nil {
		return wrap("check the database", err)
	}
	if len(found) != 1 || found[0] != "ok" {
		return fmt.Errorf("the database is damaged: %s", found)
	}
	return nil
}

// Replace puts the SQLite database of a file where this store's is, which stays
// beside it under the name that is returned. No node may serve from it
// (ErrSecondNode). The store is closed, and the file gone from its place, when it
// returns nil.
func (s *Store) Replace(with string, now time.Time) (kept string, err error) {
	if s.dialect != sqliteDB {
		return "", ErrOwnTools
	}
	if err := s.LockNode(); err != nil {
		return "", err
	}
	lock := s.locked
	s.locked = nil // held until the file is in its place
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := s.Close(); err != nil { // SQLite writes what is in the second file into the first
		return "", err
	}
	for _, file := range []string{s.path, with} {
		if err := whole(file); err != nil {
			return "", err
		}
	}
	kept = s.path + "-before-" + now.UTC().Format("20060102T150405Z")
	if err := os.Rename(s.path, kept); err != nil {
		return "", fmt.Errorf("keep the database: %w", err)
	}
	if err := os.Rename(with, s.path); err != nil {
		return "", errors.Join(fmt.Errorf("put the database in its place: %w", err), os.Rename(kept, s.path))
	}
	// What was under way in the old one belongs to nothing in the new one.
	for _, suffix := range []string{"-ephemeral", "-ephemeral-wal", "-ephemeral-shm"} {
		if err := os.Remove(s.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("forget sign-ins under way: %w", err)
		}
	}
	return kept, nil
}

// whole refuses the file of a database whose newest changes are in a second file: a
// process has it open.
func whole(path string) error {
	info, err := os.Stat(path + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look for a write-ahead log: %w", err)
	case info.Size() > 0:
		return fmt.Errorf("%s is in use by another process: end it, then try again", path)
	}
	return nil
}

package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long files must be left alone before they are read: editors
// and deployments write several files, and one in several steps.
const settle = 200 * time.Millisecond

// mostSettle bounds that wait: a folder in which something is always written, such as
// the one of a database, is looked at all the same.
const mostSettle = time.Second

// Watch calls changed whenever one of the files, or a file in one of the
// folders, is another than before, until ctx is done. stamp is how they were when
// they were read (Config.Stamp), so that a change between the reading and the watch
// is told too; empty is now. It watches the folders
// that they are in, since mounted secrets and editors put another file in the
// place of the old one, and looks by itself every poll where a file system tells
// nothing. Viper's own watch cannot be stopped and knows one file only.
func Watch(ctx context.Context, files []string, stamp string, poll time.Duration, changed func()) (err error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch files: %w", err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	for _, folder := range foldersOf(files) {
		// One that cannot be watched is looked at every poll.
		_ = w.Add(folder)
	}
	last := stamp
	if last == "" {
		last = fingerprint(files)
	}
	quiet := time.NewTimer(settle)
	defer quiet.Stop()
	var since time.Time // when the first of the events came that are waited out; zero is none
	wait := func() {
		if since.IsZero() {
			since = time.Now()
		}
		if time.Since(since) < mostSettle {
			quiet.Reset(settle)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.Events:
			wait()
			continue
		case _, more := <-w.Errors: // events were lost: look
			if !more {
				return nil
			}
			wait()
			continue
		case <-quiet.C:
			since = time.Time{}
			quiet.Reset(poll)
		}
		if now := fingerprint(files); now != last {
			last = now
			changed()
		}
	}
}

// foldersOf are the folders that files are in, and those that links lead to.
func foldersOf(files []string) []string {
	var folders []string
	for _, file := range files {
		folders = append(folders, filepath.Dir(file))
		if info, err := os.Stat(file); err == nil && info.IsDir() {
			folders = append(folders, file)
		}
		if real, err := filepath.EvalSymlinks(file); err == nil {
			folders = append(folders, filepath.Dir(real))
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

// fingerprint tells whether files are those of before, without reading them.
func fingerprint(files []string) string {
	var b strings.Builder
	for _, file := range files {
		_ = filepath.WalkDir(file, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return nil // what is not there is a state too
			}
			if entry.IsDir() && path != file {
				return fs.SkipDir
			}
			info, err := os.Stat(path) // through links
			if err != nil || info.IsDir() {
				return nil
			}
			real, _ := filepath.EvalSymlinks(path)
			fmt.Fprintf(&b, "%s %s %d %d\n", path, real, info.Size(), info.ModTime().UnixNano())
			return nil
		})
	}
	return b.String()
}

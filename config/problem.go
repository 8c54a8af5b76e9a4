package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Problem is one thing to be put right.
type Problem struct {
	// Path is the key, such as clients[1].redirect_uris.
	Path string
	// Where says where the value was written: "line 12", the name of an
	// environment variable; empty for a default or something that is missing.
	Where string
	// Message says what is wrong and what to do. It never holds a secret.
	Message string
}

// String is "path (where): message".
func (p Problem) String() string {
	switch {
	case p.Path == "" && p.Where == "":
		return p.Message
	case p.Path == "":
		return p.Where + ": " + p.Message
	case p.Where == "":
		return p.Path + ": " + p.Message
	}
	return fmt.Sprintf("%s (%s): %s", p.Path, p.Where, p.Message)
}

// Error is every problem of a configuration.
type Error struct {
	// File is the file that was read; empty when there was none.
	File     string
	Problems []Problem
	// Files and Stamp are those of the configuration, as far as it was read, for
	// [Watch]: what mends it may be a file that it names.
	Files []string
	Stamp string
}

// Error implements error with one line a problem.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("configuration")
	if e.File != "" {
		b.WriteString(" " + e.File)
	}
	if len(e.Problems) == 1 {
		b.WriteString(" has a problem:")
	} else {
		fmt.Fprintf(&b, " has %d problems:", len(e.Problems))
	}
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// problems collects what is wrong and knows where each value came from.
type problems struct {
	list     []Problem
	warnings []Problem
	origins  map[string]string
	// blamed holds the paths that need no second complaint.
	blamed []string
}

func newProblems() *problems { return &problems{origins: map[string]string{}} }

// add reports a problem at path unless the path, or one above it, was blamed.
func (p *problems) add(path, format string, args ...any) {
	if p.isBlamed(path) {
		return
	}
	p.list = append(p.list, Problem{Path: path, Where: p.where(path), Message: fmt.Sprintf(format, args...)})
}

// addAt is add for a place that is no value's origin, such as an unknown key.
func (p *problems) addAt(path, where, format string, args ...any) {
	p.list = append(p.list, Problem{Path: path, Where: where, Message: fmt.Sprintf(format, args...)})
	p.blame(path)
}

func (p *problems) warn(path, format string, args ...any) {
	p.warnings = append(p.warnings, Problem{Path: path, Where: p.where(path), Message: fmt.Sprintf(format, args...)})
}

// blame says that path has had its complaint: what would follow from it is noise.
func (p *problems) blame(path string) { p.blamed = append(p.blamed, path) }

func (p *problems) isBlamed(path string) bool {
	return slices.ContainsFunc(p.blamed, func(b string) bool { return b == path || isUnder(path, b) })
}

// where returns the origin of path, or of the nearest value around it.
func (p *problems) where(path string) string {
	for path != "" {
		if at, ok := p.origins[path]; ok {
			return at
		}
		path = parentPath(path)
	}
	return ""
}

// replaced says that what is at path, and all below it, now comes from where.
func (p *problems) replaced(path, where string) {
	maps.DeleteFunc(p.origins, func(at, _ string) bool { return isUnder(at, path) })
	p.origins[path] = where
}

func (p *problems) err(file string) error {
	if len(p.list) == 0 {
		return nil
	}
	return &Error{File: file, Problems: p.list}
}

// joinPath appends a key to a path.
func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// indexPath appends a list index to a path.
func indexPath(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

func parentPath(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

func isUnder(path, ancestor string) bool {
	rest, ok := strings.CutPrefix(path, ancestor)
	return ok && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "["))
}

package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
)

// LoadOptions says where a configuration comes from.
type LoadOptions struct {
	// File is the YAML file; empty for none.
	File string
	// Dev loosens what only a developer's own machine may have: secrets in
	// plain text, weak client secrets, an http issuer and http redirects on
	// loopback, no keys of its own.
	Dev bool
	// Defaults lie under the file, over the built-in ones. Keys are paths such
	// as "database.url", values are as in the file. Clients among them are
	// kept beside those of the file, whose ids win.
	Defaults map[string]any
	// Overrides lie over everything: flags that were given. Keys and values
	// are as in Defaults.
	Overrides map[string]any
	// Now is the clock that expiry is judged by; nil is the system's.
	Now func() time.Time
}

// Load reads, completes and checks a configuration. Viper lays the sources over
// one another: built-in defaults, Defaults, the file, the environment, Overrides.
// The error is an [*Error] whenever the configuration is to blame.
func Load(o LoadOptions) (*Config, error) {
	l := newLoader(o)
	c, err := l.read()
	if err != nil {
		return nil, l.withFiles(err)
	}
	l.validate(c)
	if err := l.err(o.File); err != nil {
		return nil, l.withFiles(err)
	}
	c.Warnings, c.Files, c.Stamp = l.warnings, l.files, l.stamp.String()
	c.ClientPlaces = make(map[string]string, len(c.Clients))
	for i := range c.Clients {
		c.ClientPlaces[c.Clients[i].ID] = l.place(indexPath("clients", i))
	}
	return c, nil
}

// place says in which file a value stands, and where there.
func (l *loader) place(path string) string {
	at := l.where(joinPath(path, "id"))
	if strings.HasPrefix(at, "line ") && l.File != "" { // the others name their own
		return l.File + ", " + at
	}
	return at
}

// withFiles notes in an error which files were read.
func (l *loader) withFiles(err error) error {
	if known := (*Error)(nil); errors.As(err, &known) {
		known.Files, known.Stamp = l.files, l.stamp.String()
	}
	return err
}

type loader struct {
	LoadOptions
	*problems
	viper *viper.Viper
	// files are those that were read, and stamp how they were just before.
	files []string
	stamp strings.Builder
}

// reads notes a file or folder that is about to be read.
func (l *loader) reads(file string) {
	l.files = append(l.files, file)
	l.stamp.WriteString(fingerprint([]string{file}))
}

func newLoader(o LoadOptions) *loader {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &loader{LoadOptions: o, problems: newProblems(), viper: viper.New()}
}

// read lays the sources over one another and answers with a complete Config,
// which is yet to be judged. What could not be read is among the problems.
func (l *loader) read() (*Config, error) {
	l.setDefaults()
	if err := l.readFile(); err != nil {
		return nil, err
	}
	fromEnvironment, unknown := overrides()
	l.bindEnvironment(fromEnvironment)
	l.presetProfile()
	for key, value := range l.Overrides {
		l.viper.Set(key, value)
	}
	if err := l.gatherClients(); err != nil {
		return nil, err
	}
	l.overlayElements(fromEnvironment)
	l.warnOfUnknown(unknown)
	l.presetClients()
	c, err := l.decode()
	if err != nil {
		return nil, err
	}
	l.resolveSecrets(c)
	l.completeMessages(c)
	l.readContents(c)
	c.complete()
	return c, nil
}

func (l *loader) setDefaults() {
	for path, value := range root.defaults() {
		l.viper.SetDefault(path, value)
	}
	for path, value := range l.Defaults {
		if path != "clients" { // they are added, not laid under: see gatherClients
			l.viper.SetDefault(path, value)
		}
	}
}

func (l *loader) readFile() error {
	if l.File == "" {
		return nil
	}
	l.reads(l.File)
	text, err := os.ReadFile(l.File)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	r := &reader{problems: l.problems}
	n := r.parse(text)
	if n == nil {
		return l.err(l.File) // empty, or nothing of it can be judged
	}
	if values, ok := r.read(n, root, "").(map[string]any); ok {
		if err := l.viper.MergeConfigMap(values); err != nil {
			return fmt.Errorf("merge configuration: %w", err)
		}
	}
	return nil
}

// bindEnvironment has viper take whole keys from the environment. It hands a
// variable's text on as it is, so what must be read first is set instead: lists
// of mappings, secrets, which become references, and what has a problem.
func (l *loader) bindEnvironment(variables []override) {
	for _, o := range variables {
		if len(o.indices) > 0 {
			continue
		}
		known := len(l.list)
		value := l.readVariable(o)
		plain := o.shape.secret == "" && o.shape.isText()
		switch {
		case plain && len(l.list) == known:
			l.viper.MustBindEnv(o.path, o.name)
		case value != nil:
			l.viper.Set(o.path, value)
		}
	}
}

// overlayElements lays variables over elements of lists.
func (l *loader) overlayElements(variables []override) {
	for _, o := range variables {
		if len(o.indices) == 0 {
			continue
		}
		if value := l.readVariable(o); value != nil {
			if err := l.overlay(o.path, value); err != nil {
				l.addAt(o.path, o.name, "%v", err)
			}
		}
	}
}

func (l *loader) warnOfUnknown(variables []string) {
	for _, name := range variables {
		if !isOrchestrators(name) {
			l.warnings = append(l.warnings, Problem{Where: name, Message: "no key has this name; only an env: reference can use this variable"})
		}
	}
}

// decode makes the Config. What the file and the environment hold was checked
// before, so an error here is in Defaults or Overrides.
func (l *loader) decode() (*Config, error) {
	var c Config
	err := l.viper.UnmarshalExact(&c, viper.DecodeHook(mapstructure.DecodeHookFuncType(decodeScalar)),
		func(d *mapstructure.DecoderConfig) {
			d.TagName = "yaml"
			d.WeaklyTypedInput = false
			d.MatchName = func(key, field string) bool { return key == field } // each key was spelled right, or it was refused
		})
	if err != nil {
		return nil, fmt.Errorf("decode configuration: %w", err)
	}
	return &c, nil
}

// folder is where relative paths of the configuration start.
func (l *loader) folder() string { return filepath.Dir(l.File) }

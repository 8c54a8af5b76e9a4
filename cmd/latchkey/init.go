package main

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/latchkey-id/latchkey/config"
	"github.com/spf13/cobra"
)

// initFlags are what `init` is told, by flags or by answers.
type initFlags struct {
	dir, issuer, certificate, key, proxies, database, redis, listen string
}

func initCommand() *cobra.Command {
	var f initFlags
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Create a production configuration with new keys in a new folder",
		Long: "init writes latchkey.yaml, a sealing key and a hash key, readable only by you, and checks that the configuration\n" +
			"is valid. At a terminal it asks for whatever the flags leave open. It never overwrites a file.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.ask(cmd); err != nil {
				return err
			}
			return f.make(cmd)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.dir, "dir", "latchkey", "`folder` to create")
	flags.StringVar(&f.issuer, "issuer", "", "`URL` of the provider, such as https://id.example.com (required)")
	flags.StringVar(&f.certificate, "cert", "", "certificate `file`, if no proxy serves https")
	flags.StringVar(&f.key, "key", "", "`file` with the certificate's key")
	flags.StringVar(&f.proxies, "trusted-proxy", "", "`network` of the proxy that serves https, such as 10.0.0.0/8")
	flags.StringVar(&f.database, "database", "", "`URL` of PostgreSQL; default: SQLite in the folder")
	flags.StringVar(&f.redis, "redis", "", "`URL` of Redis; default: a table of the database")
	flags.StringVar(&f.listen, "listen", "", "`address` to listen on; default: :443 with a certificate, 127.0.0.1:8080 behind a proxy")
	return cmd
}

// ask fills in what no flag says, where a person can be asked.
func (f *initFlags) ask(cmd *cobra.Command) error {
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !isTerminal(in) || f.issuer != "" {
		return nil
	}
	lines := bufio.NewReader(in)
	for _, q := range []struct {
		question string
		answer   *string
		needed   func() bool
		check    func(string) error
	}{
		{"Address of the provider, such as https://id.example.com", &f.issuer, func() bool { return true }, checkIssuer},
		{"Certificate file (empty: a proxy serves https)", &f.certificate, func() bool { return f.certificate == "" && f.proxies == "" }, checkFile},
		{"Key file of the certificate", &f.key, func() bool { return f.certificate != "" && f.key == "" }, checkFile},
		{"Network of the proxy, such as 10.0.0.0/8", &f.proxies, func() bool { return f.certificate == "" && f.proxies == "" }, checkNetwork},
		{"PostgreSQL URL (empty: SQLite, one node)", &f.database, func() bool { return f.database == "" }, checkDatabase},
	} {
		for again := q.needed(); again; {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: ", q.question)
			line, err := readLine(cmd, lines)
			if errors.Is(err, io.EOF) {
				return errors.New("the answers ended early: nothing was created")
			}
			if err != nil {
				return err
			}
			*q.answer = strings.TrimSpace(line)
			if err = q.check(*q.answer); err != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), err)
			}
			again = err != nil
		}
	}
	return nil
}

func checkIssuer(answer string) error {
	if u, err := url.Parse(answer); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("use an address that begins with https://, without ? and #")
	}
	return nil
}

func checkFile(answer string) error {
	if answer == "" {
		return nil
	}
	if info, err := os.Stat(answer); err != nil || info.IsDir() {
		return fmt.Errorf("there is no file %s", answer)
	}
	return nil
}

func checkNetwork(answer string) error {
	if _, err := netip.ParsePrefix(answer); err != nil {
		return errors.New("use a network, such as 10.0.0.0/8, or 192.0.2.7/32 for one address")
	}
	return nil
}

func checkDatabase(answer string) error {
	if answer != "" && !strings.HasPrefix(answer, "postgres://") && !strings.HasPrefix(answer, "postgresql://") {
		return errors.New("use postgres://user:password@host/name, or nothing for SQLite")
	}
	return nil
}

func (f *initFlags) make(cmd *cobra.Command) error {
	switch {
	case f.issuer == "":
		return usagef("--issuer is missing: the address of the provider, such as https://id.example.com")
	case (f.certificate == "") != (f.key == ""):
		return usagef("--cert and --key go together")
	case f.certificate == "" && f.proxies == "":
		return usagef("say how https is served: --cert and --key, or --trusted-proxy with the network of the proxy that does")
	}
	dir, err := filepath.Abs(f.dir)
	if err != nil {
		return fmt.Errorf("--dir: %w", err)
	}
	file := filepath.Join(dir, "latchkey.yaml")
	text, err := f.text(dir)
	if err != nil {
		return err
	}
	var created []string
	for _, folder := range []string{dir, filepath.Join(dir, "data")} {
		if _, err := os.Stat(folder); err != nil {
			created = append(created, folder)
		}
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
	}
	for _, one := range []struct{ name, text string }{
		{"sealing-key", newKey()}, {"hash-key", newKey()}, {"database-url", f.database}, {"redis-url", f.redis}, {"latchkey.yaml", text},
	} {
		if one.text == "" {
			continue
		}
		name := filepath.Join(dir, one.name)
		if err := writeNew(name, one.text); err != nil {
			return errors.Join(err, removeAgain(created))
		}
		created = append(created, name)
	}
	loaded, err := config.Load(config.LoadOptions{File: file})
	if err != nil {
		return errors.Join(fmt.Errorf("%w\n(nothing was created)", err), removeAgain(created))
	}
	for _, w := range loaded.Warnings {
		fmt.Fprintln(cmd.ErrOrStderr(), "warning:", w)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "created %s\nback up sealing-key and hash-key next to it, separately from the database; then run\n"+
		"  latchkey migrate up --config %[1]s\n  latchkey user create --config %[1]s --email YOU --verified\n  latchkey serve --config %[1]s\n", file)
	return err
}

// text is the configuration file.
func (f *initFlags) text(dir string) (string, error) {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	listen := f.listen
	line("issuer: %s", f.issuer)
	if f.certificate != "" {
		certificate, err1 := filepath.Abs(f.certificate)
		key, err2 := filepath.Abs(f.key)
		if err := errors.Join(err1, err2); err != nil {
			return "", err
		}
		if listen == "" {
			listen = ":443"
		}
		line("listen: %q", listen)
		line("tls: {cert_file: %q, key_file: %q}", certificate, key)
	} else {
		if listen == "" {
			listen = "127.0.0.1:8080"
		}
		line("listen: %q", listen)
		line("trusted_proxies: [%q]", f.proxies)
	}
	if f.database == "" {
		line("database: {url: %q}", "sqlite://"+filepath.Join(dir, "data", "latchkey.db"))
	} else {
		line(`database: {url: "file:database-url"}`)
	}
	if f.redis != "" {
		line(`redis: {url: "file:redis-url"}`)
	}
	line("secrets:")
	line(`  sealing_keys: [{id: s1, key: "file:sealing-key"}]`)
	line(`  hash_keys: [{id: h1, key: "file:hash-key"}]`)
	line("# mail: {smtp_url: \"file:smtp-url\", from: \"Example <id@example.com>\"}")
	line("clients: []")
	return b.String(), nil
}

// removeAgain removes what was created, the last first, so that another try finds nothing in
// its way.
func removeAgain(created []string) error {
	var errs []error
	for _, name := range slices.Backward(created) {
		if err := os.Remove(name); err != nil {
			errs = append(errs, fmt.Errorf("clean up: %w", err))
		}
	}
	return errors.Join(errs...)
}

// newKey is 256 random bits.
func newKey() string {
	var key [32]byte
	rand.Read(key[:]) // never fails: crypto/rand documents that it crashes instead
	return base64.StdEncoding.EncodeToString(key[:]) + "\n"
}

// writeNew makes a file that only its owner reads. One that is there stays as it is:
// another key would make everything unreadable that was sealed.
func writeNew(name, text string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s already exists: nothing was overwritten", name)
	}
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

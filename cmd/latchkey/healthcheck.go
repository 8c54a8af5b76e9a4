package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"time"

	"github.com/latchkey-id/latchkey/config"
	"github.com/spf13/cobra"
)

// healthcheckTimeout bounds the whole probe.
const healthcheckTimeout = 5 * time.Second

// defaultProbe is asked where there is no configuration to look in.
const defaultProbe = "http://127.0.0.1:8080"

// healthcheckCommand probes a server for images that have no shell.
func healthcheckCommand() *cobra.Command {
	var file, address string
	var ready bool
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the server on this machine whether it is alive, or ready; exit 0 if it is",
		Long: "healthcheck asks the server at its configured listen address, over TLS if that is configured: " + livePath + ", which says\n" +
			"that the process is alive, or with --ready " + readyPath + ". If you restart the process on failure, use the first:\n" +
			"a restart fixes no database.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), healthcheckTimeout)
			defer cancel()
			client := http.DefaultClient
			if address == "" {
				cfg, err := configToProbe(file)
				if err != nil {
					return err
				}
				if address, err = probeAddress(cfg); err != nil {
					return err
				}
				address += map[bool]string{false: livePath, true: readyPath}[ready]
				client = loopbackClient()
			}
			return probe(ctx, client, address, cmd.OutOrStdout())
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&address, "url", "", "the `address` to ask instead")
	cmd.Flags().BoolVar(&ready, "ready", false, "ask whether the server is ready")
	return cmd
}

// configToProbe loads the configuration, which need not be there: an image may
// name a file by default that its container does without.
func configToProbe(file string) (*config.Config, error) {
	cfg, err := loadConfig(file)
	var usage *usageError
	if errors.As(err, &usage) || file == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return cfg, err
}

// probeAddress is where a server with the configuration is reached from its own machine.
func probeAddress(cfg *config.Config) (string, error) {
	if cfg == nil {
		return defaultProbe, nil
	}
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if cfg.TLS.Enabled() {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port), nil
}

// loopbackClient asks our own process on our own machine: its certificate is for
// the name that others know it by, and proves nothing here.
func loopbackClient() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
}

func probe(ctx context.Context, client *http.Client, address string, out io.Writer) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return usagef("healthcheck: %w", err)
	}
	response, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("healthcheck: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("healthcheck: %w", err)
	}
	fmt.Fprintln(out, string(body))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("healthcheck: %s", response.Status)
	}
	return nil
}

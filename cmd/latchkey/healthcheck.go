package main

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// healthcheckTimeout bounds the whole probe.
const healthcheckTimeout = 5 * time.Second

// healthcheckCommand probes a server for images that have no shell.
func healthcheckCommand() *cobra.Command {
	var address string
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a running server whether it is ready; exit 0 if it is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client := &http.Client{Timeout: healthcheckTimeout}
			r, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, address, nil)
			if err != nil {
				return fmt.Errorf("healthcheck: %w", err)
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
			fmt.Fprintln(cmd.OutOrStdout(), string(body))
			if response.StatusCode != http.StatusOK {
				return fmt.Errorf("healthcheck: %s", response.Status)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&address, "url", "http://127.0.0.1:8080/readyz", "the `address` to ask")
	return cmd
}

package main

import (
	"fmt"
	"os"

	"github.com/latchkey-id/latchkey/config"
	"github.com/spf13/cobra"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check a configuration, say what it changes, and which one runs"}
	cmd.AddCommand(configValidateCommand(), configSchemaCommand(), configDiffCommand(), configApplyCommand(), configStatusCommand())
	return cmd
}

func configValidateCommand() *cobra.Command {
	var file string
	var expect expectFlags
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check a configuration and report every problem at once",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(file)
			if err != nil {
				return err
			}
			for _, w := range c.Warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), "warning:", w)
			}
			if err := expect.run(cmd, file, c); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is valid: %d clients\n", configFile(file), len(c.Clients))
			return err
		},
	}
	configFlag(cmd, &file)
	expect.register(cmd)
	return cmd
}

func configSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the configuration, for editors",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(config.Schema())
			return err
		},
	}
}

func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", "", "configuration `file` (YAML); default: "+configVariable)
}

// loadConfig loads the configuration of a server.
func loadConfig(file string) (*config.Config, error) {
	if file = configFile(file); file == "" {
		return nil, usagef("--config FILE is missing, and %s is not set", configVariable)
	}
	return config.Load(config.LoadOptions{File: file})
}

// configVariable names the configuration file where no flag does.
const configVariable = "LATCHKEY_CONFIG"

// configFile is the file of a flag, or else of the environment.
func configFile(flag string) string {
	if flag != "" {
		return flag
	}
	return os.Getenv(configVariable)
}

// Command latchkey is an OpenID Connect provider that people host themselves.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks to stop in good order; a second one, of somebody who
	// does not want to wait for that, ends the process.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program: it returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(stderr, "latchkey:", err)
	}
	return exitStatus(err)
}

// rootCommand is the whole tree of commands.
func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "latchkey",
		Short:         "An OpenID Connect provider that you host yourself",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
	}
	root.SetVersionTemplate(versionLine())
	root.AddCommand(
		devCommand(), serveCommand(), migrateCommand(), configCommand(),
		userCommand(), groupCommand(), inviteCommand(), clientCommand(), sessionCommand(), grantCommand(), auditCommand(), eventsCommand(), outboxCommand(), mailCommand(), smsCommand(),
		keysCommand(), lockdownCommand(), epochCommand(), backupCommand(), restoreCommand(), explainCommand(), traceCommand(), doctorCommand(), initCommand(), healthcheckCommand(), versionCommand(), adminCommand(),
	)
	completes(root)
	strictUsage(root)
	withExamples(root)
	return root
}

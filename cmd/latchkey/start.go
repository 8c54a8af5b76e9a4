package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// The waits between tries to reach a store while a process starts: each doubles.
const (
	firstStartWait = 250 * time.Millisecond
	longStartWait  = 5 * time.Second
)

// untilReachable calls open until it succeeds, for as long as patience: a
// database that starts beside us needs its time. What is wrong for good (a URL,
// another program's tables) is not tried again.
func untilReachable(ctx context.Context, log *slog.Logger, patience time.Duration, open func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("timeouts.start has passed"))
	defer cancel()
	for wait := firstStartWait; ; wait = min(2*wait, longStartWait) {
		err := open(context.WithoutCancel(ctx))
		if err == nil || !isUnreachable(err) {
			return err
		}
		log.WarnContext(ctx, "a store cannot be reached yet", "error", err, "next_try_in", wait.String())
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(wait):
		}
	}
}

// isUnreachable reports whether an error is that a store does not answer, which
// may pass.
func isUnreachable(err error) bool { return errors.Is(err, storage.ErrUnavailable) }

// listen listens on an address. key is where people set it.
func listen(ctx context.Context, address, key string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: another program already listens on %s; stop it, or choose another port", key, address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: this user may not listen on %s; choose a port above 1023, and have a proxy listen on the lower one", key, address)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return l, nil
}

// Package task starts the long-lived parts of a server together and stops them
// together.
package task

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
)

// Func is one of them: it runs until its context is done. An error of one ends all.
type Func func(context.Context) error

// All runs the tasks until one fails or ctx is done, and returns when every one
// has ended.
func All(ctx context.Context, tasks ...Func) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, task := range tasks {
		group.Go(func() error { return task(ctx) })
	}
	return group.Wait()
}

// Server serves on the listener until its context is done, then lets requests
// under way finish for as long as drain. It speaks TLS where the server has a
// configuration for that.
func Server(s *http.Server, l net.Listener, drain time.Duration) Func {
	return func(ctx context.Context) error {
		failed := make(chan error, 1)
		go func() {
			if s.TLSConfig != nil {
				failed <- s.ServeTLS(l, "", "")
			} else {
				failed <- s.Serve(l)
			}
		}()
		select {
		case err := <-failed:
			return fmt.Errorf("serve %s: %w", l.Addr(), err)
		case <-ctx.Done():
		}
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		if err := s.Shutdown(draining); err != nil {
			return errors.Join(fmt.Errorf("drain %s: %w", l.Addr(), err), s.Close())
		}
		return nil
	}
}

// Every calls do at each interval until its context is done. do logs its own
// failures: the next call tries again.
func Every(interval time.Duration, do func(context.Context)) Func {
	return func(ctx context.Context) error {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
				do(ctx)
			}
		}
	}
}

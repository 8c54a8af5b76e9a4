package main

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// result is how often something was done in a second, and how long it took.
type result struct {
	PerSecond float64
	P50, P99  time.Duration
	// Done counts everything, what came before the measurement included.
	Done int
	// CPU is what one cost the node of a core's time; zero for a floor.
	CPU time.Duration
}

// work does a thing once. An error of one ends the run.
type work func() error

// measure lets workers do their work at once, each for itself, for as long as
// the settings say.
func (s settings) measure(ctx context.Context, workers []work) (result, error) {
	begin := time.Now().Add(s.warmup)
	end := begin.Add(s.duration)
	took, done := make([][]time.Duration, len(workers)), make([]int, len(workers))
	group, ctx := errgroup.WithContext(ctx)
	for i, do := range workers {
		took[i] = make([]time.Duration, 0, 1<<16)
		group.Go(func() error {
			for last := time.Now(); ctx.Err() == nil; {
				if err := do(); err != nil {
					return err
				}
				done[i]++
				now := time.Now()
				if now.After(end) {
					return nil
				}
				if last.After(begin) {
					took[i] = append(took[i], now.Sub(last))
				}
				last = now
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return result{}, err
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	r := result{PerSecond: float64(len(all)) / s.duration.Seconds(), P50: percentile(all, 50), P99: percentile(all, 99)}
	for _, n := range done {
		r.Done += n
	}
	return r, nil
}

// percentile returns the value that so many in a hundred of the sorted values
// do not exceed.
func percentile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)-1)*percent/100]
}

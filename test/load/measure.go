package main

import (
	"context"
	"fmt"
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

// contender is something to measure: the work of each connection, and the node whose
// time it takes, nil for a floor.
type contender struct {
	workers []work
	node    *latchkey
}

// slice is how long one contender is measured before it is another's turn: so short
// that what else the machine does meets all of them alike.
const slice = 250 * time.Millisecond

// measure lets workers do their work at once, each for itself, for as long as
// the settings say.
func (s settings) measure(ctx context.Context, c contender) (result, error) {
	results, err := s.measureInTurn(ctx, c)
	if err != nil {
		return result{}, err
	}
	return results[0], nil
}

// measureInTurn measures contenders in slices of time, there and back again: A, B, B, A.
// Each gets as long as the settings say.
func (s settings) measureInTurn(ctx context.Context, contenders ...contender) ([]result, error) {
	length := slice
	if len(contenders) == 1 {
		length = s.duration
	}
	samples, warmed := make([]sample, len(contenders)), make([]int, len(contenders))
	order := make([]int, len(contenders))
	for i, c := range contenders {
		warm, err := c.run(ctx, s.warmup)
		if err != nil {
			return nil, err
		}
		order[i], warmed[i] = i, len(warm.took)
	}
	for left := s.duration; left > 0; left -= length {
		for _, i := range order {
			one, err := contenders[i].run(ctx, min(length, left))
			if err != nil {
				return nil, err
			}
			samples[i].add(one)
		}
		slices.Reverse(order)
	}
	results := make([]result, len(contenders))
	for i, all := range samples {
		results[i] = all.result()
		results[i].Done += warmed[i]
	}
	return results, nil
}

// sample is what was seen of a contender: how long each answer took, and for how long
// all that went on.
type sample struct {
	took          []time.Duration
	cpu, duration time.Duration
}

func (s *sample) add(other sample) {
	s.took = append(s.took, other.took...)
	s.cpu += other.cpu
	s.duration += other.duration
}

func (s *sample) result() result {
	slices.Sort(s.took)
	done := len(s.took)
	r := result{PerSecond: float64(done) / s.duration.Seconds(), P50: percentile(s.took, 50), P99: percentile(s.took, 99), Done: done}
	if done > 0 {
		r.CPU = s.cpu / time.Duration(done)
	}
	return r
}

// run lets the workers work until the time is over, and finish what they are at.
func (c contender) run(ctx context.Context, duration time.Duration) (sample, error) {
	before, err := c.cpu()
	if err != nil {
		return sample{}, err
	}
	took, begin := make([][]time.Duration, len(c.workers)), time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for i, do := range c.workers {
		group.Go(func() error {
			for last := begin; last.Sub(begin) < duration; {
				if err := do(); err != nil {
					return err
				}
				now := time.Now()
				took[i] = append(took[i], now.Sub(last))
				last = now
				if err := ctx.Err(); err != nil {
					return fmt.Errorf("stopped: %w", err)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return sample{}, err
	}
	ended := time.Since(begin)
	after, err := c.cpu()
	return sample{took: slices.Concat(took...), cpu: after - before, duration: ended}, err
}

// cpu is the time of cores that the contender's node has used so far.
func (c contender) cpu() (time.Duration, error) {
	if c.node == nil {
		return 0, nil
	}
	return c.node.cpu()
}

// percentile returns the value that so many in a hundred of the sorted values
// do not exceed.
func percentile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)-1)*percent/100]
}

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
	// slices are what it was made of, where others were measured in turn.
	slices []sample
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
	found, warmed := make([][]sample, len(contenders)), make([]int, len(contenders))
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
			found[i] = append(found[i], one)
		}
		slices.Reverse(order)
	}
	results := make([]result, len(contenders))
	for i, slices := range found {
		results[i] = resultOf(slices)
		results[i].Done += warmed[i]
	}
	return results, nil
}

// sample is what was seen of a contender in a slice: how long each answer took, and for
// how long all that went on.
type sample struct {
	took          []time.Duration
	cpu, duration time.Duration
}

func (s sample) perSecond() float64 { return float64(len(s.took)) / s.duration.Seconds() }

func (s sample) p50() float64 {
	return float64(percentile(slices.Sorted(slices.Values(s.took)), 50))
}

func (s sample) cpuOfOne() float64 { return float64(s.cpu) / float64(max(1, len(s.took))) }

// resultOf adds slices up.
func resultOf(found []sample) result {
	var all sample
	for _, one := range found {
		all.took = append(all.took, one.took...)
		all.cpu += one.cpu
		all.duration += one.duration
	}
	slices.Sort(all.took)
	return result{
		PerSecond: all.perSecond(), P50: percentile(all.took, 50), P99: percentile(all.took, 99), Done: len(all.took),
		CPU: time.Duration(all.cpuOfOne()), slices: found,
	}
}

// changed is how far a result is from another that was measured in turn with it, as
// share: the median over the pairs of slices that lie beside each other, which what
// else the machine did for a while does not move.
func (r result) changed(from result, of func(sample) float64) float64 {
	var shares []float64
	for i := range min(len(r.slices), len(from.slices)) {
		if before := of(from.slices[i]); before > 0 {
			shares = append(shares, of(r.slices[i])/before-1)
		}
	}
	if len(shares) == 0 {
		return 0
	}
	slices.Sort(shares)
	n := len(shares)
	return (shares[(n-1)/2] + shares[n/2]) / 2
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

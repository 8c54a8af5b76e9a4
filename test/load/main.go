// Command load measures a Latchkey node on this machine, beside what the
// machine gives: `make bench` runs it, docs/performance.md shows and explains
// its table.
//
// It starts PostgreSQL (flushing to disk, as it comes), Redis and the node by
// itself, sends each row's requests over eight kept connections for a bounded
// time, and fails if a single answer is not the expected one. It shares the
// machine with the node, so it speaks HTTP in as few instructions as it can.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime/debug"
	"syscall"
	"time"
)

// settings are what the command line says.
type settings struct {
	binary      string
	against     string
	output      string
	dir         string
	only        *regexp.Regexp
	connections int
	starts      int
	warmup      time.Duration
	duration    time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.binary, "binary", "bin/latchkey", "`path` of the node's binary")
	flag.StringVar(&s.against, "against", "", "`path` of another version's binary: nodes of both answer in turn, and how they differ is printed")
	flag.StringVar(&s.output, "o", "", "`file` whose table is replaced, besides being printed")
	flag.StringVar(&s.dir, "dir", "/var/tmp", "`folder` for the databases, on a disk like the one of a real server")
	only := flag.String("only", "", "measure only what has a name that the `expression` matches")
	flag.IntVar(&s.connections, "connections", 8, "connections that send requests")
	flag.IntVar(&s.starts, "starts", 9, "starts whose median is shown")
	flag.DurationVar(&s.warmup, "warmup", time.Second, "time before each measurement")
	flag.DurationVar(&s.duration, "duration", 5*time.Second, "time of each measurement")
	bare := flag.Bool("bare", false, "serve as the bare HTTP server that a row is compared with")
	flag.Parse()
	s.only = regexp.MustCompile(*only)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := s.run
	switch {
	case *bare:
		run = serveBare
	case s.against != "":
		run = s.compare
	}
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		stop()
		os.Exit(1)
	}
}

// wants reports whether a row or floor is to be measured.
func (s settings) wants(name string) bool { return s.only.MatchString(name) }

// run measures everything and writes the table.
func (s settings) run(ctx context.Context, out io.Writer) (err error) {
	debug.SetGCPercent(800) // what collects here is not left for the node
	host, err := newHost(s.dir)
	if err != nil {
		return err
	}
	defer host.close(&err)
	t := table{settings: s, machine: describeMachine(ctx)}
	postgres, redis := host.postgres(), host.redis()
	if t.floors, err = s.floors(ctx, host, postgres, redis); err != nil {
		return err
	}
	for _, stores := range []stores{
		{Name: "PostgreSQL and Redis", Database: host.postgres(), Redis: redis},
		{Name: "embedded"},
	} {
		measured, err := s.node(ctx, host, stores)
		if err != nil {
			return fmt.Errorf("%s: %w", stores.Name, err)
		}
		t.nodes = append(t.nodes, measured)
	}
	if t.binary, err = os.Stat(s.binary); err != nil {
		return fmt.Errorf("size of the binary: %w", err)
	}
	text := t.markdown()
	fmt.Fprint(out, text)
	if s.output == "" {
		return nil
	}
	return replaceTable(s.output, text)
}

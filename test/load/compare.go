package main

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// compare measures nodes of two versions in turn, each with stores of its own, and
// writes how the binary that is measured differs from the other.
func (s settings) compare(ctx context.Context, out io.Writer) (err error) {
	debug.SetGCPercent(800) // what collects here is not left for the nodes
	host, err := newHost(s.dir)
	if err != nil {
		return err
	}
	defer host.close(&err)
	fmt.Fprintf(out, "%s. %d connections, %s a row.\n", describeMachine(ctx), s.connections, s.duration)
	for _, kind := range []func() stores{
		func() stores { return stores{"PostgreSQL and Redis", host.postgres(), host.redis()} },
		func() stores { return stores{Name: "embedded"} },
	} {
		if err := s.compareOn(ctx, host, kind, out); err != nil {
			return err
		}
	}
	return nil
}

// compareOn is compare on one kind of stores.
func (s settings) compareOn(ctx context.Context, h *host, kind func() stores, out io.Writer) error {
	var sides [2]entry
	for i, binary := range []string{s.binary, s.against} {
		in, err := newPlainInstallation(h.TempDir(), binary, kind())
		if err != nil {
			return err
		}
		node, err := in.start(ctx)
		if err != nil {
			return err
		}
		defer node.stop()
		p, err := newParty(ctx, in, node, s.connections)
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", binary, err, node.log.String())
		}
		sides[i] = entry{in: in, p: p}
	}
	line := func(cells ...string) { fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | ")) }
	fmt.Fprintln(out)
	line(sides[0].in.stores.Name, "a second", "before", "", "p50", "before", "", "p99", "before", "CPU", "before", "")
	line("---" + strings.Repeat(" | --:", 11))
	for _, r := range rows {
		if !r.Old || !s.wants(r.Name) {
			continue
		}
		sides[0].row, sides[1].row = r, r
		found, err := s.rowsInTurn(ctx, sides[:]...)
		if err != nil {
			return err
		}
		now, before := found[0], found[1]
		line(r.Name, rate(now.PerSecond), rate(before.PerSecond), now.change(before, sample.perSecond),
			short(now.P50), short(before.P50), now.change(before, sample.p50), short(now.P99), short(before.P99),
			cpu(now.CPU), cpu(before.CPU), now.change(before, sample.cpuOfOne))
	}
	return nil
}

// newPlainInstallation writes a configuration that versions of long ago take too.
func newPlainInstallation(dir, binary string, s stores) (*installation, error) {
	in := emptyInstallation(dir, binary, s)
	return in, in.write(fmt.Sprintf(`clients:
  - id: %s
    type: confidential
    secret: %s
    redirect_uris: [%s]
    scopes: [openid, profile, email, offline_access]
    id_token_signing_alg: ES256
  - id: %s
    type: service
    secret: %s
    scopes: [read, write]
`, application, in.secrets[application], redirectURI, service, in.secrets[service]))
}

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// table is everything that was measured.
type table struct {
	settings settings
	machine  string
	floors   []floor
	nodes    []*measured
	binary   fs.FileInfo
}

// markdown writes the table as docs/performance.md has it.
func (t *table) markdown() string {
	var b strings.Builder
	line := func(cells ...string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	fmt.Fprintf(&b, "%s, %s. %d connections, %s a row.\n\n", t.machine, time.Now().UTC().Format(time.DateOnly), t.settings.connections, t.settings.duration)

	head, rule := []string{"a second"}, []string{"---"}
	for _, n := range t.nodes {
		head = append(head, n.stores.Name, "p50", "p99", "CPU")
		rule = append(rule, "--:", "--:", "--:", "--:")
	}
	line(append(head, "aim")...)
	line(append(rule, "--:")...)
	for _, r := range append(slices.Clone(rows), withCertificate, fanOut, oneOfMany) {
		cells := []string{r.Name}
		for _, n := range t.nodes {
			measured := n.results[r.Name]
			cells = append(append(cells, measured.cells()...), cpu(measured.CPU))
		}
		line(append(cells, rate(float64(r.Aim)))...)
	}

	b.WriteString("\n")
	t.differences(line)

	b.WriteString("\n")
	line("what the machine gives, a second", "", "p50", "p99")
	line("---", "--:", "--:", "--:")
	for _, f := range t.floors {
		line(append([]string{f.Name}, f.cells()...)...)
	}

	b.WriteString("\n")
	head, rule = []string{"the node"}, []string{"---"}
	ready, many := []string{"exec to ready, median"}, []string{"the same with 10,000 clients"}
	idle, peak := []string{"memory when idle"}, []string{"most memory under that load"}
	for _, n := range t.nodes {
		head, rule = append(head, n.stores.Name), append(rule, "--:")
		ready = append(ready, fmt.Sprintf("%.0f ms", float64(n.ready.Microseconds())/1000))
		many = append(many, fmt.Sprintf("%.0f ms", float64(n.readyWithMany.Microseconds())/1000))
		idle, peak = append(idle, megabytes(n.idle)), append(peak, megabytes(n.peak))
	}
	line(append(head, "aim")...)
	line(append(rule, "--:")...)
	line(append(ready, "50 ms")...)
	line(append(many, "")...)
	line(append(idle, "30 MB")...)
	line(append(peak, "100 MB")...)
	size := []string{"size of the binary"}
	for range t.nodes {
		size = append(size, megabytes(t.binary.Size()))
	}
	line(append(size, "40 MB")...)
	return b.String()
}

// differences writes how far rows are from those that they were measured in turn with.
func (t *table) differences(line func(cells ...string)) {
	head, rule := []string{"against the same without, measured in turn"}, []string{"---"}
	for _, n := range t.nodes {
		head, rule = append(head, n.stores.Name, "p50", "CPU"), append(rule, "--:", "--:", "--:")
	}
	line(head...)
	line(rule...)
	for _, r := range rows {
		if r.Beside == "" {
			continue
		}
		cells := []string{r.Name}
		for _, n := range t.nodes {
			with, without := n.results[r.Name], n.beside[r.Name]
			cells = append(cells, with.change(without, sample.perSecond), with.change(without, sample.p50), with.change(without, sample.cpuOfOne))
		}
		line(cells...)
	}
}

// change spells how far a result is from another, in percent.
func (r result) change(from result, of func(sample) float64) string {
	if len(from.slices) == 0 {
		return ""
	}
	return strings.Replace(fmt.Sprintf("%+.1f %%", 100*r.changed(from, of)), "-", "−", 1)
}

// cells are a result's three: a second, p50 and p99.
func (r result) cells() []string {
	if r.PerSecond == 0 {
		return []string{"", "", ""}
	}
	return []string{rate(r.PerSecond), short(r.P50), short(r.P99)}
}

// rate spells a number with three digits that count.
func rate(n float64) string {
	if n == 0 {
		return ""
	}
	unit := 1
	for n/float64(unit) >= 1000 {
		unit *= 10
	}
	digits := fmt.Sprint(int(n/float64(unit)+0.5) * unit)
	if len(digits) > 3 {
		digits = digits[:len(digits)-3] + "," + digits[len(digits)-3:]
	}
	return digits
}

func short(d time.Duration) string {
	switch {
	case d < 100*time.Microsecond:
		return fmt.Sprintf("%.0f µs", float64(d.Nanoseconds())/1e3)
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d.Nanoseconds())/1e6)
	}
	return fmt.Sprintf("%.0f ms", float64(d.Nanoseconds())/1e6)
}

func cpu(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%d µs", d.Microseconds())
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// describeMachine says what everything ran on.
func describeMachine(ctx context.Context) string {
	parts := []string{fmt.Sprintf("%d cores of %s", runtime.NumCPU(), processor())}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		parts = append(parts, "Linux "+strings.TrimSpace(string(release)))
	}
	for _, command := range [][]string{{"psql", "--version"}, {"redis-server", "--version"}} {
		output, err := exec.CommandContext(ctx, command[0], command[1:]...).Output()
		if err != nil {
			continue // a server elsewhere, or a client that is not installed: the line says less
		}
		parts = append(parts, version(string(output)))
	}
	return strings.Join(append(parts, runtime.Version()), ", ")
}

// version finds the words that name a program's version in what it says of it.
func version(text string) string {
	fields := strings.Fields(text)
	switch {
	case len(fields) >= 3 && fields[0] == "psql":
		return "PostgreSQL " + fields[2]
	case len(fields) >= 3 && fields[0] == "Redis":
		return "Redis " + strings.TrimPrefix(fields[2], "v=")
	}
	return strings.TrimSpace(text)
}

func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	name, err := between(info, []byte("model name"), '\n')
	if err != nil {
		return runtime.GOARCH
	}
	return strings.TrimLeft(string(name), "\t :")
}

// The marks around the table in a document.
const (
	tableBegins = "<!-- measured: begin -->\n"
	tableEnds   = "<!-- measured: end -->"
)

// replaceTable puts the table between the marks of a document.
func replaceTable(path, text string) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	before, rest, begins := strings.Cut(string(document), tableBegins)
	_, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return fmt.Errorf("%s has no %q and %q", path, strings.TrimSpace(tableBegins), tableEnds)
	}
	if err := os.WriteFile(path, []byte(before+tableBegins+"\n"+text+"\n"+tableEnds+after), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

package metrics

import (
	"bytes"
	"fmt"
	"strings"

	vm "github.com/VictoriaMetrics/metrics"
)

// families are the metrics of one server. The library knows a metric by its
// whole name, labels included, and has no help text: both are done here.
type families struct {
	set  *vm.Set
	help map[string]string
}

func newFamilies() *families {
	vm.ExposeMetadata(true) // HELP and TYPE lines
	return &families{set: vm.NewSet(), help: map[string]string{}}
}

// counters are the counters of one name, one for each set of label values.
type counters struct {
	set    *vm.Set
	name   string
	labels []string
}

func (f *families) counters(name, help string, labels ...string) counters {
	f.help[name] = help
	return counters{set: f.set, name: name, labels: labels}
}

// with returns the counter of label values.
func (c counters) with(values ...string) *vm.Counter {
	return c.set.GetOrCreateCounter(series(c.name, c.labels, values))
}

// gauges are the gauges of one name.
type gauges counters

func (f *families) gauges(name, help string, labels ...string) gauges {
	return gauges(f.counters(name, help, labels...))
}

// with returns the gauge of label values.
func (g gauges) with(values ...string) *vm.Gauge {
	return g.set.GetOrCreateGauge(series(g.name, g.labels, values), nil)
}

// histograms are the histograms of one name, one for each value of a label.
type histograms struct {
	set         *vm.Set
	name, label string
	bounds      []float64
}

func (f *families) histograms(name, help, label string, bounds []float64) histograms {
	f.help[name] = help
	return histograms{set: f.set, name: name, label: label, bounds: bounds}
}

// with returns the histogram of a label's value.
func (h histograms) with(value string) *vm.PrometheusHistogram {
	return h.set.GetOrCreatePrometheusHistogramExt(series(h.name, []string{h.label}, []string{value}), h.bounds)
}

// escape writes a label's value as the text format wants it.
var escape = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)

// series is the whole name of a metric, as `name{label="value"}`.
func series(name string, labels, values []string) string {
	if len(labels) == 0 {
		return name
	}
	var b strings.Builder
	b.WriteString(name)
	for i, label := range labels {
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&b, `%s="%s"`, label, escape.Replace(values[i]))
	}
	b.WriteByte('}')
	return b.String()
}

// text is everything in Prometheus' text format, the process' own included.
func (f *families) text() []byte {
	var written, text bytes.Buffer
	f.set.WritePrometheus(&written)
	for line := range bytes.Lines(written.Bytes()) {
		if name, ok := bytes.CutPrefix(line, []byte("# HELP ")); ok {
			fmt.Fprintf(&text, "# HELP %s %s\n", bytes.TrimSpace(name), f.help[string(bytes.TrimSpace(name))])
			continue
		}
		text.Write(line)
	}
	vm.WriteProcessMetrics(&text)
	vm.WriteFDMetrics(&text)
	return text.Bytes()
}

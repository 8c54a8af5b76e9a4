package console

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// chart is a bar for each day, of one or more series on top of each other. It is an
// image to who sees it; its numbers stand in a table below, for everybody.
type chart struct {
	// Label says what it shows; Caption the same, where its block has several. Max is the
	// highest bar.
	Label, Caption, Max string
	Series              []series
	Bars                []bar
	// Days is how wide it is, in days; First and Last are those at its ends.
	Days        int
	First, Last string
	// Fold names the fold that the table is in.
	Fold    string
	Numbers *table
}

// series is a color of a chart, and what it stands for. Sum is that of all days.
type series struct{ Class, Label, Sum string }

// bar is a rectangle of a chart, of which each day is 10 wide and the highest is 100 high.
type bar struct{ Class, X, Y, Height, Title string }

// chartDays is how many days charts show.
const chartDays = 30

// height is that of the highest bar.
const height = 100

// counted is a series as it is counted: by kind and label.
type counted struct {
	class, label string
	kind         storage.NumberKind
	of           string
}

// chart makes a chart of the numbers of the days since first.
func (s *screen) chart(label string, numbers []storage.DailyNumber, first time.Time, of ...counted) *chart {
	c := &chart{Label: label, Days: chartDays, Fold: s.T("console.chart_numbers")}
	day := func(i int) time.Time { return first.AddDate(0, 0, i) }
	name := func(i int) string { return s.Date(day(i).Add(12 * time.Hour)).Text }
	c.First, c.Last = name(0), name(chartDays-1)
	values, most := make([][chartDays]int64, len(of)), int64(0)
	for i, counted := range of {
		for _, n := range numbers {
			if at := int(n.Day.Sub(first) / (24 * time.Hour)); n.Kind == counted.kind && n.Label == counted.of && at >= 0 && at < chartDays {
				values[i][at] += n.N
			}
		}
	}
	c.Numbers = &table{Label: label, Columns: []string{s.T("console.day")}}
	for i, counted := range of {
		c.Numbers.Columns = append(c.Numbers.Columns, counted.label)
		sum := int64(0)
		for _, n := range values[i] {
			sum += n
		}
		c.Series = append(c.Series, series{counted.class, counted.label, strconv.FormatInt(sum, 10)})
	}
	for d := range chartDays {
		sum := int64(0)
		for i := range of {
			sum += values[i][d]
		}
		most = max(most, sum)
	}
	c.Max = strconv.FormatInt(most, 10)
	for d := range chartDays {
		top, cells := float64(height), []cell{text(name(d))}
		for i := range of {
			n := values[i][d]
			cells = append(cells, number(int(n)))
			if n == 0 {
				continue
			}
			high := max(float64(n)*height/float64(most), 1)
			top -= high
			c.Bars = append(c.Bars, bar{of[i].class, strconv.Itoa(d * 10), coordinate(top), coordinate(high), fmt.Sprintf("%s · %s: %d", name(d), of[i].label, n)})
		}
		c.Numbers.Rows = append(c.Numbers.Rows, row{Cells: cells})
	}
	slices.Reverse(c.Numbers.Rows) // the newest first
	return c
}

// coordinate spells a number for SVG.
func coordinate(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }

// share is a bar of how much of all something is, with the number beside it.
func share(n, all int64) cell {
	percent := 0.0
	if all > 0 {
		percent = float64(n) * height / float64(all)
	}
	return cell{Text: strconv.FormatInt(n, 10), Share: coordinate(min(percent, height)), Soft: strconv.FormatFloat(percent, 'f', 0, 64) + " %"}
}

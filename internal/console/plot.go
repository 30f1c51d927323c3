package console

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"latchkey/internal/page"
)

// plot is a picture of numbers over time, with one idea: it is drawn here, and
// the numbers stand in a table behind it.
type plot struct {
	ID    string // of the page, for what names the picture
	Title string // a key
	// Said is the picture in a sentence: a key and its arguments.
	Said     string
	SaidArgs []any
	Series   []series
	Points   []point
	// Lines draws lines, else the series stand on each other in bars.
	Lines bool
	// Unit writes a value; nil: as a whole number.
	Unit func(int64) string
}

// series is one of the things that are counted. Look is a class of the style
// sheet: done, bad, rest, half or most. Shapes differ, too, so that nobody needs to
// see colours.
type series struct{ Label, Look string }

// point is the values of the series at one time; one below 0 is none.
type point struct {
	At     time.Time
	Values []int64
}

// The picture's size in its own units, and the room for what is written beside
// it.
const (
	plotWide, plotHigh  = 480, 168
	plotLeft, plotRight = 60, 4
	plotTop, plotBottom = 12, 26
	inWide              = plotWide - plotLeft - plotRight
	inHigh              = plotHigh - plotTop - plotBottom
)

// most is the top of the scale: the first round number that no value passes.
func (p *plot) most() int64 {
	high := int64(1)
	for _, pt := range p.Points {
		sum := int64(0)
		for _, v := range pt.Values {
			if p.Lines {
				sum = max(sum, v)
			} else {
				sum += max(v, 0)
			}
		}
		high = max(high, sum)
	}
	for _, m := range []int64{1, 2, 4, 6, 8} {
		if m >= high {
			return m
		}
	}
	for scale := int64(1); scale < math.MaxInt64/1000; scale *= 10 {
		for _, m := range []int64{10, 12, 16, 20, 30, 40, 60, 80} {
			if m*scale >= high {
				return m * scale
			}
		}
	}
	return high
}

// total is the sum of a series.
func (p *plot) total(i int) (n int64) {
	for _, pt := range p.Points {
		n += max(pt.Values[i], 0)
	}
	return n
}

// write says a value.
func (p *plot) write(v int64) string {
	switch {
	case v < 0:
		return "–"
	case p.Unit != nil:
		return p.Unit(v)
	}
	return strconv.FormatInt(v, 10)
}

// daily says that the points are days, and not parts of one.
func (p *plot) daily() bool {
	return len(p.Points) > 1 && p.Points[1].At.Sub(p.Points[0].At) >= 24*time.Hour
}

// when writes the time of a point, short for the axis or whole for the table.
func (p *plot) when(at time.Time, whole bool) string {
	switch {
	case p.daily() && whole:
		return at.UTC().Format(time.DateOnly)
	case p.daily():
		return at.UTC().Format("01-02")
	case whole:
		return at.UTC().Format("2006-01-02 15:04")
	}
	return at.UTC().Format("15:04")
}

// tick is a mark of an axis.
type tick struct {
	X, Y string
	Text string
}

// acrossTicks are a few times beneath the picture: every sixth hour, or some
// days.
func (p *plot) acrossTicks() (list []tick) {
	every := max(1, (len(p.Points)+4)/5)
	for i, pt := range p.Points {
		at := pt.At.UTC()
		if p.daily() && (len(p.Points)-1-i)%every == 0 || !p.daily() && at.Hour()%6 == 0 && at.Minute() == 0 {
			list = append(list, tick{X: number(p.middle(i)), Y: number(plotHigh - 6), Text: p.when(pt.At, false)})
		}
	}
	return list
}

// upTicks are nothing, half and all of the scale.
func (p *plot) upTicks() (list []tick) {
	most := p.most()
	values := []int64{0, most}
	if most%2 == 0 {
		values = []int64{0, most / 2, most}
	}
	for _, v := range values {
		list = append(list, tick{Y: number(p.height(v, most)), Text: p.write(v)})
	}
	return list
}

func (p *plot) slot() float64 { return float64(inWide) / float64(max(1, len(p.Points))) }

func (p *plot) middle(i int) float64 { return plotLeft + (float64(i)+0.5)*p.slot() }

// height is where a value stands.
func (*plot) height(v, most int64) float64 {
	return plotTop + inHigh - float64(v)*inHigh/float64(most)
}

func number(f float64) string {
	return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0")
}

// bar is a part of a column.
type bar struct{ X, Y, Wide, High, Look string }

// column gives the bars of a point, from the bottom.
func (p *plot) column(i int) (list []bar) {
	most := p.most()
	wide := min(p.slot()*0.72, 40)
	sum := int64(0)
	for k, v := range p.Points[i].Values {
		if v <= 0 {
			continue
		}
		top, bottom := p.height(sum+v, most), p.height(sum, most)
		sum += v
		// What is there is seen, however little it is.
		list = append(list, bar{number(p.middle(i) - wide/2), number(min(top, bottom-1.5)), number(wide), number(max(bottom-top, 1.5)), p.Series[k].Look})
	}
	return list
}

// path is the line of a series; it is interrupted where there is no value.
func (p *plot) path(k int) string {
	most := p.most()
	var b strings.Builder
	pen := "M"
	for i, pt := range p.Points {
		if pt.Values[k] < 0 {
			pen = "M"
			continue
		}
		b.WriteString(pen + number(p.middle(i)) + " " + number(p.height(pt.Values[k], most)))
		pen = "L"
	}
	return b.String()
}

// dots are where a series has values.
func (p *plot) dots(k int) (list []tick) {
	most := p.most()
	for i, pt := range p.Points {
		if pt.Values[k] >= 0 {
			list = append(list, tick{X: number(p.middle(i)), Y: number(p.height(pt.Values[k], most)), Text: p.write(pt.Values[k])})
		}
	}
	return list
}

// table is the numbers behind the picture.
func (p *plot) table() table {
	t := table{Label: p.Title, Columns: []string{"console.plot.time"}}
	for _, s := range p.Series {
		t.Columns = append(t.Columns, s.Label)
	}
	for _, pt := range p.Points {
		r := tableRow{Cells: []cell{{Text: p.when(pt.At, true)}}}
		for _, v := range pt.Values {
			r.Cells = append(r.Cells, cell{Text: p.write(v)})
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// told is a point in words, for who points at it.
func (p *plot) told(ctx context.Context, i int) string {
	var parts []string
	for k, v := range p.Points[i].Values {
		parts = append(parts, labelOf(ctx, p.Series[k].Label)+": "+p.write(v))
	}
	return p.when(p.Points[i].At, true) + " · " + strings.Join(parts, ", ")
}

// empty says that there is nothing to draw.
func (p *plot) empty() bool {
	for _, pt := range p.Points {
		for _, v := range pt.Values {
			if v > 0 || p.Lines && v >= 0 {
				return false
			}
		}
	}
	return true
}

// said is the sentence that says the picture.
func (p *plot) said(ctx context.Context) templ.Component { return page.Say(ctx, p.Said, p.SaidArgs...) }

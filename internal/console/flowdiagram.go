package console

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Measures of a diagram, in the units of its viewBox.
const (
	boxWidth, boxHeight = 156, 44
	diamondHeight       = 56
	gapDown, gapAcross  = 28, 16
	framePad, frameHead = 14, 22
	bypass              = 28
	mostLetters         = 22 // of a name in a box
	letterWidth         = 7  // at most, on average
)

// shape is one thing in a diagram: a box, a diamond, a frame, a path or a text.
type shape struct {
	Kind       string // box, diamond, frame, path, word, end
	ID         string // the execution that it stands for
	X, Y, W, H int
	Text       string // a name, or a key
	Full       string // the whole name where Text is cut
	Path       string
	Off        bool // switched off
	Warned     bool
}

// diagram is a flow drawn: steps as boxes, alternatives as branches, conditions
// as diamonds.
type diagram struct {
	W, H   int
	Shapes []shape
}

// block is a part of a diagram: its size, where its line enters and leaves
// (from its left edge), and how it is drawn at a place.
type block struct {
	w, h, mid int
	draw      func(d *diagram, x, y int)
}

// diagram draws the flow.
func (t *flowTree) diagram() diagram {
	end := "console.diagram.end"
	if t.nobody {
		end = "console.diagram.nobody"
	}
	body := sequence([]block{ending("console.diagram.start"), levelBlock(t.top), ending(end)})
	d := diagram{W: body.w + 2, H: body.h + 2}
	body.draw(&d, 1, 1)
	// Lines lie under what they lead to.
	slices.SortStableFunc(d.Shapes, func(a, b shape) int { return layer(a) - layer(b) })
	return d
}

func layer(s shape) int {
	switch s.Kind {
	case "frame":
		return 0
	case "path":
		return 1
	}
	return 2
}

func ending(key string) block {
	return block{boxWidth, 24, boxWidth / 2, func(d *diagram, x, y int) {
		d.Shapes = append(d.Shapes, shape{Kind: "end", X: x, Y: y, W: boxWidth, H: 24, Text: key})
	}}
}

// levelBlock draws one level as it is evaluated: what is required in its order;
// where nothing is, the alternatives beside each other.
func levelBlock(level []*execution) block {
	var steps, alternatives []block
	for _, e := range level {
		if e.Requirement == disabled || e.isCondition() {
			continue
		}
		if e.Requirement == alternative {
			alternatives = append(alternatives, executionBlock(e))
		} else {
			steps = append(steps, executionBlock(e))
		}
	}
	switch {
	case len(steps) > 0:
		return sequence(steps)
	case len(alternatives) > 0:
		return branches(alternatives)
	}
	return block{boxWidth, 8, boxWidth / 2, func(d *diagram, x, y int) { d.line(x+boxWidth/2, y, x+boxWidth/2, y+8) }}
}

func executionBlock(e *execution) block {
	if !e.SubFlow || e.isForm() {
		return boxBlock(e)
	}
	if e.neverRun() {
		return skippedBlock(e)
	}
	inner := levelBlock(e.below)
	if e.Requirement == conditional {
		return conditionalBlock(e, inner)
	}
	return frameBlock(e, inner)
}

func boxBlock(e *execution) block {
	return block{boxWidth, boxHeight, boxWidth / 2, func(d *diagram, x, y int) {
		d.Shapes = append(d.Shapes, shape{Kind: "box", ID: e.ID, X: x, Y: y, W: boxWidth, H: boxHeight, Text: shorten(e.Name, mostLetters), Full: e.Name, Warned: len(e.warnings) > 0})
	}}
}

// skippedBlock is a conditional sub-flow that is never run: a diamond with one
// way on.
func skippedBlock(e *execution) block {
	return block{boxWidth, diamondHeight, boxWidth / 2, func(d *diagram, x, y int) {
		d.Shapes = append(d.Shapes, shape{Kind: "diamond", ID: e.ID, X: x, Y: y, W: boxWidth, H: diamondHeight, Text: shorten(e.Name, mostLetters-4), Full: e.Name, Warned: true},
			shape{Kind: "word", X: x + boxWidth/2 + 6, Y: y + diamondHeight + 15, Text: "console.diagram.no"})
	}}
}

// frameBlock is a sub-flow: its name over a frame around its steps.
func frameBlock(e *execution, inner block) block {
	w := max(inner.w, boxWidth) + 2*framePad
	left := (w - inner.w) / 2
	if lacks := letterWidth*utf8.RuneCountInString(shorten(e.Name, mostLetters)) + framePad - left - inner.mid; lacks > 0 {
		left, w = left+lacks, w+lacks // the name stands beside the line
	}
	return block{w, inner.h + frameHead + 2*framePad, left + inner.mid, func(d *diagram, x, y int) {
		d.Shapes = append(d.Shapes, shape{Kind: "frame", ID: e.ID, X: x, Y: y, W: w, H: inner.h + frameHead + 2*framePad, Text: shorten(e.Name, mostLetters), Full: e.Name, Warned: len(e.warnings) > 0})
		mid := x + left + inner.mid
		d.line(mid, y, mid, y+frameHead+framePad)
		inner.draw(d, x+left, y+frameHead+framePad)
		d.line(mid, y+frameHead+framePad+inner.h, mid, y+inner.h+frameHead+2*framePad)
	}}
}

// conditionalBlock is a sub-flow that is run when its conditions hold: a
// diamond for each, the steps below, and a way around.
func conditionalBlock(e *execution, inner block) block {
	conditions := e.conditions()
	half := max(inner.mid, boxWidth/2)
	w := max(half+max(inner.w-inner.mid, boxWidth/2), boxWidth) + bypass
	h := len(conditions)*(diamondHeight+gapDown) + inner.h + gapDown
	return block{w, h, half, func(d *diagram, x, y int) {
		mid, right := x+half, x+w-1
		for _, c := range conditions {
			d.Shapes = append(d.Shapes, shape{Kind: "diamond", ID: c.ID, X: mid - boxWidth/2, Y: y, W: boxWidth, H: diamondHeight, Text: shorten(strings.TrimPrefix(c.Name, "Condition - "), mostLetters-4), Full: c.Name, Warned: len(c.warnings) > 0})
			d.path("M", mid+boxWidth/2, y+diamondHeight/2, "H", right)
			d.Shapes = append(d.Shapes, shape{Kind: "word", X: mid + 6, Y: y + diamondHeight + 15, Text: "console.diagram.yes"},
				shape{Kind: "word", X: mid + boxWidth/2 + 2, Y: y + diamondHeight/2 - 5, Text: "console.diagram.no"})
			y += diamondHeight + gapDown
			d.line(mid, y-gapDown, mid, y)
		}
		from := y - gapDown - diamondHeight/2 - (len(conditions)-1)*(diamondHeight+gapDown)
		inner.draw(d, mid-inner.mid, y)
		y += inner.h
		d.line(mid, y, mid, y+gapDown)
		d.path("M", right, from, "V", y+gapDown/2, "H", mid)
	}}
}

// sequence puts blocks below each other, on one line.
func sequence(blocks []block) block {
	mid, after, h := 0, 0, -gapDown
	for _, b := range blocks {
		mid, after = max(mid, b.mid), max(after, b.w-b.mid)
		h += b.h + gapDown
	}
	return block{mid + after, h, mid, func(d *diagram, x, y int) {
		for i, b := range blocks {
			if i > 0 {
				d.arrow(x+mid, y-gapDown, y)
			}
			b.draw(d, x+mid-b.mid, y)
			y += b.h + gapDown
		}
	}}
}

// branches puts blocks beside each other, in the order in which they are tried.
func branches(blocks []block) block {
	if len(blocks) == 1 {
		return blocks[0]
	}
	w, h := -gapAcross, 0
	for _, b := range blocks {
		w += b.w + gapAcross
		h = max(h, b.h)
	}
	mid := w / 2
	return block{w, h + 2*gapDown, mid, func(d *diagram, x, y int) {
		at, first, last := x, 0, 0
		for i, b := range blocks {
			line := at + b.mid
			if i == 0 {
				first = line
			}
			last = line
			d.arrow(line, y+gapDown/2, y+gapDown)
			b.draw(d, at, y+gapDown)
			d.line(line, y+gapDown+b.h, line, y+h+3*gapDown/2)
			if i > 0 {
				d.Shapes = append(d.Shapes, shape{Kind: "word", X: line - 22, Y: y + gapDown/2 + 14, Text: "console.diagram.or"})
			}
			at += b.w + gapAcross
		}
		for _, bar := range []int{y + gapDown/2, y + h + 3*gapDown/2} {
			d.line(min(first, x+mid), bar, max(last, x+mid), bar)
		}
		d.line(x+mid, y, x+mid, y+gapDown/2)
		d.line(x+mid, y+h+3*gapDown/2, x+mid, y+h+2*gapDown)
	}}
}

func (d *diagram) line(x1, y1, x2, y2 int) { d.path("M", x1, y1, "L", x2, y2) }

func (d *diagram) arrow(x, from, to int) {
	d.path("M", x, from, "V", to, "M", x-4, to-6, "L", x, to, "L", x+4, to-6)
}

func (d *diagram) path(parts ...any) {
	var b strings.Builder
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			b.WriteString(v)
		case int:
			b.WriteString(strconv.Itoa(v) + " ")
		}
	}
	d.Shapes = append(d.Shapes, shape{Kind: "path", Path: strings.TrimSpace(b.String())})
}

// shorten cuts a name to what a shape holds.
func shorten(name string, most int) string {
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	return string([]rune(name)[:most-1]) + "…"
}

// viewBox is the size of the drawing.
func (d diagram) viewBox() string { return "0 0 " + strconv.Itoa(d.W) + " " + strconv.Itoa(d.H) }

// least is the class of how narrow the drawing may get, so that its letters can
// still be read: 70 of 100, in steps of 40 px. One that is wider than all steps
// keeps its size.
func (d diagram) least() string {
	if least := (d.W*7/10 + 39) / 40 * 40; least <= 1200 {
		return "least-" + strconv.Itoa(least)
	}
	return "whole"
}

// points are the corners of a diamond.
func (s shape) points() string {
	var b strings.Builder
	for _, p := range [][2]int{{s.X + s.W/2, s.Y}, {s.X + s.W, s.Y + s.H/2}, {s.X + s.W/2, s.Y + s.H}, {s.X, s.Y + s.H/2}} {
		b.WriteString(strconv.Itoa(p[0]) + "," + strconv.Itoa(p[1]) + " ")
	}
	return strings.TrimSpace(b.String())
}

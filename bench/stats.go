package main

import (
	"slices"
	"sync"
	"time"
)

// series are durations in any order.
type series []time.Duration

// quantile is the duration within which that part of them is, by the nearest
// rank; 0 of none. The series is sorted in place.
func (s series) quantile(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	slices.Sort(s)
	rank := int(q*float64(len(s))+0.999999) - 1
	return s[min(max(rank, 0), len(s)-1)]
}

// median is the middle one of numbers, the mean of the two in the middle.
func median(numbers []float64) float64 {
	if len(numbers) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(numbers))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// laps are how long each step of an operation took, of many operations.
type laps struct {
	mu    sync.Mutex
	names []string // in the order in which they were first seen
	of    map[string]series
}

func newLaps() *laps { return &laps{of: map[string]series{}} }

func (l *laps) add(step string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.of[step]; !ok {
		l.names = append(l.names, step)
	}
	l.of[step] = append(l.of[step], d)
}

// watch tells the steps of one operation apart: each begins where the one
// before it ended. Its hook, when set, is called after each.
type watch struct {
	laps *laps
	last time.Time
	hook func(step string)
}

func (l *laps) start() *watch { return &watch{laps: l, last: time.Now()} }

func (w *watch) lap(step string) {
	if w == nil {
		return
	}
	w.laps.add(step, time.Since(w.last))
	if w.hook != nil {
		w.hook(step)
	}
	w.last = time.Now()
}

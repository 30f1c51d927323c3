package main

import (
	"fmt"
	"strconv"
)

// gate is what an operation may cost, by signature algorithm. Zero is no gate.
type gate struct {
	rs256, es256 float64
}

// of is the gate for an algorithm.
func (g gate) of(algorithm string) float64 {
	if algorithm == "ES256" {
		return g.es256
	}
	return g.rs256
}

// The gates, server and database together, on two cores.
var (
	cpuGates = map[string]gate{ // σ an operation
		opSignIn: {3.7, 1.7}, opRefresh: {2.5, 0.4}, opClient: {1.4, 0.3}, opUserinfo: {0.25, 0.3}, opIntrospect: {0.25, 0.3},
		opDiscovery: {0.05, 0.05}, opKeys: {0.05, 0.05},
	}
	aloneP50  = gate{10, 8}   // ms, a sign-in alone
	crowdP99  = gate{100, 60} // ms, sixteen at once
	idleGate  = 40.0          // MiB
	underGate = 80.0          // MiB
)

// verdict says the limit and whether a figure keeps it.
func verdict(figure, limit float64) string {
	switch {
	case limit == 0:
		return ""
	case figure <= limit:
		return fmt.Sprintf("≤ %s met", short(limit))
	}
	return fmt.Sprintf("≤ %s **missed**", short(limit))
}

func short(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

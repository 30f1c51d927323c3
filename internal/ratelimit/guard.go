package ratelimit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The numbers of the guard. They are far above what people do and below what
// a database minds: the limits proper are the shared ones.
const (
	guardNetworkPerSecond = 500
	guardNetworkBurst     = 1000
	guardNodePerSecond    = 5000
	guardNodeBurst        = 10000
	guardNetworks         = 8192 // remembered at once
)

// Guard keeps a flood from reaching the database: a bucket for the node and
// one for each network that asks, in memory, so that a refusal costs nothing.
// It knows nothing of addresses, so its refusals tell nothing of them.
type Guard struct {
	mu       sync.Mutex
	node     *rate.Limiter
	networks map[string]*rate.Limiter
}

// NewGuard makes the guard of a node.
func NewGuard() *Guard {
	return &Guard{node: rate.NewLimiter(guardNodePerSecond, guardNodeBurst), networks: map[string]*rate.Limiter{}}
}

// Allow says whether the node takes another request of that network now.
func (g *Guard) Allow(ip string, now time.Time) bool {
	narrow, _ := Network(ip)
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.networks[narrow]
	if l == nil {
		if len(g.networks) >= guardNetworks {
			g.forget(now)
		}
		l = rate.NewLimiter(guardNetworkPerSecond, guardNetworkBurst)
		g.networks[narrow] = l
	}
	return l.AllowN(now, 1) && g.node.AllowN(now, 1)
}

// forget drops the networks whose bucket is full again, which is to know
// nothing of them; when all are busy, any half of them.
func (g *Guard) forget(now time.Time) {
	for network, l := range g.networks {
		if l.TokensAt(now) >= guardNetworkBurst {
			delete(g.networks, network)
		}
	}
	for network := range g.networks {
		if len(g.networks) < guardNetworks/2 {
			return
		}
		delete(g.networks, network)
	}
}

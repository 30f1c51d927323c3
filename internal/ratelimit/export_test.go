package ratelimit

// Remembered is how many networks the guard holds.
func Remembered(g *Guard) int { return len(g.networks) }

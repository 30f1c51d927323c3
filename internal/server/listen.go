package server

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"latchkey"
)

// listen opens a TCP listener. The error is a sentence that names the flag.
func listen(flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err == nil {
		return l, nil
	}
	message := fmt.Sprintf("Latchkey cannot listen on %s.", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		message = fmt.Sprintf("Another program listens on %s already. Stop it, or choose another address with --%s.", address, flag)
	case errors.Is(err, syscall.EACCES):
		message = fmt.Sprintf("Latchkey may not listen on %s. Choose a port above 1023 with --%s, or give it the right to.", address, flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		message = fmt.Sprintf("This machine has no address %s. Choose another with --%s.", address, flag)
	}
	return nil, &latchkey.Error{Code: latchkey.CodeUnavailable, Field: flag, Message: message, Err: err}
}

// bounded is a listener that refuses connections over a bound for all and one
// for each address. Trusted proxies, which bring many people, have the
// first bound only.
type bounded struct {
	net.Listener
	trusted []netip.Prefix
	total   int // bound for all
	each    int // bound for one address

	mu     sync.Mutex
	open   int
	byAddr map[netip.Addr]int
}

func bound(l net.Listener, trusted []netip.Prefix, total, each int) *bounded {
	return &bounded{Listener: l, trusted: trusted, total: total, each: each, byAddr: map[netip.Addr]int{}}
}

// Accept gives the next connection that is within the bounds; those that are
// not are closed.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		addr := network(c.RemoteAddr())
		if !b.enter(addr) {
			_ = c.Close()
			continue
		}
		return &boundedConn{Conn: c, leave: sync.OnceFunc(func() { b.leave(addr) })}, nil
	}
}

// network is the address itself for IPv4 and its /64 for IPv6, of which one
// customer has a whole one.
func network(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return ip
}

func (b *bounded) enter(addr netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open >= b.total || (b.byAddr[addr] >= b.each && !b.isTrusted(addr)) {
		return false
	}
	b.open++
	b.byAddr[addr]++
	return true
}

func (b *bounded) isTrusted(addr netip.Addr) bool {
	for _, p := range b.trusted {
		if p.Contains(addr) || (addr.Is6() && p.Overlaps(netip.PrefixFrom(addr, 64))) {
			return true
		}
	}
	return false
}

func (b *bounded) leave(addr netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	if b.byAddr[addr]--; b.byAddr[addr] <= 0 {
		delete(b.byAddr, addr)
	}
}

type boundedConn struct {
	net.Conn
	leave func()
}

// Close closes the connection and gives its place back once.
func (c *boundedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}

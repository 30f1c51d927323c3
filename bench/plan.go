package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// The operations.
const (
	opSignIn     = "sign-in"
	opRefresh    = "refresh"
	opClient     = "client credentials"
	opUserinfo   = "userinfo"
	opIntrospect = "introspection"
	opDiscovery  = "discovery"
	opKeys       = "keys"
)

// atOnce is how many call what applications call.
const atOnce = 16

// plan makes the runs of a realm, in their order. The first is not shown: it
// warms up.
func plan(ctx context.Context, o options, people *crowd) ([]run, error) {
	signIn := func(ctx context.Context, _ int, w *watch) error {
		_, err := people.signIn(ctx, w)
		return err
	}
	if err := attempt(ctx, run{one: signIn}, 0, nil); err != nil {
		return nil, fmt.Errorf("the first sign-in: %w", err)
	}
	runs := []run{{opSignIn, atOnce, o.warm, signIn}}
	for _, text := range strings.Split(o.c, ",") {
		c, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || c < 1 {
			return nil, errors.New("-c is a list of numbers, such as 1,16,64")
		}
		if strings.Contains(opSignIn, o.only) {
			runs = append(runs, run{opSignIn, c, o.time, signIn})
		}
	}
	offered, err := people.call(ctx, "/.well-known/openid-configuration", nil, "")
	if err != nil {
		return nil, err
	}
	for _, r := range endpoints(people, o) {
		known := r.name != opIntrospect || strings.Contains(string(offered), `"introspection_endpoint"`)
		if known && strings.Contains(r.name, o.only) {
			runs = append(runs, r)
		}
	}
	return runs, nil
}

// holders keep the tokens of each virtual person, who signs in before their
// first call.
type holders struct {
	people *crowd
	mu     sync.Mutex
	held   map[int]tokens
}

func (h *holders) tokens(ctx context.Context, person int) (tokens, error) {
	h.mu.Lock()
	t, ok := h.held[person]
	h.mu.Unlock()
	if ok {
		return t, nil
	}
	t, err := h.people.signIn(ctx, nil)
	if err == nil {
		h.keep(person, t)
	}
	return t, err
}

func (h *holders) keep(person int, t tokens) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held[person] = t
}

// endpoints are what applications call.
func endpoints(c *crowd, o options) []run {
	h := &holders{people: c, held: map[int]tokens{}}
	with := func(f func(context.Context, int, tokens) error) func(context.Context, int, *watch) error {
		return func(ctx context.Context, person int, _ *watch) error {
			t, err := h.tokens(ctx, person)
			if err != nil {
				return err
			}
			return f(ctx, person, t)
		}
	}
	get := func(path string) func(context.Context, int, *watch) error {
		return func(ctx context.Context, _ int, _ *watch) error {
			_, err := c.call(ctx, path, nil, "")
			return err
		}
	}
	return []run{
		{opRefresh, atOnce, o.time, with(func(ctx context.Context, person int, t tokens) error {
			t, err := c.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.Refresh}})
			if err == nil {
				h.keep(person, t)
			}
			return err
		})},
		{opClient, atOnce, o.time, func(ctx context.Context, _ int, _ *watch) error {
			_, err := c.token(ctx, url.Values{"grant_type": {"client_credentials"}})
			return err
		}},
		{opUserinfo, atOnce, o.time, with(func(ctx context.Context, _ int, t tokens) error {
			_, err := c.call(ctx, "/protocol/openid-connect/userinfo", nil, t.Access)
			return err
		})},
		{opIntrospect, atOnce, o.time, with(func(ctx context.Context, _ int, t tokens) error {
			text, err := c.call(ctx, "/protocol/openid-connect/token/introspect", url.Values{"token": {t.Access}}, "")
			if err == nil && !strings.Contains(string(text), `"active":true`) {
				err = fmt.Errorf("the token is not active: %.200s", text)
			}
			return err
		})},
		{opDiscovery, atOnce, o.time, get("/.well-known/openid-configuration")},
		{opKeys, atOnce, o.time, get("/protocol/openid-connect/certs")},
	}
}

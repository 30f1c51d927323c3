package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"time"
)

// options are what the command line says.
type options struct {
	binary   string
	postgres bool
	people   int
	newOnes  int
	c        string
	time     time.Duration
	warm     time.Duration
	only     string
}

func main() {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/latchkey", "the binary to measure")
	flag.BoolVar(&o.postgres, "postgres", false, "on a PostgreSQL cluster made for the run, instead of SQLite")
	flag.IntVar(&o.people, "people", 8000, "people with an account; each gets at most five mails an hour")
	flag.IntVar(&o.newOnes, "new", 10, "of a hundred sign-ins, how many are of people without an account")
	flag.StringVar(&o.c, "c", "1,16,64", "sign-ins at once, one run each")
	flag.DurationVar(&o.time, "time", 15*time.Second, "of each run")
	flag.DurationVar(&o.warm, "warm", 5*time.Second, "of sign-ins before the first run")
	flag.StringVar(&o.only, "only", "", "only operations whose name holds this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) (err error) {
	w, err := newWorld(o.binary, o.people, o.postgres)
	if w != nil {
		defer w.close()
	}
	if err != nil {
		return err
	}
	if w.first, err = w.startServer(ctx); err != nil {
		return err
	}
	w.stopServer()
	if w.cold, err = w.startServer(ctx); err != nil {
		return err
	}
	printSheet(o, w)
	printHead()
	runs, err := plan(ctx, o, w)
	if err != nil {
		return err
	}
	failed := 0
	for _, r := range runs {
		if o.only != "" && !strings.Contains(r.name, o.only) {
			continue
		}
		f := measure(ctx, r, w)
		f.print()
		failed += f.failed
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d operations failed", failed)
	}
	return nil
}

// plan makes the runs, in their order.
func plan(ctx context.Context, o options, w *world) ([]run, error) {
	people := newCrowd(w, o.newOnes)
	signIn := func(ctx context.Context, _ int) error {
		_, err := people.signIn(ctx)
		return err
	}
	if err := attempt(ctx, run{one: signIn}, 0); err != nil {
		return nil, fmt.Errorf("the first sign-in: %w", err)
	}
	offered, err := people.call(ctx, "/.well-known/openid-configuration", nil, "")
	if err != nil {
		return nil, err
	}
	runs := []run{{"sign-in (warm-up)", 16, o.warm, signIn}}
	for _, text := range strings.Split(o.c, ",") {
		c, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || c < 1 {
			return nil, errors.New("-c is a list of numbers, such as 1,16,64")
		}
		runs = append(runs, run{"sign-in", c, o.time, signIn})
	}
	for _, r := range endpoints(people, o) {
		if r.name != "introspection" || strings.Contains(string(offered), `"introspection_endpoint"`) {
			runs = append(runs, r)
		}
	}
	return runs, nil
}

// endpoints are what applications call, by sixteen at once. Each virtual
// person signs in before their first call and keeps their tokens.
func endpoints(c *crowd, o options) []run {
	const atOnce = 16
	var mu sync.Mutex
	held := map[int]tokens{}
	mine := func(ctx context.Context, person int) (tokens, error) {
		mu.Lock()
		t, ok := held[person]
		mu.Unlock()
		if ok {
			return t, nil
		}
		t, err := c.signIn(ctx)
		mu.Lock()
		defer mu.Unlock()
		held[person] = t
		return t, err
	}
	refresh := func(ctx context.Context, person int) error {
		t, err := mine(ctx, person)
		if err != nil {
			return err
		}
		t, err = c.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.Refresh}})
		if err == nil {
			mu.Lock()
			held[person] = t
			mu.Unlock()
		}
		return err
	}
	get := func(path string) func(context.Context, int) error {
		return func(ctx context.Context, _ int) error {
			_, err := c.call(ctx, path, nil, "")
			return err
		}
	}
	return []run{
		{"refresh", atOnce, o.time, refresh},
		{"client credentials", atOnce, o.time, func(ctx context.Context, _ int) error {
			_, err := c.token(ctx, url.Values{"grant_type": {"client_credentials"}})
			return err
		}},
		{"userinfo", atOnce, o.time, func(ctx context.Context, person int) error {
			t, err := mine(ctx, person)
			if err == nil {
				_, err = c.call(ctx, "/protocol/openid-connect/userinfo", nil, t.Access)
			}
			return err
		}},
		{"introspection", atOnce, o.time, func(ctx context.Context, person int) error {
			t, err := mine(ctx, person)
			if err != nil {
				return err
			}
			text, err := c.call(ctx, "/protocol/openid-connect/token/introspect", url.Values{"token": {t.Access}}, "")
			if err == nil && !strings.Contains(string(text), `"active":true`) {
				err = fmt.Errorf("the token is not active: %.200s", text)
			}
			return err
		}},
		{"discovery", atOnce, o.time, get("/.well-known/openid-configuration")},
		{"keys", atOnce, o.time, get("/protocol/openid-connect/certs")},
	}
}

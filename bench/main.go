package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// options are what the command line says.
type options struct {
	binary     string
	databases  string
	algorithms string
	people     int
	newOnes    int
	c          string
	time       time.Duration
	warm       time.Duration
	only       string
	out        string

	target, realm, client, secret, smtpListen string
	serverPID, dbPID                          int
}

func parseOptions() options {
	var o options
	flag.StringVar(&o.binary, "binary", "bin/latchkey", "the binary to measure")
	flag.StringVar(&o.databases, "db", "sqlite,postgres", "databases, one after the other; PostgreSQL is a cluster made for the run")
	flag.StringVar(&o.algorithms, "algorithms", "RS256,ES256", "signature algorithms, a realm each")
	flag.IntVar(&o.people, "people", 4000, "people with an account in a realm; each gets at most five mails an hour")
	flag.IntVar(&o.newOnes, "new", 50, "of a hundred sign-ins, how many are of people without an account")
	flag.StringVar(&o.c, "c", "1,16", "sign-ins at once, one run each")
	flag.DurationVar(&o.time, "time", 8*time.Second, "of each run")
	flag.DurationVar(&o.warm, "warm", 3*time.Second, "of sign-ins before the first run of a realm")
	flag.StringVar(&o.only, "only", "", "only operations whose name holds this")
	flag.StringVar(&o.out, "out", "", "a file that gets the report, too")
	flag.StringVar(&o.target, "target", "", "the address of a server that runs already, such as http://127.0.0.1:8080")
	flag.StringVar(&o.realm, "realm", "bench", "its realm")
	flag.StringVar(&o.client, "client", clientID, "its client, confidential, with the redirect URI "+redirectURI)
	flag.StringVar(&o.secret, "secret", "", "the client's secret")
	flag.StringVar(&o.smtpListen, "smtp-listen", "127.0.0.1:2525", "where its realm sends mail to")
	flag.IntVar(&o.serverPID, "server-pid", 0, "its process, for CPU and memory")
	flag.IntVar(&o.dbPID, "db-pid", 0, "its database's first process")
	flag.Parse()
	return o
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := bench(ctx, parseOptions()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) error {
	out := io.Writer(os.Stdout)
	if o.out != "" {
		if err := os.MkdirAll(filepath.Dir(o.out), 0o755); err != nil {
			return err
		}
		f, err := os.Create(o.out)
		if err != nil {
			return err
		}
		defer f.Close()
		out = io.MultiWriter(os.Stdout, f)
	}
	if o.target != "" {
		w, err := foreignWorld(o)
		if err != nil {
			return err
		}
		return measureWorld(ctx, o, w, &report{to: out, title: o.target})
	}
	var failed error
	for _, database := range strings.Split(o.databases, ",") {
		if database != "sqlite" && database != "postgres" {
			return errors.New("-db is sqlite, postgres or both")
		}
		w, err := newWorld(ctx, o, database)
		if err == nil {
			err = measureWorld(ctx, o, w, &report{to: out, title: map[string]string{"sqlite": "SQLite", "postgres": "PostgreSQL"}[database]})
		}
		if w != nil {
			w.close()
		}
		failed = errors.Join(failed, err)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return failed
}

// measureWorld measures every realm of a server and reports.
func measureWorld(ctx context.Context, o options, w *world, r *report) error {
	before, err := measureSigma()
	if err != nil {
		return err
	}
	r.sheet(o, w)
	w.server.forgetPeak()
	var all []figures
	var steps []work
	failures := 0
	for _, t := range w.targets {
		people := newCrowd(w, t, o.newOnes)
		runs, err := plan(ctx, o, people)
		if err != nil {
			return err
		}
		for i, run := range runs {
			f := measure(ctx, run, w)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if f.algorithm = t.algorithm; f.first != nil {
				fmt.Fprintf(os.Stderr, "bench: the first failure of %s: %v\n", f.name, f.first)
			}
			failures += f.failed
			if i > 0 {
				all = append(all, f)
			}
		}
		if steps == nil && w.management != "" {
			if steps, err = countWork(ctx, people); err != nil {
				return err
			}
		}
	}
	after, err := measureSigma()
	if err != nil {
		return err
	}
	r.figures(all, before, after, w)
	r.steps(all)
	r.work(steps)
	if failures > 0 {
		return fmt.Errorf("%d operations failed", failures)
	}
	return nil
}

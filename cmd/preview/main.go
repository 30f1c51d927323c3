package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"latchkey/internal/page"
	"latchkey/internal/web"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "preview:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("preview", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address to listen on")
	dir := flags.String("out", "", "write the pages and mails as files into this folder, and stop")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir != "" {
		n, err := write(*dir)
		if err == nil {
			fmt.Fprintf(out, "%d files in %s\n", n, *dir)
		}
		return err
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	site, err := web.NewSite("http://" + l.Addr().String())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s/\n", site.URL())
	server := &http.Server{Handler: handler(site), ReadHeaderTimeout: 5 * time.Second}
	return server.Serve(l)
}

// handler serves the index, the samples and what they load.
func handler(site *web.Site) http.Handler {
	kit := page.New(site)
	return web.Mount(append(kit.Routes(), routes(kit)...), web.Manners{
		Site: site, Errors: kit, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
}

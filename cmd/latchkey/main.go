package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"latchkey"
)

// program is every command with its settings.
type program struct {
	Dev     devCmd     `cmd:"" help:"Run everything on this machine: server, mailbox, demo application. To try and to develop with."`
	Start   startCmd   `cmd:"" help:"Run the server."`
	Migrate migrateCmd `cmd:"" help:"Bring the database up to date, and end."`
	Doctor  doctorCmd  `cmd:"" help:"Look over realms, keys, clocks and the DNS, and say what weakens them."`
	Admin   struct {
		Link      adminLinkCmd `cmd:"" help:"Make a one-time link that makes whoever opens it an administrator."`
		VoidLinks adminVoidCmd `cmd:"" help:"Void all links, codes and sign-ins under way: a step of restoring a backup."`
	} `cmd:"" help:"Administer from this machine."`
	Keys struct {
		List   keysListCmd   `cmd:"" help:"Show the keys of realms, and what each is used for."`
		Rotate keysRotateCmd `cmd:"" help:"Make the next keys of a realm, or, in an emergency, replace them at once."`
	} `cmd:"" help:"The keys that realms sign with."`
	Realm     realmCmd     `cmd:"" help:"Export, import, compare and delete realms."`
	Version   versionCmd   `cmd:"" help:"Say which version this is."`
	ConfigDoc configDocCmd `cmd:"" hidden:"" help:"Print the reference of all settings."`
}

// host is what commands are given of the machine.
type host struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
	sources        *sources
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	private()
	frugal()
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// frugal trades memory for work while there is little of it: a small heap is
// let grow to three times what is alive before it is collected, which costs a
// busy server less than half of what Go's own setting does, and above half a
// gigabyte it is collected harder. GOGC and GOMEMLIMIT are obeyed where they are
// set.
func frugal() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(512 << 20)
	}
}

// run runs one command and gives the exit code: 2 for what the caller has to
// change, 1 for what went wrong.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	err := dispatch(&host{ctx: ctx, stdin: os.Stdin, stdout: stdout, stderr: stderr}, args, environ)
	if err == nil {
		return 0
	}
	if errors.Is(err, errDiffers) { // said already, line by line
		return 1
	}
	_, _ = fmt.Fprintln(stderr, "latchkey: "+sentence(err))
	var parse *kong.ParseError
	if errors.As(err, &parse) || latchkey.ErrorCode(err) == latchkey.CodeInvalid {
		return 2
	}
	return 1
}

func dispatch(h *host, args, environ []string) error {
	p := &program{}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	known := settingsOf(p)
	var err error
	if h.sources, err = readSources(args, environ, known); err != nil {
		return err
	}
	k, err := newParser(p, h)
	if err != nil {
		return err
	}
	c, err := k.Parse(args)
	if err != nil {
		var parse *kong.ParseError
		if errors.As(err, &parse) && strings.HasPrefix(err.Error(), "unknown flag") {
			return latchkey.Invalid("", "%s. `latchkey --help` lists the commands, `latchkey COMMAND --help` their flags.", upperFirst(err.Error()))
		}
		return err
	}
	return c.Run(h)
}

func newParser(p *program, h *host) (*kong.Kong, error) {
	return kong.New(p, kong.Name("latchkey"), kong.Writers(h.stdout, h.stderr), kong.Resolvers(h.sources),
		kong.Description("An identity server whose front door is an emailed link."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}), kong.ValueFormatter(h.explain))
}

// explain is the help of a flag: what it is, what it is by itself, and the
// variable that says the same.
func (h *host) explain(v *kong.Value) string {
	help := v.Help
	if v.HasDefault {
		help += " Default: " + v.Default + "."
	}
	if _, ok := h.sources.known[v.Name]; ok {
		help += " [" + envName(v.Name) + "]"
	}
	return help
}

// sentence is the error for a person: its message, then its cause.
func sentence(err error) string {
	var e *latchkey.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	if e.Err != nil {
		return e.Message + " (" + e.Err.Error() + ")"
	}
	return e.Message
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

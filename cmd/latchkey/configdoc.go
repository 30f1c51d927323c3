package main

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"
)

type configDocCmd struct{}

// Run prints the reference of all settings as Markdown.
func (*configDocCmd) Run(h *host) error {
	text, err := reference()
	if err != nil {
		return err
	}
	_, err = io.WriteString(h.stdout, text)
	return err
}

const referenceHead = `<!-- Made by "go generate ./cmd/latchkey" from the code. Do not edit. -->

# Configuration

A setting is given in one of three ways. The first that has it counts:

1. a flag: ` + "`--hostname https://id.example.com`" + `
2. an environment variable: ` + "`LK_HOSTNAME=https://id.example.com`" + `
3. a line of the file that ` + "`--config`" + ` (or ` + "`LK_CONFIG`" + `) names: ` + "`hostname=https://id.example.com`" + `;
   lines that begin with ` + "`#`" + ` are comments

A secret can also stand in a file of its own, which the variable with ` + "`_FILE`" + ` behind its name (in the
configuration file: the key with ` + "`-file`" + `) names: ` + "`LK_MASTER_KEY_FILE=/run/secrets/master-key`" + `.

What Latchkey does not know, it refuses: an unknown flag, an unknown variable that begins with ` + "`LK_`" + `, an
unknown key in the file. What is unsafe it refuses too. Both with a sentence that says what to do.

Memory follows Go's own variables ` + "`GOGC`" + ` (200 when it is not set) and ` + "`GOMEMLIMIT`" + ` (512 MiB when it is not set).
`

// reference is docs/configuration.md.
func reference() (string, error) {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, c := range commands(&program{}) {
		fmt.Fprintf(&b, "\n## latchkey %s\n\n| setting | default | what it is |\n|---|---|---|\n", c.name)
		for _, s := range settingsIn(reflect.ValueOf(c.settings).Elem()) {
			b.WriteString(s.row())
		}
	}
	b.WriteString(toolsHead)
	leaves, err := leaves(&program{})
	if err != nil {
		return "", err
	}
	for _, leaf := range leaves {
		writeTool(&b, leaf)
	}
	return b.String(), nil
}

const toolsHead = `
## Tools

These commands work on the database, beside a running server too. Those that need it take ` + "`--db`, `--data`, `--config`" + ` and the master key as
` + "`latchkey admin link`" + ` does; what is said of one call is said by flags alone.
`

// leaves are the commands that do something, in the order of the help.
func leaves(p *program) ([]*kong.Node, error) {
	k, err := newParser(p, &host{sources: &sources{}, stdout: io.Discard, stderr: io.Discard})
	if err != nil {
		return nil, err
	}
	return k.Model.Leaves(true), nil
}

// writeTool writes a command's own flags; those of servers have a section of
// their own.
func writeTool(b *strings.Builder, leaf *kong.Node) {
	known := settingsOf(&program{})
	for _, c := range commands(&program{}) {
		if leaf.FullPath() == "latchkey "+c.name {
			return
		}
	}
	fmt.Fprintf(b, "\n### %s", leaf.FullPath())
	for _, arg := range leaf.Positional {
		fmt.Fprintf(b, " %s", arg.Tag.PlaceHolder)
	}
	fmt.Fprintf(b, "\n\n%s\n", leaf.Help)
	first := true
	for _, f := range leaf.Flags {
		if _, ok := known[f.Name]; ok {
			continue
		}
		if first {
			b.WriteString("\n| flag | default | what it is |\n|---|---|---|\n")
			first = false
		}
		standard := ""
		if f.HasDefault {
			standard = "`" + f.Default + "`"
		}
		fmt.Fprintf(b, "| `--%s` | %s | %s |\n", f.Name, standard, strings.ReplaceAll(f.Help, "|", "\\|"))
	}
}

func (s setting) row() string {
	var names []string
	if s.Flag {
		names = append(names, "`--"+s.Key+"`")
	}
	names = append(names, "`"+envName(s.Key)+"`")
	if s.Secret {
		names = append(names, "`"+envName(s.Key+fileSuffix)+"`")
	}
	standard := ""
	if s.Default != "" {
		standard = "`" + s.Default + "`"
	}
	return fmt.Sprintf("| %s | %s | %s |\n", strings.Join(names, "<br>"), standard, strings.ReplaceAll(s.Help, "|", "\\|"))
}

package main

import (
	"fmt"
	"io"
	"reflect"
	"strings"
)

type configDocCmd struct{}

// Run prints the reference of all settings as Markdown.
func (*configDocCmd) Run(h *host) error {
	_, err := io.WriteString(h.stdout, reference())
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
func reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, c := range commands(&program{}) {
		fmt.Fprintf(&b, "\n## latchkey %s\n\n| setting | default | what it is |\n|---|---|---|\n", c.name)
		for _, s := range settingsIn(reflect.ValueOf(c.settings).Elem()) {
			b.WriteString(s.row())
		}
	}
	b.WriteString(realmHead)
	p := &program{}
	for _, c := range []command{{"realm export", &p.Realm.Export}, {"realm import PATH", &p.Realm.Import}, {"realm diff A B", &p.Realm.Diff}} {
		fmt.Fprintf(&b, "\n### latchkey %s\n\n| flag | default | what it is |\n|---|---|---|\n", c.name)
		for _, s := range settingsIn(reflect.ValueOf(c.settings).Elem()) {
			if s.Flag && settingsOf(p)[s.Key].Key == "" {
				b.WriteString(s.flagRow())
			}
		}
	}
	return b.String()
}

const realmHead = `
## latchkey realm

These commands work on the database, beside a running server too. They take --db, --data, --config and the master key as ` + "`latchkey admin link`" + ` does;
what is said of one call is said by flags alone.
`

func (s setting) flagRow() string {
	standard := ""
	if s.Default != "" {
		standard = "`" + s.Default + "`"
	}
	return fmt.Sprintf("| `--%s` | %s | %s |\n", s.Key, standard, strings.ReplaceAll(s.Help, "|", "\\|"))
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

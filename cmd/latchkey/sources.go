package main

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"latchkey"
)

const (
	prefix     = "LK_"
	fileSuffix = "-file"
)

// sources are where settings come from besides the command line: the
// environment, which counts first, and the configuration file.
type sources struct {
	known map[string]setting
	env   map[string]string // by setting, without LK_ and in the flag's form
	conf  map[string]string
	path  string // of the configuration file
}

// envName is the environment variable of a setting.
func envName(key string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
}

// readSources reads both and refuses what no command knows.
func readSources(args, environ []string, known map[string]setting) (*sources, error) {
	s := &sources{known: known, env: map[string]string{}, conf: map[string]string{}}
	var strangers []string
	for _, line := range environ {
		name, value, _ := strings.Cut(line, "=")
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		key := strings.ToLower(strings.ReplaceAll(rest, "_", "-"))
		if !s.knows(key) {
			strangers = append(strangers, name)
			continue
		}
		s.env[key] = value
	}
	if len(strangers) > 0 {
		slices.Sort(strangers)
		return nil, latchkey.Invalid(strangers[0], "The environment variable %s is no setting of Latchkey.%s Unset it, or look it up in docs/configuration.md.",
			strangers[0], s.meant(strangers[0]))
	}
	s.path = configPath(args, s.env["config"])
	if s.path == "" {
		return s, nil
	}
	data, err := os.ReadFile(s.path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Field: "config", Message: "The configuration file cannot be read.", Err: err}
	}
	return s, s.readFile(data)
}

// configPath finds --config before the command line is parsed: what the file
// says belongs to the parsing.
func configPath(args []string, fromEnv string) string {
	path := fromEnv
	for i, a := range args {
		if a == "--" {
			break
		}
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			path = v
		} else if a == "--config" && i+1 < len(args) {
			path = args[i+1]
		}
	}
	return path
}

// readFile reads lines of KEY=VALUE. Keys are flags without their dashes; lines
// that begin with # are comments.
func (s *sources) readFile(data []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		at := fmt.Sprintf("%s, line %d", s.path, n)
		switch {
		case !ok:
			return latchkey.Invalid("config", "%s: a line has the form KEY=VALUE, or begins with #.", at)
		case !s.knows(key) || key == "config":
			return latchkey.Invalid("config", "%s: %q is no setting of Latchkey.%s Take it out, or look it up in docs/configuration.md.", at, key, s.meant(key))
		}
		if _, twice := s.conf[key]; twice {
			return latchkey.Invalid("config", "%s: %s stands there twice.", at, key)
		}
		s.conf[key] = value
	}
	if err := lines.Err(); err != nil {
		return &latchkey.Error{Code: latchkey.CodeInvalid, Field: "config", Message: "The configuration file cannot be read.", Err: err}
	}
	return nil
}

// knows says whether some command has the setting, or it names the file of a
// secret.
func (s *sources) knows(key string) bool {
	if _, ok := s.known[key]; ok {
		return true
	}
	base, ok := strings.CutSuffix(key, fileSuffix)
	return ok && s.known[base].Secret
}

// meant guesses which setting somebody meant.
func (s *sources) meant(name string) string {
	key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, prefix), "_", "-"))
	best, least := "", 4
	for _, k := range slices.Sorted(maps.Keys(s.known)) {
		if d := distance(key, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	if strings.HasPrefix(name, prefix) {
		best = envName(best)
	}
	return " Did you mean " + best + "?"
}

// distance is how many letters are to be changed, added or left out.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// value gives a setting from the environment, else from the file. A secret may
// also stand in a file of its own, which KEY-file names.
func (s *sources) value(key string) (string, bool, error) {
	for _, from := range []struct {
		values map[string]string
		name   func(string) string
	}{{s.env, envName}, {s.conf, func(k string) string { return k }}} {
		direct, isDirect := from.values[key]
		file, isFile := from.values[key+fileSuffix]
		if isFile = isFile && s.known[key].Secret; isFile && isDirect {
			return "", false, latchkey.Invalid(key, "%s and %s are both set. Keep one of them.", from.name(key), from.name(key+fileSuffix))
		}
		if isFile {
			data, err := os.ReadFile(file) //nolint:gosec // the operator names the file
			if err != nil {
				return "", false, &latchkey.Error{Code: latchkey.CodeInvalid, Field: key, Err: err,
					Message: fmt.Sprintf("The file that %s names cannot be read.", from.name(key+fileSuffix))}
			}
			return strings.TrimRight(string(data), "\r\n"), true, nil
		}
		if isDirect {
			return direct, true, nil
		}
	}
	return "", false, nil
}

// Validate is part of kong.Resolver; readSources has done it.
func (s *sources) Validate(*kong.Application) error { return nil }

// Resolve gives kong the value of a flag that is not on the command line.
func (s *sources) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if _, ok := s.known[flag.Name]; !ok {
		return nil, nil
	}
	v, ok, err := s.value(flag.Name)
	if err != nil || !ok {
		return nil, err
	}
	return v, nil
}

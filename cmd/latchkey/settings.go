package main

import (
	"reflect"
	"strings"

	"latchkey"
	"latchkey/internal/outbound"
)

// setting is one thing that can be set. Those with a flag are read by kong;
// secrets without one (kong:"-") are read from the environment and the
// configuration file only, so that no list of processes shows them.
type setting struct {
	Key     string // the flag's name
	Help    string
	Default string
	Flag    bool
	Secret  bool // may stand in a file of its own: KEY-file
	Many    bool
}

// settingsOf gives the settings of every command by their keys.
func settingsOf(p *program) map[string]setting {
	all := map[string]setting{}
	for _, cmd := range commands(p) {
		for _, s := range settingsIn(reflect.ValueOf(cmd.settings).Elem()) {
			all[s.Key] = s
		}
	}
	return all
}

type command struct {
	name     string
	settings any // pointer to its struct
}

// commands are those that have settings, in the order of the reference.
func commands(p *program) []command {
	return []command{{"start", &p.Start}, {"dev", &p.Dev}, {"migrate", &p.Migrate}, {"admin link", &p.Admin.Link}}
}

// settingsIn reads the settings of a command's struct from its tags.
func settingsIn(v reflect.Value) []setting {
	var list []setting
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			list = append(list, settingsIn(v.Field(i))...)
			continue
		}
		key, flag := f.Tag.Get("setting"), false
		if key == "" && f.Tag.Get("help") != "" {
			key, flag = f.Tag.Get("name"), true
		}
		if key == "" {
			continue
		}
		list = append(list, setting{Key: key, Help: f.Tag.Get("help"), Default: f.Tag.Get("default"), Flag: flag,
			Secret: f.Tag.Get("secret") == "true", Many: f.Type.Kind() == reflect.Slice})
	}
	return list
}

// fillSecrets reads the settings of a command that have no flag.
func (s *sources) fillSecrets(cmd any) error { return s.fill(reflect.ValueOf(cmd).Elem()) }

func (s *sources) fill(v reflect.Value) error {
	t := v.Type()
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			if err := s.fill(v.Field(i)); err != nil {
				return err
			}
			continue
		}
		key := f.Tag.Get("setting")
		if key == "" {
			continue
		}
		text, _, err := s.value(key)
		if err != nil {
			return err
		}
		v.Field(i).SetString(text)
	}
	return nil
}

// common are the settings of every command that has some.
type common struct {
	Config string `name:"config" placeholder:"FILE" help:"A file with settings, one KEY=VALUE a line; keys are flags without their dashes."`
}

// logging are the settings of what runs long.
type logging struct {
	LogLevel string `name:"log-level" placeholder:"LEVEL" help:"Least level of what is logged to standard error: debug, info, warn or error. Default: info, and warn for dev."`
}

// outgoing are the settings of calls to addresses that applications name.
type outgoing struct {
	OutboundAllow []string `name:"outbound-allow" placeholder:"ADDRESS" help:"What may be called besides https on port 443 of public addresses when an application names its key set or logout endpoint, or an administrator the description of an identity provider: a host or a network, as 10.0.0.0/8, app.internal:8443 or http://app.internal:3000, with commas between them. In front, jwks=, backchannel-logout= or metadata= allows it for that alone. Each is a hole in the wall against forged requests: name as little as possible."`
}

func (o *outgoing) allowances() ([]outbound.Allowance, error) {
	var out []outbound.Allowance
	for _, text := range o.OutboundAllow {
		a, err := outbound.ParseAllowance(text)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// bootstrap are the settings of the first administrator.
type bootstrap struct {
	BootstrapAdminUsername     string          `kong:"-" setting:"bootstrap-admin-username" help:"Makes this administrator in realm master, with the realm role admin, when there is nobody of that name."`
	BootstrapAdminPassword     latchkey.Secret `kong:"-" setting:"bootstrap-admin-password" secret:"true" help:"The password of that administrator."`
	BootstrapAdminClientID     string          `kong:"-" setting:"bootstrap-admin-client-id" help:"Makes this client in realm master, whose service account has the realm role admin, when there is none of that name."`
	BootstrapAdminClientSecret latchkey.Secret `kong:"-" setting:"bootstrap-admin-client-secret" secret:"true" help:"The secret of that client."`
}

// check refuses half an administrator and secrets that are easy to guess.
func (b *bootstrap) check() error {
	for _, half := range []struct{ name, secret, nameKey, secretKey string }{
		{b.BootstrapAdminUsername, b.BootstrapAdminPassword.Reveal(), "bootstrap-admin-username", "bootstrap-admin-password"},
		{b.BootstrapAdminClientID, b.BootstrapAdminClientSecret.Reveal(), "bootstrap-admin-client-id", "bootstrap-admin-client-secret"},
	} {
		switch {
		case half.name == "" && half.secret == "":
		case half.name == "":
			return latchkey.Invalid(half.nameKey, "%s is set without %s. Set both or none.", envName(half.secretKey), envName(half.nameKey))
		case half.secret == "":
			return latchkey.Invalid(half.secretKey, "%s is set without %s. Set both or none.", envName(half.nameKey), envName(half.secretKey))
		case len(half.secret) < 12 || strings.EqualFold(half.secret, half.name):
			return latchkey.Invalid(half.secretKey, "%s is too easy to guess for an administrator. Use at least 12 characters, for example from: openssl rand -base64 24", envName(half.secretKey))
		}
	}
	return nil
}

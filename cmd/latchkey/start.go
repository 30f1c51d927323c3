package main

import (
	"log/slog"
	"net/netip"
	"strings"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/server"
	"latchkey/internal/web"
)

// startCmd is `latchkey start`.
type startCmd struct {
	common
	logging
	Hostname         string   `name:"hostname" placeholder:"URL" help:"The address that people reach the server at, as https://id.example.com. Links in mails and tokens are made from it and from nothing else. Required."`
	Listen           string   `name:"listen" placeholder:"HOST:PORT" default:"0.0.0.0:8080" help:"Where the server listens."`
	ManagementListen string   `name:"management-listen" placeholder:"HOST:PORT" default:"127.0.0.1:9000" help:"Where health (/health/live, /health/ready) and /metrics answer; empty for nowhere. Keep it inside."`
	TLSCert          string   `name:"tls-cert" placeholder:"FILE" help:"Certificate chain as PEM. Read again when it changes."`
	TLSKey           string   `name:"tls-key" placeholder:"FILE" help:"Private key of the certificate as PEM."`
	TrustedProxies   []string `name:"trusted-proxies" placeholder:"NETWORK" help:"Addresses or networks of the proxies in front, with commas between them. Their forwarded headers are believed, and nobody else's."`
	ProxyHeaders     string   `name:"proxy-headers" placeholder:"KIND" default:"xforwarded" enum:"xforwarded,forwarded" help:"What those proxies send: xforwarded (X-Forwarded-For, -Proto, -Host) or forwarded (RFC 7239)."`
	Import           []string `name:"import" placeholder:"PATH" sep:"none" help:"A realm export to take in, a file or a folder; realms that exist stay as they are, an import that was begun goes on. Can be given several times."`
	outgoing
	database
	bootstrap
}

// Run runs the server until it is told to stop.
func (c *startCmd) Run(h *host) error {
	if err := h.sources.fillSecrets(c); err != nil {
		return err
	}
	log, err := newLog(h, c.LogLevel, slog.LevelInfo, true)
	if err != nil {
		return err
	}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	cfg.Log = log
	if len(cfg.Outbound) > 0 { // each weakening is named at the start
		log.Warn("calls for applications may go to more than public addresses", "outbound-allow", strings.Join(c.OutboundAllow, ","))
	}
	s, err := server.New(h.ctx, *cfg)
	if err != nil {
		return err
	}
	log.Info("Latchkey listens", "hostname", s.Site().URL(), "listen", s.Addr("public"), "management", s.Addr("management"), "version", version())
	err = s.Run(h.ctx)
	log.Info("Latchkey has stopped")
	return err
}

// config checks every setting before anything is opened.
func (c *startCmd) config() (*server.Config, error) {
	site, err := c.checkHostname()
	if err != nil {
		return nil, err
	}
	ring, err := c.database.check()
	if err != nil {
		return nil, err
	}
	proxies, err := parseProxies(c.TrustedProxies)
	if err != nil {
		return nil, err
	}
	if err := c.checkTLS(site, proxies); err != nil {
		return nil, err
	}
	if err := c.bootstrap.check(); err != nil {
		return nil, err
	}
	allowed, err := c.allowances()
	if err != nil {
		return nil, err
	}
	imports, err := readImports(c.Import)
	if err != nil {
		return nil, err
	}
	return &server.Config{Version: version(), Hostname: c.Hostname, Listen: c.Listen, Management: c.ManagementListen, Database: c.DB, Keyring: ring,
		TLSCert: c.TLSCert, TLSKey: c.TLSKey, TrustedProxies: proxies, Forwarded: c.ProxyHeaders == "forwarded",
		Imports: imports, Outbound: allowed, Bootstrap: c.bootstrap.config()}, nil
}

func (b *bootstrap) config() server.Bootstrap {
	return server.Bootstrap{Username: b.BootstrapAdminUsername, Password: b.BootstrapAdminPassword,
		ClientID: b.BootstrapAdminClientID, ClientSecret: b.BootstrapAdminClientSecret}
}

func (c *startCmd) checkHostname() (*web.Site, error) {
	if c.Hostname == "" {
		return nil, latchkey.Invalid("hostname", "Latchkey does not know its address. Say --hostname https://id.example.com, the address that people reach it at.")
	}
	site, err := web.NewSite(c.Hostname)
	if err != nil {
		return nil, err
	}
	if !site.Secure() && !site.Loopback() {
		return nil, latchkey.Invalid("hostname", "%s is plain http, where anybody on the way can read the links. Use https, with --tls-cert and --tls-key or behind a proxy named in --trusted-proxies.", site.URL())
	}
	return site, nil
}

// checkTLS wants to know who does TLS.
func (c *startCmd) checkTLS(site *web.Site, proxies []netip.Prefix) error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return latchkey.Invalid("tls-cert", "--tls-cert and --tls-key belong together. Set both or none.")
	}
	if c.TLSCert != "" && !site.Secure() {
		return latchkey.Invalid("hostname", "There is a TLS certificate, and the hostname is http. Say --hostname %s.", "https"+strings.TrimPrefix(site.URL(), "http"))
	}
	if site.Secure() && c.TLSCert == "" && len(proxies) == 0 {
		return latchkey.Invalid("tls-cert", "The hostname is https, and nothing here speaks TLS. Set --tls-cert and --tls-key, or name the proxy that does in --trusted-proxies.")
	}
	return nil
}

func parseProxies(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if err != nil {
			ip, e := netip.ParseAddr(text)
			if e != nil {
				return nil, latchkey.Invalid("trusted-proxies", "%q in --trusted-proxies is no address and no network. It has the form 10.0.0.7 or 10.0.0.0/8.", text)
			}
			p = netip.PrefixFrom(ip, ip.BitLen())
		}
		if p.Bits() == 0 {
			return nil, latchkey.Invalid("trusted-proxies", "%s in --trusted-proxies is everybody: anybody could then say to be anybody. Name the proxies' own networks.", text)
		}
		if p.Addr().Is4In6() {
			return nil, latchkey.Invalid("trusted-proxies", "%s in --trusted-proxies is an IPv4 network written as IPv6. Write it as 10.0.0.0/8.", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func readImports(files []string) ([]server.Import, error) {
	var out []server.Import
	for _, name := range files {
		files, err := realm.FilesAt(name)
		if err != nil {
			return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Field: "import", Message: "A file that --import names cannot be read.", Err: err}
		}
		out = append(out, server.Import{Name: name, Files: files})
	}
	return out, nil
}

// newLog makes the log on standard error and makes it everybody's.
func newLog(h *host, level string, standard slog.Level, asJSON bool) (*slog.Logger, error) {
	least := standard
	if level != "" {
		if err := least.UnmarshalText([]byte(level)); err != nil {
			return nil, latchkey.Invalid("log-level", "%q is no level. --log-level is debug, info, warn or error.", level)
		}
	}
	opts := &slog.HandlerOptions{Level: least}
	var handler slog.Handler = slog.NewTextHandler(h.stderr, opts)
	if asJSON {
		handler = slog.NewJSONHandler(h.stderr, opts)
	}
	log := slog.New(server.CountEvents(handler))
	slog.SetDefault(log)
	return log, nil
}

package server

import (
	"context"
	"net"
	"net/http"
	"strings"

	"latchkey"
	"latchkey/internal/account"
	"latchkey/internal/accountrest"
	"latchkey/internal/actiontoken"
	"latchkey/internal/admin"
	"latchkey/internal/backchannel"
	"latchkey/internal/console"
	"latchkey/internal/doctor"
	"latchkey/internal/login"
	"latchkey/internal/oidc"
	"latchkey/internal/outbound"
	"latchkey/internal/outbox"
	"latchkey/internal/page"
	"latchkey/internal/realm"
	"latchkey/internal/relyingparty"
	"latchkey/internal/token"
	"latchkey/internal/web"
)

// house is everything that is built of a server's database and site.
type house struct {
	routes     []web.Route
	handler    http.Handler
	management http.Handler
	outbox     *outbox.Worker
	logouts    *backchannel.Worker
	pages      *page.Kit
}

// adminCommand is what is typed beside dev for an administrator's link.
func adminCommand(folder, address string) string {
	if strings.ContainsAny(folder, " \t'\"$&;()*?\\") {
		folder = "'" + strings.ReplaceAll(folder, "'", `'\''`) + "'"
	}
	command := "latchkey admin link --data " + folder
	if address = strings.TrimSuffix(address, "/"); address != "http://localhost:8080" { // what it takes by itself
		command += " --hostname " + address
	}
	return command
}

// build makes doors and workers and mounts every route.
func (s *Server) build(ctx context.Context) error {
	s.realms = realm.NewCache(s.db)
	s.metrics = newMetrics(s)
	minter := token.NewMinter(s.cfg.Now)
	pages := page.New(s.site)
	if s.cfg.Dev != nil && s.cfg.Dev.Folder != "" {
		pages.AdminCommand = adminCommand(s.cfg.Dev.Folder, s.site.URL())
	}
	registry := newRegistry()
	caught, err := s.caught()
	if err != nil {
		return err
	}

	people := login.New(login.Deps{DB: s.db, Realms: s.realms, Site: s.site, Pages: pages,
		Registry: registry, Log: s.cfg.Log, Now: s.cfg.Now})
	applications := oidc.New(oidc.Deps{DB: s.db, Realms: s.realms, Site: s.site, Minter: minter, Registry: registry,
		People: people, Pages: &oidcPages{kit: pages, now: s.cfg.Now}, Keys: s.outbound(outbound.PurposeKeys), Log: s.cfg.Log, Now: s.cfg.Now})
	people.Applications = applications
	operators := admin.New(admin.Deps{DB: s.db, Realms: s.realms, Site: s.site, Verifier: minter, Signer: minter, Registry: registry, Pages: pages,
		Metadata: s.outbound(outbound.PurposeMetadata), Doctor: doctor.Doctor{Built: Built, DNS: net.DefaultResolver},
		Log: s.cfg.Log, Now: s.cfg.Now, Version: s.cfg.Version})
	accounts := accountrest.New(accountrest.Deps{DB: s.db, Realms: s.realms, Site: s.site, Verifier: minter, Pages: pages,
		Log: s.cfg.Log, Now: s.cfg.Now})
	ours := relyingparty.Deps{Realms: s.realms, Site: s.site, Kit: pages, Keyring: s.cfg.Keyring,
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.house.handler.ServeHTTP(w, r) }), Log: s.cfg.Log, Now: s.cfg.Now}
	persons, desk := account.New(ours), console.New(ours)

	var routes []web.Route
	for _, list := range [][]web.Route{
		s.roots(),             // /
		applications.Routes(), // /realms/{realm}/protocol/openid-connect/..., discovery
		people.Routes(),       // /realms/{realm}/login-actions/...
		operators.Routes(),    // /admin/realms/..., /realms/{realm}/magic-link
		accounts.Routes(),     // /realms/{realm}/account..., for programs
		persons.Routes(),      // /realms/{realm}/account..., for people
		desk.Routes(),         // /admin/, /admin/{realm}/console/...
		pages.Routes(),        // /resources/...
	} {
		routes = append(routes, list...)
	}
	s.house = &house{
		routes: routes,
		pages:  pages,
		handler: web.Mount(routes, web.Manners{Site: s.site, Errors: pages, Log: s.cfg.Log, Now: s.cfg.Now,
			Observe: s.metrics.served, Drain: s.drain}),
		management: s.management(),
		outbox: &outbox.Worker{DB: s.db, Realms: s.realms.ByID, Compose: compose(pages),
			Code:    func(m *latchkey.Message) latchkey.Secret { return actiontoken.MailedCode(s.cfg.Keyring, m) },
			BaseURL: s.site.URL(), Log: s.cfg.Log, Now: s.cfg.Now, Roots: s.cfg.MailRoots, Observe: s.metrics.attempt, Caught: caught},
		logouts: &backchannel.Worker{DB: s.db, Realms: s.realms.ByID, Issuer: s.site.Issuer, Minter: minter,
			Client: s.outbound(outbound.PurposeLogout), Log: s.cfg.Log, Now: s.cfg.Now, Observe: s.metrics.told},
	}
	operators.Prober = s.house.outbox
	// A server that answers is one that can sign people in.
	return s.canSign(ctx)
}

// roots are the addresses that people guess, and the way in to administer.
func (s *Server) roots() []web.Route {
	return []web.Route{
		{Pattern: "GET /{$}", Class: web.ClassRedirect, Handler: func(w http.ResponseWriter, r *http.Request) error {
			return web.Redirect(w, r, s.site.Path("admin", ""))
		}},
		{Pattern: "GET /robots.txt", Class: web.ClassAsset, Handler: func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, err := w.Write([]byte("User-agent: *\nDisallow: /\n"))
			return err
		}},
	}
}

// outbound makes the client that calls addresses of applications for a purpose.
func (s *Server) outbound(purpose outbound.Purpose) *outbound.Client {
	return outbound.New(outbound.Options{Purpose: purpose, Allow: s.cfg.Outbound, Loopback: s.cfg.Dev != nil})
}

// compose gives the outbox the mails of the pages' kit: the two know the same
// facts and not each other.
func compose(pages *page.Kit) outbox.ComposeFunc {
	return func(f outbox.Facts) (outbox.Content, error) {
		c, err := pages.Compose(page.Facts(f))
		return outbox.Content(c), err
	}
}

package realm

import (
	"context"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
)

// The names of what dev makes.
const (
	DemoRealm  = "demo"
	DemoClient = "demo-app"
)

// DemoOptions say where dev's parts listen.
type DemoOptions struct {
	Options
	// URL is the demo application's, without a slash at the end.
	URL string
	// MailHost and MailPort are the mailbox's SMTP address.
	MailHost string
	MailPort int
}

// EnsureDemo makes the realm demo, bound to "magic link", with its client
// demo-app: public, PKCE with S256, exact redirect URIs: the one that its
// sign-ins come back to, and its start, for links made by the API. When the realm is
// there, the client and the mail settings follow the addresses that dev was
// started with.
func EnsureDemo(ctx context.Context, db *store.DB, d DemoOptions) (created bool, err error) {
	d.MagicLink, d.Events = true, true
	d.URL = strings.TrimRight(d.URL, "/")
	rep := new(representation.Realm)
	if err := readBuiltin("demo", DemoRealm, rep); err != nil {
		return false, err
	}
	rep.Clients = []representation.Client{demoClient(d.URL)}
	rep.SMTPServer["host"], rep.SMTPServer["port"] = d.MailHost, strconv.Itoa(d.MailPort)
	created, err = ensure(ctx, db, &Source{Representation: rep}, d.Options)
	if created || err != nil {
		return created, err
	}
	if err := followClient(ctx, db, d.URL); err != nil {
		return false, err
	}
	return false, FollowMail(ctx, db, DemoRealm, rep.SMTPServer)
}

func demoClient(url string) representation.Client {
	return representation.Client{
		ClientID: new(DemoClient), Name: new("Demo application"), PublicClient: new(true),
		RootURL: new(url), BaseURL: new(url + "/"), RedirectURIs: []string{url + "/callback", url + "/login"}, WebOrigins: []string{url},
		Attributes: map[string]string{
			"pkce.code.challenge.method": "S256",
			"latchkey.refresh.rotation":  "true", // a public client that is made here
			"initiate.login.uri":         url + "/login",
			"post.logout.redirect.uris":  url + "/",
		},
	}
}

// followClient gives the demo application its new address; an operator's other
// changes stay.
func followClient(ctx context.Context, db *store.DB, url string) error {
	want := demoClient(url)
	return db.Update(ctx, func(tx *store.Tx) error {
		realm, err := tx.RealmByName(DemoRealm)
		if err != nil {
			return err
		}
		snap, err := tx.Snapshot(realm.ID)
		if err != nil {
			return err
		}
		old := snap.ClientByClientID(DemoClient)
		if old == nil || old.RootURL == url {
			return nil // the operator took it away, or it is right
		}
		c := *old
		c.Attributes, c.RedirectURIs = maps.Clone(old.Attributes), slices.Clone(old.RedirectURIs)
		part := representation.Client{RootURL: want.RootURL, BaseURL: want.BaseURL, RedirectURIs: want.RedirectURIs,
			WebOrigins: want.WebOrigins, Attributes: want.Attributes}
		if err := part.Apply(&c, snap); err != nil {
			return err
		}
		return tx.UpdateClient(&c)
	})
}

// FollowMail gives the realm dev's mailbox as its relay, with the keys of
// smtpServer. A realm that has one on loopback gets the new address and keeps
// the rest; one that sends through any other server is left alone.
func FollowMail(ctx context.Context, db *store.DB, realmName string, smtp map[string]string) error {
	return db.Update(ctx, func(tx *store.Tx) error {
		realm, err := tx.RealmByName(realmName)
		if err != nil {
			return err
		}
		if realm.SMTP.Configured() {
			relay := &realm.SMTP.Relays[0]
			port, err := strconv.Atoi(smtp["port"])
			if err != nil {
				return latchkey.Invalid("smtpServer.port", "Expected a number.")
			}
			if !isLoopback(relay.Host) || relay.Host == smtp["host"] && relay.Port == port {
				return nil
			}
			relay.Host, relay.Port = smtp["host"], port
			return tx.UpdateRealm(realm)
		}
		rep := representation.Realm{SMTPServer: smtp}
		if err := rep.Apply(realm, (&latchkey.Snapshot{Realm: realm}).Index()); err != nil {
			return err
		}
		return tx.UpdateRealm(realm)
	})
}

func isLoopback(host string) bool {
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

package outbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"latchkey"
)

// dialer makes connections to relays.
type dialer struct {
	name   string // what EHLO says
	roots  *x509.CertPool
	tokens *tokens
}

// conn is one connection to a relay, greeted and signed in.
type conn struct {
	wire   *wire
	client *smtp.Client
	uses   int
	since  time.Time // idle since then
}

// dial connects, secures and signs in, all before one deadline.
func (d *dialer) dial(ctx context.Context, e endpoint) (*conn, *fault) {
	var token latchkey.Secret
	if e.Auth && e.AuthType == "token" {
		var err error
		if token, err = d.tokens.get(ctx, e); err != nil {
			return nil, &fault{stage: stageToken, err: err}
		}
	}
	dialCtx, cancel := context.WithTimeout(ctx, e.connect)
	defer cancel()
	raw, err := new(net.Dialer).DialContext(dialCtx, "tcp", e.addr)
	if err != nil {
		return nil, newFault(stageConnect, err)
	}
	c := &conn{wire: newWire(raw, !e.SSL)}
	stage := stageGreet
	err = c.wire.within(dialCtx, e.connect, func() error {
		stage, err = c.open(e, d, token)
		return err
	})
	if err != nil {
		_ = raw.Close()
		f := newFault(stage, err)
		if stage == stageAuth && f.code != 0 && token != "" {
			d.tokens.drop(e) // refused: the next try asks for a new one
		}
		return nil, f
	}
	return c, nil
}

// open does what dial says on a connection that stands, and names the stage
// that it came to.
func (c *conn) open(e endpoint, d *dialer, token latchkey.Secret) (stage, error) {
	config := &tls.Config{ServerName: e.Host, RootCAs: d.roots, MinVersion: tls.VersionTLS12}
	var transport net.Conn = c.wire
	if e.SSL {
		t := tls.Client(c.wire, config)
		if err := t.Handshake(); err != nil {
			return stageTLS, err
		}
		transport = t
	}
	var err error
	if c.client, err = smtp.NewClient(transport, e.Host); err != nil {
		return stageGreet, err
	}
	if err := c.client.Hello(d.name); err != nil {
		return stageHello, err
	}
	if e.StartTLS && !e.SSL {
		if ok, _ := c.client.Extension("STARTTLS"); !ok {
			return stageTLS, errors.New("the relay does not offer STARTTLS, which the realm requires")
		}
		if err := c.client.StartTLS(config); err != nil {
			return stageTLS, err
		}
	}
	if e.Auth {
		auth, err := c.auth(e, token)
		if err == nil {
			err = c.client.Auth(auth)
		}
		return stageAuth, err
	}
	return stageHello, nil
}

// auth chooses how to sign in. Without TLS the password goes over the wire in
// the clear, as the realm chose when it said neither SSL nor StartTLS.
func (c *conn) auth(e endpoint, token latchkey.Secret) (smtp.Auth, error) {
	_, offered := c.client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	has := func(m string) bool {
		for _, o := range mechanisms {
			if o == m {
				return true
			}
		}
		return false
	}
	switch {
	case e.AuthType == "token" && has("XOAUTH2"):
		return smtp.XOAuth2Auth(e.User, token.Reveal()), nil
	case e.AuthType == "token":
		return nil, errors.New("the relay does not offer AUTH XOAUTH2")
	case has("PLAIN"):
		return smtp.PlainAuth("", e.User, e.Password.Reveal(), e.Host, true), nil
	case has("LOGIN"):
		return smtp.LoginAuth(e.User, e.Password.Reveal(), e.Host, true), nil
	}
	return nil, errors.New("the relay offers neither AUTH PLAIN nor AUTH LOGIN")
}

// send hands one mail over and gives the relay's answer. still is asked just
// before the mail's text goes out; when it says no, nothing is sent.
func (c *conn) send(ctx context.Context, e endpoint, p post, still func() bool) (string, *fault) {
	c.uses++
	c.wire.budget = maxReplyBytes
	if ok, _ := c.client.Extension("SMTPUTF8"); p.utf8 && !ok {
		return "", &fault{stage: stageRcpt, code: 553, err: errors.New("the relay does not offer SMTPUTF8, which the address needs"), own: true}
	}
	c.client.SkipSMTPUTF8(!p.utf8)
	s := stageMail
	var data interface {
		Write([]byte) (int, error)
		Close() error
	}
	err := c.wire.within(ctx, e.command, func() (err error) {
		if err = c.client.Mail("<" + p.from + ">"); err != nil {
			return err
		}
		s = stageRcpt
		if err = c.client.Rcpt("<" + p.to + ">"); err != nil {
			return err
		}
		if !still() {
			return errExpired
		}
		s = stageData
		data, err = c.client.Data()
		return err
	})
	if err != nil {
		return "", newFault(s, err)
	}
	err = c.wire.within(ctx, e.final, func() error {
		if _, err := data.Write(p.raw); err != nil {
			return err
		}
		return data.Close()
	})
	if err != nil {
		return "", newFault(stageEnd, err)
	}
	if d, ok := data.(*smtp.DataCloser); ok {
		return "250 " + d.ServerResponse(), nil
	}
	return "250", nil
}

// reset ends a transaction that the relay refused, so that the connection can
// serve the next mail. It says whether it can.
func (c *conn) reset(ctx context.Context, e endpoint) bool {
	return c.wire.within(ctx, e.command, c.client.Reset) == nil
}

// quit says good-bye, for a second at most.
func (c *conn) quit() {
	_ = c.wire.within(context.Background(), time.Second, c.client.Quit)
	c.close()
}

func (c *conn) close() { _ = c.wire.Conn.Close() }

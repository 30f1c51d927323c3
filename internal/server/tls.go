package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"latchkey"
)

// certCheck is how often the certificate's files are looked at.
const certCheck = 10 * time.Second

// certificate is a key pair in files that are read again when they change
// . While the new files do not fit together, as in the middle of being
// replaced, the old pair stays.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  string
	lookAt time.Time
}

func loadCertificate(certFile, keyFile string, log *slog.Logger, now func() time.Time) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log, now: now}
	if err := c.load(); err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Field: "tls-cert", Err: err,
			Message: fmt.Sprintf("The certificate in %s and %s cannot be used.", certFile, keyFile)}
	}
	c.lookAt = now().Add(certCheck)
	return c, nil
}

func (c *certificate) load() error {
	stamp, err := c.look()
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair, c.stamp = &pair, stamp
	return nil
}

// look tells the files' times and sizes.
func (c *certificate) look() (string, error) {
	stamp := ""
	for _, name := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return "", err
		}
		stamp += fmt.Sprintf("%d %d ", info.ModTime().UnixNano(), info.Size())
	}
	return stamp, nil
}

// get is tls.Config.GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); !now.Before(c.lookAt) {
		c.lookAt = now.Add(certCheck)
		if stamp, err := c.look(); err != nil || stamp != c.stamp {
			if err == nil {
				err = c.load()
			}
			if err != nil {
				c.log.Warn("the new TLS certificate cannot be used; the old one stays", "error", err)
			} else {
				c.log.Info("TLS certificate loaded again")
			}
		}
	}
	return c.pair, nil
}

// config is TLS 1.2 and up with the suites of the standard library, all of
// which have forward secrecy.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"h2", "http/1.1"}}
}

package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"latchkey"
)

// reply is an answer of our own server.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *reply) Header() http.Header { return a.header }

func (a *reply) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *reply) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// passed are headers of the person's request that say where it came from; the
// request within the process has them too, so that limits and events see the
// person's address.
var passed = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "User-Agent"}

// send has our own server answer a request for the person of r.
func (c *Console) send(r *http.Request, method, address string, body []byte, headers ...string) (*reply, error) {
	q, err := http.NewRequestWithContext(r.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.RemoteAddr, q.TLS, q.Host = r.RemoteAddr, r.TLS, r.Host
	for _, name := range passed {
		if list := r.Header.Values(name); len(list) > 0 {
			q.Header[name] = list
		}
	}
	for i := 0; i+1 < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	a := &reply{header: http.Header{}}
	c.API.ServeHTTP(a, q)
	return a, nil
}

// granted is an answer of the token endpoint.
type granted struct {
	Access    string `json:"access_token"`
	Refresh   string `json:"refresh_token"`
	ID        string `json:"id_token"`
	ExpiresIn int64  `json:"expires_in"` // seconds
	Error     string `json:"error"`
}

// grant asks the token endpoint; refused says that it said no.
func (c *Console) grant(r *http.Request, realm string, form url.Values) (g granted, refused bool, err error) {
	form.Set("client_id", ClientID)
	a, err := c.send(r, http.MethodPost, c.Site.RealmURL(realm, "protocol/openid-connect/token"), []byte(form.Encode()),
		"Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json")
	if err != nil {
		return g, false, err
	}
	if a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests {
		return g, false, latchkey.Errorf(latchkey.CodeUnavailable, "There is more to do than we can just now. Try again in a moment.")
	}
	if err := json.Unmarshal(a.body.Bytes(), &g); err != nil {
		return g, false, fmt.Errorf("account: the token endpoint's answer: %w", err)
	}
	return g, a.status != http.StatusOK, nil
}

// early is how long before its end an access token is not used any more.
const early = 20 * time.Second

// access gives a good access token, and keeps a refresh token that took the
// place of the old one.
func (v *visit) access() (string, error) {
	if v.token != "" {
		return v.token, nil
	}
	if v.token = v.remembered.find(v.held.Refresh, v.Now()); v.token != "" {
		return v.token, nil
	}
	g, err := v.refresh()
	if err != nil {
		return "", err
	}
	return g.Access, nil
}

// refresh gets new tokens. When they are refused nobody is signed in any more.
func (v *visit) refresh() (granted, error) {
	g, refused, err := v.grant(v.r, v.snap.Realm.Name, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {v.held.Refresh}})
	if err != nil {
		return g, err
	}
	if refused {
		return g, errSignIn
	}
	if g.Refresh != "" && g.Refresh != v.held.Refresh {
		v.held.Refresh = g.Refresh
		v.keep()
	}
	v.token = g.Access
	v.learn(g)
	return g, nil
}

func (v *visit) learn(g granted) {
	now := v.Now()
	v.remembered.put(v.held.Refresh, g.Access, now, now.Add(time.Duration(g.ExpiresIn)*time.Second-early))
}

// call asks the account REST: path is below the account's address, content is
// sent as JSON unless it is nil, and out takes what came, unless it is nil. An
// answer that is no success is a *refusal.
func (v *visit) call(method, path string, content, out any) error {
	var body []byte
	if content != nil {
		var err error
		if body, err = json.Marshal(content); err != nil {
			return err
		}
	}
	for again := false; ; again = true {
		token, err := v.access()
		if err != nil {
			return err
		}
		a, err := v.send(v.r, method, v.Site.RealmURL(v.snap.Realm.Name, "account")+path, body, "Authorization", "Bearer "+token,
			"Accept", "application/json", "Content-Type", "application/json", "Accept-Language", v.lang())
		if err != nil {
			return err
		}
		if a.status == http.StatusUnauthorized && !again {
			// The session has ended, or the token's time has: a refresh tells.
			v.remembered.drop(v.held.Refresh)
			v.token = ""
			continue
		}
		if a.status >= http.StatusBadRequest {
			return &refusal{status: a.status, body: a.body.Bytes()}
		}
		if out == nil || a.status == http.StatusNoContent {
			return nil
		}
		return json.Unmarshal(a.body.Bytes(), out)
	}
}

// refusal is an answer of the account REST that is no success.
type refusal struct {
	status int
	body   []byte
}

// Error says what kind of answer it was.
func (e *refusal) Error() string { return fmt.Sprintf("the account REST answered %d", e.status) }

// Unwrap gives the error that the person is shown where no page takes care.
func (e *refusal) Unwrap() error {
	switch {
	case e.status == http.StatusForbidden, e.status == http.StatusUnauthorized:
		return latchkey.Errorf(latchkey.CodeForbidden, "The realm does not let you see this.")
	case e.status == http.StatusNotFound:
		return latchkey.Errorf(latchkey.CodeNotFound, "There is nothing at this address.")
	case e.status >= http.StatusInternalServerError:
		return latchkey.Errorf(latchkey.CodeUnavailable, "This does not work just now. Try again in a moment.")
	}
	var said struct {
		Message string `json:"errorMessage"`
	}
	_ = json.NewDecoder(io.LimitReader(bytes.NewReader(e.body), 4096)).Decode(&said) // no message is as good as an empty one
	if said.Message = strings.TrimSpace(said.Message); said.Message == "" {
		said.Message = "This is not possible."
	}
	return latchkey.Errorf(latchkey.CodeInvalid, "%s", said.Message)
}

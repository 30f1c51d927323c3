package relyingparty

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
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
func (p *Party) send(r *http.Request, method, address string, body []byte, headers ...string) (*reply, error) {
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
	p.API.ServeHTTP(a, q)
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
func (p *Party) grant(r *http.Request, realm string, form url.Values) (g granted, refused bool, err error) {
	form.Set("client_id", p.ClientID)
	a, err := p.send(r, http.MethodPost, p.Site.RealmURL(realm, "protocol/openid-connect/token"), []byte(form.Encode()),
		"Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json")
	if err != nil {
		return g, false, err
	}
	if a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests {
		return g, false, latchkey.Errorf(latchkey.CodeUnavailable, "There is more to do than we can just now. Try again in a moment.")
	}
	if err := json.Unmarshal(a.body.Bytes(), &g); err != nil {
		return g, false, fmt.Errorf("the token endpoint's answer: %w", err)
	}
	return g, a.status != http.StatusOK, nil
}

// early is how long before its end an access token is not used any more.
const early = 20 * time.Second

// access gives a good access token, and keeps a refresh token that took the
// place of the old one.
func (v *Visit) access() (string, error) {
	if v.token != "" {
		return v.token, nil
	}
	if v.token = v.remembered.find(v.Held.Refresh, v.Now()); v.token != "" {
		return v.token, nil
	}
	g, err := v.refresh()
	if err != nil {
		return "", err
	}
	return g.Access, nil
}

// refresh gets new tokens. When they are refused nobody is signed in any more.
func (v *Visit) refresh() (granted, error) {
	g, refused, err := v.grant(v.R, v.Snap.Realm.Name, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {v.Held.Refresh}})
	if err != nil {
		return g, err
	}
	if refused {
		return g, errSignIn
	}
	if g.Refresh != "" && g.Refresh != v.Held.Refresh {
		v.Held.Refresh = g.Refresh
		v.Keep()
	}
	v.token = g.Access
	v.learn(g)
	return g, nil
}

func (v *Visit) learn(g granted) {
	now := v.Now()
	v.remembered.put(v.Held.Refresh, g.Access, now, now.Add(time.Duration(g.ExpiresIn)*time.Second-early))
}

// Content is what is sent to the REST API as it is, with its media type.
type Content struct {
	Type string
	Body []byte
}

// encode makes the body of a request, and says what it is.
func encode(content any) (body []byte, kind string, err error) {
	switch c := content.(type) {
	case nil:
		return nil, "application/json", nil
	case Content:
		return c.Body, c.Type, nil
	}
	body, err = json.Marshal(content)
	return body, "application/json", err
}

// Call asks the REST API: path is below its address, or is the whole address of
// a call of ours that stands elsewhere. Content is sent as JSON unless it is nil
// or a [Content], and out takes what came, unless it is nil; a *[]byte takes it
// as it is. An answer that is no success is a *Refusal.
func (v *Visit) Call(method, path string, content, out any) error {
	a, err := v.ask(method, path, content)
	if err != nil || out == nil || a.status == http.StatusNoContent {
		return err
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = a.body.Bytes()
		return nil
	}
	return json.Unmarshal(a.body.Bytes(), out)
}

// Create makes something by a POST and gives its id, which the answer's
// Location ends with; empty when it names none.
func (v *Visit) Create(path string, content any) (id string, err error) {
	a, err := v.ask(http.MethodPost, path, content)
	if err != nil {
		return "", err
	}
	location := a.header.Get("Location")
	return url.PathUnescape(location[strings.LastIndexByte(location, '/')+1:])
}

// Pass asks the REST API as the browser itself would, with its cookies, and
// gives the browser those that are set: an impersonation signs it in.
func (v *Visit) Pass(method, path string, out any) error {
	a, err := v.ask(method, path, nil, "Cookie", v.R.Header.Get("Cookie"))
	if err != nil {
		return err
	}
	for _, line := range a.header.Values("Set-Cookie") {
		v.W.Header().Add("Set-Cookie", line)
	}
	return json.Unmarshal(a.body.Bytes(), out)
}

func (v *Visit) ask(method, path string, content any, headers ...string) (*reply, error) {
	address := path
	if strings.HasPrefix(path, "/") {
		address = v.Site.URL(v.REST(v.Snap.Realm.Name)...) + path
	}
	body, kind, err := encode(content)
	if err != nil {
		return nil, err
	}
	for again := false; ; again = true {
		token, err := v.access()
		if err != nil {
			return nil, err
		}
		a, err := v.send(v.R, method, address, body, append([]string{"Authorization", "Bearer " + token,
			"Accept", "application/json", "Content-Type", kind, "Accept-Language", v.Lang()}, headers...)...)
		if err != nil {
			return nil, err
		}
		if a.status == http.StatusUnauthorized && !again {
			// The session has ended, or the token's time has: a refresh tells.
			v.remembered.drop(v.Held.Refresh)
			v.token = ""
			continue
		}
		if a.status >= http.StatusBadRequest {
			return nil, &Refusal{Status: a.status, Method: method, Body: a.body.Bytes()}
		}
		return a, nil
	}
}

// Refusal is an answer of the REST API that is no success.
type Refusal struct {
	Status int
	Method string // of the request; empty where none was sent
	Body   []byte
}

// Error says what kind of answer it was.
func (e *Refusal) Error() string { return fmt.Sprintf("the REST API answered %d", e.Status) }

// Message is what the answer says, in a sentence; empty when it says nothing.
func (e *Refusal) Message() string {
	var said struct {
		Message     string `json:"errorMessage"`
		Description string `json:"error_description"`
		Error       string `json:"error"`
	}
	_ = json.NewDecoder(io.LimitReader(bytes.NewReader(e.Body), 4096)).Decode(&said) // no message is as good as an empty one
	return strings.TrimSpace(cmp.Or(said.Message, said.Description, said.Error))
}

// Field is what the answer says that is wrong; empty when it does not.
func (e *Refusal) Field() string {
	var said struct {
		Field string `json:"field"`
	}
	_ = json.Unmarshal(e.Body, &said) // none is as good as an empty one
	return said.Field
}

// Unwrap gives the error that the person is shown where no page takes care.
func (e *Refusal) Unwrap() error {
	switch {
	case e.Status == http.StatusForbidden, e.Status == http.StatusUnauthorized:
		return latchkey.Errorf(latchkey.CodeForbidden, "The realm does not let you see this.")
	case e.Status == http.StatusNotFound:
		return latchkey.Errorf(latchkey.CodeNotFound, "There is nothing at this address.")
	case e.Status >= http.StatusInternalServerError:
		return latchkey.Errorf(latchkey.CodeUnavailable, "This does not work just now. Try again in a moment.")
	}
	return latchkey.Errorf(latchkey.CodeInvalid, "%s", cmp.Or(e.Message(), "This is not possible."))
}

// Status is that of an answer of the REST API that is no success; 0 for every
// other error, and for none.
func Status(err error) int {
	var no *Refusal
	if errors.As(err, &no) {
		return no.Status
	}
	return 0
}

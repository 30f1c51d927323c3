package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync/atomic"
)

// The steps of a sign-in.
const (
	stepStart   = "start"   // the authorization request, to the page that asks for the address
	stepSubmit  = "submit"  // the address, to the page that waits
	stepMail    = "mail"    // from there until the sink has the mail
	stepLink    = "link"    // the link, to its page
	stepConfirm = "confirm" // the page's button, to the application
	stepToken   = "token"   // the code, to the tokens
)

// crowd are the virtual people of a realm. Their connections are kept, as a
// proxy's are; their cookies are not shared.
type crowd struct {
	w       *world
	target  target
	conns   *http.Transport
	next    atomic.Int64 // how many sign-ins began
	newOnes int          // of a hundred, how many have no account yet
}

func newCrowd(w *world, t target, newOnes int) *crowd {
	return &crowd{w: w, target: t, newOnes: newOnes, conns: &http.Transport{MaxIdleConnsPerHost: 256}}
}

// address is whose sign-in comes next: a person with an account, each in turn,
// or somebody new, spread evenly.
func (c *crowd) address() string {
	n := int(c.next.Add(1))
	if n*c.newOnes/100 != (n-1)*c.newOnes/100 {
		return strings.ToLower(fmt.Sprintf("new%d-%s@bench.test", n, strings.Trim(random(6), "-_")))
	}
	return person(n % c.w.people)
}

// tokens is the answer of the token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

// visitor is one browser with a jar of its own, seen from an address of its own.
type visitor struct {
	http *http.Client
	from string
}

func (c *crowd) visitor() (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	b := make([]byte, 3)
	_, _ = rand.Read(b) // it never fails
	return &visitor{
		from: fmt.Sprintf("10.%d.%d.%d", b[0], b[1], b[2]),
		http: &http.Client{Jar: jar, Transport: c.conns, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(r.URL.String(), redirectURI) {
				return http.ErrUseLastResponse
			}
			return nil
		}},
	}, nil
}

// signIn walks one sign-in, from the application's redirect to its tokens.
func (c *crowd) signIn(ctx context.Context, lap *watch) (tokens, error) {
	v, err := c.visitor()
	if err != nil {
		return tokens{}, err
	}
	verifier, state, address := random(32), random(12), c.address()
	sum := sha256.Sum256([]byte(verifier))
	at, page, err := v.get(ctx, c.target.url("/protocol/openid-connect/auth?"+url.Values{
		"client_id": {c.target.client}, "redirect_uri": {redirectURI}, "response_type": {"code"}, "scope": {"openid email"},
		"state": {state}, "nonce": {random(12)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode()))
	if err != nil {
		return tokens{}, fmt.Errorf("authorization request: %w", err)
	}
	lap.lap(stepStart)
	mail := c.w.sink.expect(address)
	if _, _, err = v.submit(ctx, at, page, map[string]string{"username": address}); err != nil {
		return tokens{}, fmt.Errorf("address: %w", err)
	}
	lap.lap(stepSubmit)
	link, err := wait(ctx, mail)
	if err != nil {
		return tokens{}, err
	}
	lap.lap(stepMail)
	at, page, err = v.get(ctx, link)
	lap.lap(stepLink)
	if err == nil && !strings.HasPrefix(at.String(), redirectURI) { // a Keycloak's link is there already
		at, _, err = v.submit(ctx, at, page, nil)
		lap.lap(stepConfirm)
	}
	if err != nil {
		return tokens{}, fmt.Errorf("link: %w", err)
	}
	if !strings.HasPrefix(at.String(), redirectURI) || at.Query().Get("state") != state || at.Query().Get("code") == "" {
		return tokens{}, fmt.Errorf("the sign-in ended at %s", at)
	}
	t, err := c.token(ctx, url.Values{
		"grant_type": {"authorization_code"}, "code": {at.Query().Get("code")}, "redirect_uri": {redirectURI}, "code_verifier": {verifier},
	})
	if err == nil && (t.ID == "" || t.Access == "" || t.Refresh == "") {
		err = errors.New("the token answer lacks a token")
	}
	lap.lap(stepToken)
	return t, err
}

// token asks the token endpoint as the client.
func (c *crowd) token(ctx context.Context, form url.Values) (tokens, error) {
	var t tokens
	body, err := c.call(ctx, "/protocol/openid-connect/token", form, "")
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(body, &t)
}

// call makes a request as an application does: a POST with the client's secret
// when there is a form, else a GET, with a bearer token when there is one.
func (c *crowd) call(ctx context.Context, path string, form url.Values, bearer string) ([]byte, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, c.target.url(path), body)
	if err != nil {
		return nil, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(c.target.client, c.target.secret)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	answer, err := c.conns.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %.300s", method, path, answer.Status, text)
	}
	return text, err
}

func (v *visitor) get(ctx context.Context, address string) (*url.URL, string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", err
	}
	return v.do(r)
}

// do sends the request as a browser would, follows its redirects and gives
// where they end; that may be the application, which is not visited.
func (v *visitor) do(r *http.Request) (*url.URL, string, error) {
	r.Header.Set("X-Forwarded-For", v.from)
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	answer, err := v.http.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, "", err
	}
	if to, err := answer.Location(); err == nil {
		return to, "", nil
	}
	if answer.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%s %s: %s: %.300s", r.Method, r.URL.Path, answer.Status, text)
	}
	return answer.Request.URL, string(text), nil
}

// submit fills in the page's form that has the fields, or its first form, and
// sends it.
func (v *visitor) submit(ctx context.Context, at *url.URL, page string, fields map[string]string) (*url.URL, string, error) {
	form, err := findForm(page, fields)
	if err != nil {
		return nil, "", err
	}
	action, err := at.Parse(form.action)
	if err != nil {
		return nil, "", err
	}
	for name, value := range fields {
		form.values.Set(name, value)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, action.String(), strings.NewReader(form.values.Encode()))
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", at.Scheme+"://"+at.Host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.do(r)
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

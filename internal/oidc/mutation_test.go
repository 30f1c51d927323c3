package oidc_test

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"latchkey"
	"latchkey/internal/secret"
	"latchkey/internal/store"
)

// locked is a buffer that many goroutines may log to.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// Requests that are cut, doubled, swapped and bent at every endpoint: the
// answer is never a server error, and no secret stands in an answer, an event
// or a log line where it has no place. A seeded sample.
func TestMutatedRequests(t *testing.T) {
	var log locked
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(slog.New(slog.DiscardHandler)) })
	w := sqliteWorld(t)
	tokens := w.tokens("bench-pkce")
	code := w.code("bench-app")
	b := w.browser()
	withPassword(w)
	canaries := []string{passwordOfGolden, "bench-secret", strings.Split(code, ".")[0], tokens.text("access_token"), tokens.text("refresh_token"), tokens.text("id_token"), verifier}
	junk := []string{"", "\x00", "ü", "%zz", "' OR 1=1 --", "<script>", "../../etc/passwd", strings.Repeat("A", 3000), "https://evil.example.test/", "null", "[]", "{}",
		"a.b.c", tokens.text("access_token"), tokens.text("id_token"), tokens.text("refresh_token"), code, "S256", "plain", "none", "-1", "openid", "authorization_code", redirectURI, "\r\nX: y"}
	base := []url.Values{params("bench-app"), params("bench-public", "prompt", "none"),
		{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}, "client_id": {"bench-app"}, "client_secret": {"wrong"}},
		{"grant_type": {"refresh_token"}, "refresh_token": {tokens.text("refresh_token")}, "client_id": {"bench-public"}},
		{"grant_type": {"client_credentials"}, "client_id": {"bench-pkce"}, "client_secret": {clientSecrets["bench-pkce"]}},
		{"id_token_hint": {tokens.text("id_token")}, "post_logout_redirect_uri": {redirectURI}, "state": {"s"}},
		{"client_id": {"bench-app"}, "tab_id": {"AAAAAAAAAAA"}, "session_code": {"x"}},
		{"access_token": {tokens.text("access_token")}}}
	base = append(base,
		url.Values{"token": {tokens.text("access_token")}, "token_type_hint": {"access_token"}, "client_id": {"bench-pkce"}, "client_secret": {clientSecrets["bench-pkce"]}},
		url.Values{"token": {tokens.text("refresh_token")}, "client_id": {"bench-public"}},
		url.Values{"grant_type": {"client_credentials"}, "client_assertion_type": {assertionType}, "client_assertion": {sign(t, jose.HS256, []byte(longSecret), nil, w.claimsOf(nil))}},
		url.Values{"grant_type": {"password"}, "username": {"golden@example.test"}, "password": {passwordOfGolden}, "client_id": {"bench-app"}, "client_secret": {"bench-secret"}},
		url.Values{"client_id": {"bench-app"}, "origin": {"http://127.0.0.1:9999"}})
	paths := []string{"token/introspect", "revoke", "login-status-iframe.html", "login-status-iframe.html/init", "3p-cookies/step1.html", "3p-cookies/step2.html",
		"auth", "token", "userinfo", "logout", "logout/logout-confirm", "certs"}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		v := url.Values{}
		for k, values := range base[r.IntN(len(base))] {
			v[k] = slices.Clone(values)
		}
		for range r.IntN(4) {
			keys := keysOfValues(v)
			if len(keys) == 0 {
				break
			}
			k := keys[r.IntN(len(keys))]
			switch r.IntN(4) {
			case 0:
				v.Del(k)
			case 1:
				v.Add(k, junk[r.IntN(len(junk))])
			case 2:
				v.Set(k, junk[r.IntN(len(junk))])
			default:
				v.Set(junk[r.IntN(len(junk))], k)
			}
		}
		raw := v.Encode()
		if r.IntN(10) == 0 && raw != "" {
			raw = raw[:r.IntN(len(raw))]
		}
		target := w.endpoint([]string{"bench", "other", "nope", "closed"}[min(r.IntN(12), 3)], paths[r.IntN(len(paths))])
		method := []string{"GET", "POST", "POST", "PUT", "DELETE", "OPTIONS"}[r.IntN(6)]
		if len(raw) > 12000 {
			method = "POST"
		}
		var header []string
		switch r.IntN(4) {
		case 0:
			header = as([]string{"bench-app", "bench-pkce", "bench-narrow"}[r.IntN(3)])
		case 1:
			header = []string{"Authorization", []string{"Bearer ", "Basic ", "DPoP ", ""}[r.IntN(4)] + strings.Map(printable, junk[r.IntN(len(junk))])}
		}
		a := send(t, b, method, target, raw, header)
		if a.status >= 500 {
			t.Fatalf("request %d: %s %s with %q: %d %s", i, method, target, raw, a.status, a.body)
		}
		for _, c := range canaries {
			if a.status >= 400 && (bytes.Contains(a.body, []byte(c)) || strings.Contains(a.header.Get("WWW-Authenticate"), c)) {
				t.Fatalf("request %d: a secret in the answer to %s %s: %s", i, method, target, a.body)
			}
		}
		if to := a.header.Get("Location"); to != "" && !strings.HasPrefix(to, w.base) && !strings.HasPrefix(to, redirectURI) {
			t.Fatalf("request %d: to %s", i, to)
		}
	}
	for _, c := range canaries {
		if log.b.Len() == 0 || bytes.Contains(log.b.Bytes(), []byte(c)) {
			t.Errorf("a secret in the log: %q", c)
		}
	}
	for _, e := range w.eventList() {
		for k, v := range e.Details {
			for _, c := range canaries {
				if strings.Contains(v, c) && k != "grant_type" {
					t.Errorf("a secret in an event: %s of %s", k, e.Type)
				}
			}
		}
	}
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}

func keysOfValues(v url.Values) []string {
	var out []string
	for k := range v {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func send(t *testing.T, b *browser, method, target, raw string, header []string) *answer {
	t.Helper()
	body := ""
	if method == http.MethodPost || method == http.MethodPut {
		body = raw
	} else {
		target += "?" + strings.NewReplacer("\x00", "%00", "\r", "%0d", "\n", "%0a", " ", "+").Replace(raw)
	}
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		return &answer{header: http.Header{}} // no request that a client could send
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

// When the transaction that spends a code fails, the code is not spent.
func TestCodeOutlivesFailedTransaction(t *testing.T) {
	w := sqliteWorld(t)
	code := w.code("bench-app")
	drawn, _, _ := strings.Cut(code, ".")
	realmID, broken := w.snapID("bench"), errors.New("the disk is full")
	err := w.db.Update(ctx, func(tx *store.Tx) error {
		if _, first, err := tx.RedeemCode(realmID, secret.Hash(drawn)); err != nil || !first {
			t.Errorf("first %v, %v", first, err)
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if a := w.redeem("bench-app", code); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A realm that signs by EdDSA works at every place that takes a token.
func TestEdDSAEverywhere(t *testing.T) {
	w := sqliteWorld(t)
	w.changeRealm(func(r *latchkey.Realm) { r.DefaultSignatureAlgorithm = "EdDSA" })
	b, a := w.signedIn("bench-app")
	for _, name := range []string{"access_token", "id_token"} {
		if header, _ := decode(t, a.text(name)); header["alg"] != "EdDSA" {
			t.Errorf("%s: %v", name, header)
		}
	}
	if got := w.userinfo("bench", a.text("access_token")); got.status != http.StatusOK {
		t.Errorf("userinfo: %d", got.status)
	}
	if got := w.refresh("bench-app", a.text("refresh_token")); got.status != http.StatusOK {
		t.Errorf("refresh: %d %s", got.status, got.body)
	}
	if got := b.signInAs(person{fromCookie: true}, params("bench-app", "id_token_hint", a.text("id_token"))); !got.Has("code") {
		t.Errorf("auth: %v", got)
	}
	if got := b.get(w.logoutURL("id_token_hint", a.text("id_token"))); got.page.Page != "logged-out" {
		t.Errorf("logout: %d %s", got.status, got.body)
	}
}

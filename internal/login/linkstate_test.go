package login

import (
	"testing"
	"time"

	"latchkey"
	"latchkey/internal/actiontoken"
)

// TestTruthTable reads docs/mailed-link.md's table row by row: who opens the
// link, in which state, sees what.
func TestTruthTable(t *testing.T) {
	now := time.Unix(10_000, 0)
	token := func(change ...func(*latchkey.ActionToken)) *latchkey.ActionToken {
		t := &latchkey.ActionToken{ID: "t", Kind: latchkey.TokenMagicLink, LoginID: "l", Address: "ada@example.test", ExpiresAt: now.Add(time.Minute)}
		for _, c := range change {
			c(t)
		}
		return t
	}
	login := func(change ...func(*latchkey.Login)) *latchkey.Login {
		l := &latchkey.Login{ID: "l", ExpiresAt: now.Add(time.Hour)}
		for _, c := range change {
			c(l)
		}
		return l
	}
	redeemed := func(t *latchkey.ActionToken) { t.RedeemedAt = now }
	reusable := func(t *latchkey.ActionToken) { t.Reusable = true }
	expired := func(t *latchkey.ActionToken) { t.ExpiresAt = now } // exclusive
	lastMoment := func(t *latchkey.ActionToken) { t.ExpiresAt = now.Add(time.Millisecond) }
	api := func(t *latchkey.ActionToken) { t.Kind, t.LoginID = latchkey.TokenAPILink, "" }
	ended := func(why latchkey.EndReason) func(*latchkey.Login) {
		return func(l *latchkey.Login) { l.EndedAt, l.EndReason = now, why }
	}
	provenBy := func(id string) func(*latchkey.Login) {
		return func(l *latchkey.Login) { l.Mail.ProvenAt, l.Mail.TokenID = now, id }
	}
	numbers := func(tries int, closed bool) func(*latchkey.Login) {
		return func(l *latchkey.Login) { l.NumberTries, l.Mail.NumberClosed = tries, closed }
	}
	ada := &latchkey.User{ID: "ada", Enabled: true}
	off := &latchkey.User{ID: "ada"}
	as := func(id string) *latchkey.UserSession { return &latchkey.UserSession{UserID: id} }
	number := actiontoken.MagicConfig{OtherBrowser: actiontoken.OtherBrowserNumber}
	code := actiontoken.MagicConfig{OtherBrowser: actiontoken.OtherBrowserCode}
	refuse := actiontoken.MagicConfig{OtherBrowser: actiontoken.OtherBrowserRefuse}

	for name, c := range map[string]struct {
		f    linkFacts
		want linkState
	}{
		"the browser that asked":                           {linkFacts{Token: token(), Login: login(), SameBrowser: true, Config: number}, linkSame},
		"the same, a known account":                        {linkFacts{Token: token(), Login: login(), SameBrowser: true, Account: ada}, linkSame},
		"the same, last moment":                            {linkFacts{Token: token(lastMoment), Login: login(), SameBrowser: true}, linkSame},
		"the same, too late":                               {linkFacts{Token: token(expired), Login: login(), SameBrowser: true}, linkExpired},
		"the same, its person is signed in already":        {linkFacts{Token: token(), Login: login(), SameBrowser: true, Account: ada, Session: as("ada")}, linkSame},
		"the same, somebody else is signed in":             {linkFacts{Token: token(), Login: login(), SameBrowser: true, Account: ada, Session: as("bob")}, linkOtherUser},
		"the same, somebody is signed in, no account yet":  {linkFacts{Token: token(), Login: login(), SameBrowser: true, Session: as("bob")}, linkOtherUser},
		"the same, the account is switched off":            {linkFacts{Token: token(), Login: login(), SameBrowser: true, Account: off}, linkDisabled},
		"the same, used, steps remain":                     {linkFacts{Token: token(redeemed), Login: login(provenBy("t")), SameBrowser: true}, linkOpenStep},
		"the same, used, another mail proved it":           {linkFacts{Token: token(redeemed), Login: login(provenBy("u")), SameBrowser: true}, linkUsed},
		"the same, used and finished":                      {linkFacts{Token: token(redeemed), Login: login(provenBy("t"), ended(latchkey.EndFinished)), SameBrowser: true}, linkUsed},
		"the same, begun again":                            {linkFacts{Token: token(), Login: login(ended(latchkey.EndRestarted)), SameBrowser: true}, linkEnded},
		"the same, reported":                               {linkFacts{Token: token(), Login: login(ended(latchkey.EndReported)), SameBrowser: true}, linkEnded},
		"the same, the login ran out":                      {linkFacts{Token: token(), Login: login(func(l *latchkey.Login) { l.ExpiresAt = now }), SameBrowser: true}, linkEnded},
		"the same, the login was swept":                    {linkFacts{Token: token(), SameBrowser: true}, linkExpired},
		"the same, the policy is about other browsers":     {linkFacts{Token: token(), Login: login(), SameBrowser: true, Config: refuse}, linkSame},
		"the same, the number is closed":                   {linkFacts{Token: token(), Login: login(numbers(3, true)), SameBrowser: true}, linkSame},
		"another browser":                                  {linkFacts{Token: token(), Login: login(), Config: number}, linkOther},
		"another browser, two wrong numbers":               {linkFacts{Token: token(), Login: login(numbers(2, false)), Config: number}, linkOther},
		"another browser, three wrong numbers":             {linkFacts{Token: token(), Login: login(numbers(3, false)), Config: number}, linkOtherClosed},
		"another browser, it was not me":                   {linkFacts{Token: token(), Login: login(numbers(0, true)), Config: number}, linkOtherClosed},
		"another browser, policy code":                     {linkFacts{Token: token(), Login: login(), Config: code}, linkOtherCode},
		"another browser, policy refuse":                   {linkFacts{Token: token(), Login: login(), Config: refuse}, linkOtherRefused},
		"another browser, an account that is switched off": {linkFacts{Token: token(), Login: login(), Account: off, Config: number}, linkOther},
		"another browser, somebody is signed in":           {linkFacts{Token: token(), Login: login(), Account: ada, Session: as("bob"), Config: number}, linkOther},
		"another browser, used":                            {linkFacts{Token: token(redeemed), Login: login(provenBy("t")), Config: number}, linkUsed},
		"another browser, too late":                        {linkFacts{Token: token(expired), Login: login(), Config: number}, linkExpired},
		"another browser, finished by code":                {linkFacts{Token: token(), Login: login(provenBy(""), ended(latchkey.EndFinished)), Config: number}, linkUsed},
		"another browser, proven by code, steps remain":    {linkFacts{Token: token(), Login: login(provenBy("")), Config: number}, linkEnded},
		"another browser, it went on elsewhere":            {linkFacts{Token: token(), Login: login(ended(latchkey.EndElsewhere)), Config: number}, linkUsed},
		"reusable, steps remain":                           {linkFacts{Token: token(redeemed, reusable), Login: login(provenBy("t")), SameBrowser: true}, linkOpenStep},
		"reusable, another mail proved it":                 {linkFacts{Token: token(reusable), Login: login(provenBy("u")), SameBrowser: true}, linkEnded},
		"reusable, its login is finished":                  {linkFacts{Token: token(redeemed, reusable), Login: login(provenBy("t"), ended(latchkey.EndFinished)), SameBrowser: true}, linkAgain},
		"reusable, finished, too late":                     {linkFacts{Token: token(redeemed, reusable, expired), Login: login(provenBy("t"), ended(latchkey.EndFinished)), SameBrowser: true}, linkUsed},
		"reusable, finished, switched off":                 {linkFacts{Token: token(redeemed, reusable), Login: login(ended(latchkey.EndFinished)), SameBrowser: true, Account: off}, linkDisabled},
		"reusable, finished, somebody else is signed in":   {linkFacts{Token: token(redeemed, reusable), Login: login(ended(latchkey.EndFinished)), SameBrowser: true, Account: ada, Session: as("bob")}, linkOtherUser},
		"reusable, finished, another browser":              {linkFacts{Token: token(redeemed, reusable), Login: login(provenBy("t"), ended(latchkey.EndFinished)), Config: number}, linkUsed},
		"reusable, reported":                               {linkFacts{Token: token(reusable), Login: login(ended(latchkey.EndReported)), SameBrowser: true}, linkEnded},
		"made by the API":                                  {linkFacts{Token: token(api), Account: ada}, linkAPI},
		"made by the API, used":                            {linkFacts{Token: token(api, redeemed), Account: ada}, linkUsed},
		"made by the API, too late":                        {linkFacts{Token: token(api, expired), Account: ada}, linkExpired},
		"made by the API, switched off":                    {linkFacts{Token: token(api), Account: off}, linkDisabled},
		"made by the API, somebody else is signed in":      {linkFacts{Token: token(api), Account: ada, Session: as("bob")}, linkOtherUser},
	} {
		t.Run(name, func(t *testing.T) {
			c.f.Now = now
			if got := c.f.state(); got != c.want {
				t.Errorf("state %d, want %d", got, c.want)
			}
		})
	}
}

// TestNothingRedeemsByClickingElsewhere: over all facts, a browser that did
// not ask never gets a state in which a button alone redeems a mailed link
//
func TestNothingRedeemsByClickingElsewhere(t *testing.T) {
	now := time.Unix(10_000, 0)
	for i := range 1 << 8 {
		bit := func(n int) bool { return i>>n&1 == 1 }
		f := linkFacts{Now: now, Token: &latchkey.ActionToken{ID: "t", Kind: latchkey.TokenMagicLink, ExpiresAt: now.Add(time.Minute), Reusable: bit(0)},
			Login: &latchkey.Login{ExpiresAt: now.Add(time.Hour)}}
		if bit(1) {
			f.Token.RedeemedAt = now
		}
		if bit(2) {
			f.Login.EndedAt, f.Login.EndReason = now, latchkey.EndFinished
		}
		if bit(3) {
			f.Login.Mail.ProvenAt, f.Login.Mail.TokenID = now, "t"
		}
		if bit(4) {
			f.Account = &latchkey.User{ID: "ada", Enabled: bit(5)}
		}
		if bit(6) {
			f.Session = &latchkey.UserSession{UserID: "ada"}
		}
		f.Login.Mail.NumberClosed = bit(7)
		switch s := f.state(); s {
		case linkSame, linkAgain, linkOpenStep, linkAPI, linkOtherUser:
			t.Fatalf("facts %b give state %d without the login's cookie", i, s)
		}
	}
}

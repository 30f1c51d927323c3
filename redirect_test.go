package latchkey_test

import (
	"testing"

	"latchkey"
)

// Where people begin in an application (OpenID Connect Core 4).
func TestStartURL(t *testing.T) {
	for _, c := range []struct {
		client latchkey.Client
		want   string
	}{
		{latchkey.Client{}, ""},
		{latchkey.Client{BaseURL: "https://shop.test/a"}, "https://shop.test/a"},
		{latchkey.Client{RootURL: "https://id.test", BaseURL: "/realms/x/account/"}, "https://id.test/realms/x/account/"},
		{latchkey.Client{RootURL: "${authBaseUrl}", BaseURL: "/realms/x/account/"}, "https://us.test/realms/x/account/"},
		{latchkey.Client{BaseURL: "/relative"}, "https://us.test/relative"},
		{latchkey.Client{RootURL: "https://root.test"}, "https://root.test"},
		{latchkey.Client{BaseURL: "https://base.test", Attributes: map[string]string{"initiate.login.uri": "https://app.test/login?a=b"}},
			"https://app.test/login?a=b&iss=https%3A%2F%2Fus.test%2Frealms%2Fx"},
		{latchkey.Client{BaseURL: "javascript:alert(1)"}, ""},
		{latchkey.Client{BaseURL: "app://start/here"}, ""},
		{latchkey.Client{BaseURL: "https://user:pw@base.test"}, ""},
		{latchkey.Client{BaseURL: "https://base.test", Attributes: map[string]string{"initiate.login.uri": "javascript:alert(1)"}}, "https://base.test"},
	} {
		if got := c.client.StartURL("https://us.test", "https://us.test/realms/x"); got != c.want {
			t.Errorf("%+v starts at %q, want %q", c.client, got, c.want)
		}
	}
}

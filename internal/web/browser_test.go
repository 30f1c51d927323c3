package web

import "testing"

// names come from fixed lists, whatever the browser calls itself.
func TestBrowser(t *testing.T) {
	const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
	tests := []struct {
		name, agent, brands, platform, wantName, wantOS string
	}{
		{"Firefox", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "", "", "Firefox", "Linux"},
		{"Chrome", chrome, `"Google Chrome";v="131", "Chromium";v="131", "Not_A Brand";v="24"`, `"Linux"`, "Chrome", "Linux"},
		{"Chrome without hints", chrome, "", "", "Chrome", "Linux"},
		{"Brave", chrome, `"Brave";v="131", "Chromium";v="131"`, `"macOS"`, "Brave", "macOS"},
		{"Edge", chrome + " Edg/131.0", "", "", "Edge", "Linux"},
		{"Opera", chrome + " OPR/115.0", "", "", "Opera", "Linux"},
		{"Safari on a Mac", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "", "", "Safari", "macOS"},
		{"Safari on iOS", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "", "", "Safari", "iOS"},
		{"Mail's web view", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", "", "", "Safari", "iOS"},
		{"Chrome on iOS", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0 Mobile/15E148 Safari/604.1", "", "", "Chrome", "iOS"},
		{"Samsung", "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36", "", "", "Samsung Internet", "Android"},
		{"Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "", "", "Firefox", "Windows"},
		{"ChromeOS", "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "", "", "Chrome", "ChromeOS"},
		{"a program", "curl/8.5.0", "", "", "", ""},
		{"text of its own", "Visit https://evil.test <b>now</b>", `"Your bank";v="1"`, `"Win a prize"`, "", ""},
		{"nothing", "", "", "", "", ""},
	}
	for _, tt := range tests {
		r := ask("GET", "/", "Sec-CH-UA: "+tt.brands, "Sec-CH-UA-Platform: "+tt.platform)
		r.Header.Set("User-Agent", tt.agent)
		if b := Browser(r); b.Name != tt.wantName || b.OS != tt.wantOS {
			t.Errorf("%s: %q on %q", tt.name, b.Name, b.OS)
		}
	}
	s := site(t, "http://localhost:8080")
	if b := s.Browser(ask("GET", "/", "Remote: 192.0.2.1:5")); b.IP != "192.0.2.1" {
		t.Errorf("%+v", b)
	}
}

// a load ahead of the click is known as one.
func TestSpeculative(t *testing.T) {
	for header, want := range map[string]bool{
		"Sec-Purpose: prefetch": true, "Sec-Purpose: prefetch;prerender": true, "Purpose: prefetch": true,
		"X-Moz: prefetch": true, "X-Purpose: preview": true, "Sec-Fetch-Mode: navigate": false,
	} {
		if got := Speculative(ask("GET", "/", header)); got != want {
			t.Errorf("%s: %v", header, got)
		}
	}
}

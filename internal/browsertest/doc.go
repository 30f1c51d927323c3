// Package browsertest gives tests a real browser: Debian's Chromium, headless,
// with a fresh profile and no traffic of its own. It is imported by tests only.
//
//	p := browsertest.New(t).Open(server.URL)
//	p.Type("#email", "ada@example.test")
//	p.Follow("button[type=submit]")
//	p.See("Check your email")
//	p.Axe()
//
// A [Browser] is one person's browser: its tabs share cookies and storage, and
// another Browser in the same test shares nothing with it. Hosts under .test
// lead to 127.0.0.1, every other name but localhost to nowhere, so a test can
// have two sites and cannot have the internet.
//
// What a page does wrong is collected while it is used: violations of its
// Content-Security-Policy, messages on the console, exceptions and requests to
// other machines. What a test does not take with [Browser.Findings] fails it
// when it ends.
//
// Chromium is found by name, its headless shell first, or named by
// LK_TEST_CHROMIUM. The JavaScript that
// only tests use (axe-core, keycloak-js, openid-client) is locked in js/ and
// fetched by scripts/setup.sh. A test whose tools are missing is skipped; where
// CI is set, or LK_TEST_REQUIRE=1, it fails.
//
// Nevers: no sleep, no network but loopback, no state that outlives the test.
package browsertest

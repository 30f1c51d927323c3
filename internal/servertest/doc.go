// Package servertest is the real server in one process, for tests: real HTTP
// on ports of loopback, a real database, a real mail server, and a clock that
// stands still until it is moved.
//
//	s := servertest.Start(t)
//	rp := s.RP("demo")
//	b := s.Browser()
//	page := rp.Start(b)
//	page = page.Form(0).Set("username", "ada@example.test").Submit()
//	mail := s.Mail.Wait("ada@example.test")
//	page = b.Get(mail.Link).Form(0).Submit()
//	tokens := rp.Finish(page)
//
// A [Browser] is one profile: cookies, redirects, forms, links and nothing
// else; it runs no script. An [RP] is an application on a listener of its own.
// [Nodes] starts several servers on one database.
//
// Nevers: it is imported by tests only; it looks into the server only through
// HTTP, mail and the store's own verbs; it replaces no part by a mock.
package servertest

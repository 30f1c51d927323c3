package browsertest

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// Kind says what kind of thing a page did wrong.
type Kind string

// The kinds of findings.
const (
	Violation Kind = "violation of the Content-Security-Policy"
	Exception Kind = "uncaught exception"
	Console   Kind = "message on the console" // a warning or an error
	Foreign   Kind = "request to another machine"
)

// Finding is something that a page did wrong.
type Finding struct {
	Kind Kind
	URL  string // where, when it is known
	Text string
}

// String gives the finding in one line.
func (f Finding) String() string { return fmt.Sprintf("%s: %s (%s)", f.Kind, f.Text, f.URL) }

// Request is a request that a tab made. A redirect is two of them.
type Request struct {
	Method string
	URL    string
	Type   string // Document, Stylesheet, Script, Image, Font, Fetch, ...
	Status int    // 0 while there is no answer
	// Bytes is what the answer took on the wire, headers included.
	Bytes int

	id       network.RequestID
	document cdp.LoaderID // that asked for it, or that it became
	over     bool         // answered to the last byte, or failed
}

// recorder collects what the tabs of a browser do. Events arrive on the
// goroutines of the tabs.
type recorder struct {
	mu       sync.Mutex
	requests []*Request
	findings []Finding
}

func (r *recorder) takeFindings() []Finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.findings
	r.findings = nil
	return out
}

func (r *recorder) allRequests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]Request, len(r.requests))
	for i, q := range r.requests {
		out[i] = *q
	}
	return out
}

// event takes one event of a tab.
func (r *recorder) event(ev any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		r.request(ev)
	case *network.EventResponseReceived:
		if q := r.find(ev.RequestID); q != nil {
			q.Status = int(ev.Response.Status)
		}
	case *network.EventLoadingFinished:
		if q := r.find(ev.RequestID); q != nil {
			q.Bytes, q.over = int(ev.EncodedDataLength), true
		}
	case *network.EventLoadingFailed:
		if q := r.find(ev.RequestID); q != nil {
			q.over = true
		}
	case *audits.EventIssueAdded:
		r.issue(ev.Issue)
	case *runtime.EventExceptionThrown:
		r.add(Exception, ev.ExceptionDetails.URL, exceptionText(ev.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
			r.add(Console, "", consoleText(ev.Args))
		}
	case *log.EventEntryAdded:
		r.entry(ev.Entry)
	}
}

func (r *recorder) add(kind Kind, url, text string) {
	r.findings = append(r.findings, Finding{Kind: kind, URL: url, Text: text})
}

// find gives the newest request with the id: a redirect keeps its id.
func (r *recorder) find(id network.RequestID) *Request {
	for i := len(r.requests) - 1; i >= 0; i-- {
		if r.requests[i].id == id {
			return r.requests[i]
		}
	}
	return nil
}

func (r *recorder) request(ev *network.EventRequestWillBeSent) {
	if ev.RedirectResponse != nil {
		if q := r.find(ev.RequestID); q != nil {
			q.Status, q.Bytes, q.over = int(ev.RedirectResponse.Status), int(ev.RedirectResponse.EncodedDataLength), true
		}
	}
	address := ev.Request.URL + ev.Request.URLFragment
	r.requests = append(r.requests, &Request{
		Method: ev.Request.Method, URL: address, Type: ev.Type.String(), id: ev.RequestID, document: ev.LoaderID,
	})
	if !local(address) {
		r.add(Foreign, ev.DocumentURL, ev.Request.Method+" "+address)
	}
}

// local says whether the URL stays on this machine: loopback, a name under
// .test, or no address at all (data:, blob:, about:).
func local(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".test") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (r *recorder) issue(issue *audits.InspectorIssue) {
	csp := issue.Details.ContentSecurityPolicyIssueDetails
	if csp == nil {
		return
	}
	text := fmt.Sprintf("%s, %s", csp.ViolatedDirective, csp.ContentSecurityPolicyViolationType)
	if csp.BlockedURL != "" {
		text += ", " + csp.BlockedURL
	}
	where := ""
	if at := csp.SourceCodeLocation; at != nil {
		where = fmt.Sprintf("%s:%d", at.URL, at.LineNumber+1)
	}
	r.add(Violation, where, text)
}

// entry takes a line of the browser's own log. A status of 400 or more is in
// Requests, and a violation of the policy has come as an issue already.
func (r *recorder) entry(e *log.Entry) {
	if e.Level != log.EntryLevelError && e.Level != log.EntryLevelWarning {
		return
	}
	if e.Source == log.EntrySourceNetwork || strings.Contains(e.Text, "Content Security Policy") {
		return
	}
	r.add(Console, e.URL, e.Text)
}

func exceptionText(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

func consoleText(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		switch {
		case a.Description != "":
			words = append(words, a.Description)
		case len(a.Value) > 0:
			words = append(words, strings.Trim(string(a.Value), `"`))
		default:
			words = append(words, string(a.Type))
		}
	}
	return strings.Join(words, " ")
}

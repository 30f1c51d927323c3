package doctor

import (
	"context"
	"net"
	"slices"
	"strings"

	"latchkey"
)

// Resolver asks the DNS; *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// maxLookups is how many further questions a receiver asks for one SPF record
// before it gives up (RFC 7208 4.6.4).
const maxLookups = 10

// Mail asks the DNS what receivers of the realm's mails will ask: SPF (RFC
// 7208) and a mail exchanger for the domain of the envelope, DMARC for the
// domain of From. What the relay signs with (DKIM) is the relay's.
func Mail(ctx context.Context, s *latchkey.Snapshot, dns Resolver) []Finding {
	f := &findings{realm: s.Realm.Name}
	if !s.Realm.Enabled || !s.Realm.SMTP.Configured() || loopback(s.Realm.SMTP.Relays[0].Host) {
		return nil
	}
	from := domain(s.Realm.SMTP.From)
	envelope := from
	if s.Realm.SMTP.EnvelopeFrom != "" {
		envelope = domain(s.Realm.SMTP.EnvelopeFrom)
	}
	if from == "" {
		f.add(Fault, "from-not-an-address", s.Realm.SMTP.From, "The address that mails come from is none.")
		return f.list
	}
	f.spf(ctx, envelope, dns)
	f.dmarc(ctx, from, dns)
	if mx, err := dns.LookupMX(ctx, envelope); err != nil || len(mx) == 0 {
		f.add(Weakness, "no-mx", envelope, "The domain of the return address takes no mail: bounces are lost, and some receivers refuse such senders.")
	}
	if envelope != from && !strings.HasSuffix("."+envelope, "."+organisation(from)) {
		f.add(Weakness, "not-aligned", envelope, "The return address is of another domain than From (%s): SPF does not help DMARC there.", from)
	}
	return f.list
}

func domain(address string) string {
	_, d, ok := strings.Cut(strings.ToLower(strings.TrimSpace(address)), "@")
	if !ok {
		return ""
	}
	return d
}

// organisation is roughly the registrable domain: the last two labels. It is
// only used to say more, never to allow anything.
func organisation(domain string) string {
	labels := strings.Split(domain, ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

// record finds the one TXT record that begins so.
func record(ctx context.Context, dns Resolver, name, prefix string) (string, int) {
	list, err := dns.LookupTXT(ctx, name)
	if err != nil {
		return "", 0
	}
	var found []string
	for _, text := range list {
		if t := strings.TrimSpace(text); strings.EqualFold(t, prefix) || (len(t) > len(prefix) && strings.EqualFold(t[:len(prefix)], prefix) && strings.ContainsRune(" ;", rune(t[len(prefix)]))) {
			found = append(found, t)
		}
	}
	if len(found) == 0 {
		return "", 0
	}
	return found[0], len(found)
}

func (f *findings) spf(ctx context.Context, domain string, dns Resolver) {
	text, n := record(ctx, dns, domain, "v=spf1")
	switch {
	case n == 0:
		f.add(Weakness, "no-spf", domain, "There is no SPF record: large receivers refuse or file such mails as spam. Publish one that names your relay.")
		return
	case n > 1:
		f.add(Fault, "two-spf-records", domain, "There is more than one SPF record, which counts as none (RFC 7208 4.5).")
		return
	}
	if asked := lookups(ctx, dns, text, 0); asked > maxLookups {
		f.add(Fault, "spf-too-many-lookups", domain, "Reading the SPF record takes %d further questions; receivers stop at %d.", asked, maxLookups)
	}
	if fields := strings.Fields(text); slices.Contains(fields, "+all") || slices.Contains(fields, "all") {
		f.add(Weakness, "spf-allows-all", domain, "The SPF record lets everybody send for this domain.")
	}
}

// lookups counts the questions that reading a record takes.
func lookups(ctx context.Context, dns Resolver, text string, depth int) int {
	n := 0
	for _, term := range strings.Fields(text)[1:] {
		term = strings.ToLower(strings.TrimLeft(term, "+-~?"))
		name, arg, _ := strings.Cut(term, ":")
		if redirect, ok := strings.CutPrefix(term, "redirect="); ok {
			name, arg = "include", redirect
		}
		name, _, _ = strings.Cut(name, "/")
		switch name {
		case "a", "mx", "ptr", "exists":
			n++
		case "include":
			n++
			if depth < maxLookups && n <= maxLookups && arg != "" {
				if inner, count := record(ctx, dns, arg, "v=spf1"); count == 1 {
					n += lookups(ctx, dns, inner, depth+1)
				}
			}
		}
	}
	return n
}

func (f *findings) dmarc(ctx context.Context, domain string, dns Resolver) {
	text, n := record(ctx, dns, "_dmarc."+domain, "v=DMARC1")
	if n == 0 {
		text, n = record(ctx, dns, "_dmarc."+organisation(domain), "v=DMARC1")
	}
	if n == 0 {
		f.add(Weakness, "no-dmarc", domain, "There is no DMARC record: large receivers want one of those who send much (Gmail, Yahoo, Outlook).")
		return
	}
	tags := map[string]string{}
	for _, part := range strings.Split(text, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		tags[strings.ToLower(strings.TrimSpace(k))] = strings.TrimSpace(v)
	}
	if p := strings.ToLower(tags["p"]); p != "quarantine" && p != "reject" {
		f.add(Weakness, "dmarc-none", domain, "The DMARC record asks receivers for nothing (p=%s): others can send in your name.", p)
	}
	if tags["rua"] == "" {
		f.add(Weakness, "dmarc-no-reports", domain, "The DMARC record has no rua: nobody tells you when mails of yours fail.")
	}
}

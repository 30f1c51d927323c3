package realm

import (
	"latchkey"
	"latchkey/internal/representation"
)

// makeUsers makes the file's accounts: those that stand among the settings,
// then those that are read one by one. A few are kept to be written with the
// realm; of more it is only found out whether they can be, and which of them
// are service accounts.
func (p *planner) makeUsers(stream *stream) {
	p.snap.Index()
	all := newPeople(p.o, p.snap, p.groupPaths, &p.report, p.note)
	all.faulty = p.faulty
	for i := range p.file.Users {
		if u := all.add(&p.file.Users[i], i); u != nil {
			p.users = append(p.users, u.Person)
		}
	}
	if stream != nil {
		p.streamUsers(all, stream)
	}
	for _, c := range p.snap.Clients {
		if c.ServiceAccountsEnabled && !all.services[c.ID] && isOpenID(&c.Protocol) {
			p.users = append(p.users, &latchkey.Person{User: NewServiceAccount(c, p.o.Now), Roles: []string{p.defaultRole.ID}})
		}
	}
}

func (p *planner) streamUsers(all *people, stream *stream) {
	p.note(stream.each(func(rep *representation.User, unknown []representation.Unknown, index int) error {
		u := all.add(rep, index)
		p.report.unknown(unknown)
		if u != nil && stream.total <= batch {
			p.users = append(p.users, u.Person)
		}
		return nil
	}, p.note))
	p.streamed = stream.total > batch
}

package realm

import (
	"context"
	"hash/maphash"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
)

// people makes accounts of their representations, one at a time: there may be
// more of them than fit into memory. What they name is looked up in a realm
// that is planned, or in one that is there.
type people struct {
	o        Options
	snap     *latchkey.Snapshot // indexed
	roles    map[roleName]string
	groups   map[string]string // ids by path
	report   *Report
	note     func(error) bool // keeps a fault
	faulty   map[string]bool  // clients that are named as missing already
	seen     seen
	services map[string]bool // clients that have their service account, by id
}

func newPeople(o Options, snap *latchkey.Snapshot, groups map[string]string, report *Report, note func(error) bool) *people {
	p := &people{o: o, snap: snap, roles: map[roleName]string{}, groups: groups, report: report, note: note,
		faulty: map[string]bool{}, seen: newSeen(), services: map[string]bool{}}
	for _, r := range snap.Roles {
		name := roleName{role: r.Name}
		if r.ClientID != "" {
			c := snap.ClientByID(r.ClientID)
			if c == nil {
				continue
			}
			name.client = c.ClientID
		}
		p.roles[name] = r.ID
	}
	return p
}

// seen is a set of texts that is small: eight bytes a text. Two texts that are
// taken for one are less likely than a broken disk: one in ten million among a
// million.
type seen struct {
	seed maphash.Seed
	set  map[uint64]struct{}
}

func newSeen() seen { return seen{maphash.MakeSeed(), map[uint64]struct{}{}} }

// add says whether the value of that kind is new.
func (s *seen) add(kind, value string) bool {
	key := maphash.String(s.seed, kind+"\x00"+value)
	_, there := s.set[key]
	s.set[key] = struct{}{}
	return !there
}

// account is a person as the file makes them of nothing, and what it says, of
// which one who is there is changed.
type account struct {
	*latchkey.Person
	says *representation.User
}

// add makes one account. As in Keycloak an account is enabled and has roles
// only where the file says so. It is nil where the file is at fault, which is
// noted; index is its place in the file.
func (p *people) add(rep *representation.User, index int) *account {
	name := strings.ToLower(strings.TrimSpace(representation.Value(rep.Username)))
	if name == "" && p.snap.Realm.RegistrationEmailAsUsername {
		name = strings.ToLower(strings.TrimSpace(representation.Value(rep.Email)))
	}
	if name == "" {
		p.note(latchkey.Invalid("users["+strconv.Itoa(index)+"]", "A user needs a username."))
		return nil
	}
	path := at("users", name)
	if !p.seen.add("name", name) {
		p.note(latchkey.Invalid(path, "This username is given twice, the second time by user %d of the export.", index+1))
		return nil
	}
	out, err := p.person(rep, name, path)
	if p.note(err) {
		return nil
	}
	u := out.User
	if c := u.ServiceAccountClientID; c != "" {
		if p.services[c] {
			p.note(twice(path+".serviceAccountClientId", "client"))
		}
		p.services[c] = true
	}
	if u.Email != "" && !p.snap.Realm.DuplicateEmailsAllowed && !p.seen.add("address", latchkey.CanonicalAddress(u.Email)) {
		p.note(twice(path+".email", "address"))
	}
	return out
}

func (p *people) person(rep *representation.User, name, path string) (*account, error) {
	u := &latchkey.User{RealmID: p.snap.Realm.ID, CreatedAt: representation.FromMillis(rep.CreatedTimestamp)}
	if u.CreatedAt.IsZero() {
		u.CreatedAt = p.o.Now
	}
	given := *rep
	given.Username = &name
	u.ID = p.id("user", rep.ID, path+".id")
	given.Email = p.address(rep, name)
	if err := given.Apply(u); err != nil {
		return nil, under(path, err)
	}
	u.EmailVerified = u.EmailVerified && u.Email != ""
	out := &account{&latchkey.Person{User: u}, &given}
	if clientID := representation.Value(rep.ServiceAccountClientID); clientID != "" {
		c := p.snap.ClientByClientID(clientID)
		if c == nil {
			return nil, latchkey.Invalid(path+".serviceAccountClientId", "There is no client with the clientId %q.", clientID)
		}
		u.ServiceAccountClientID = c.ID
	}
	if rep.RealmRoles != nil || rep.ClientRoles != nil {
		out.Roles = p.rolesNamed(rep.RealmRoles, rep.ClientRoles, path)
	}
	if rep.Groups != nil {
		out.Groups = p.groupsAt(rep)
	}
	if rep.ClientConsents != nil {
		out.Consents = p.consents(rep, u, name)
	}
	if rep.FederatedIdentities != nil {
		out.FederatedIdentities = p.federated(rep, name)
	}
	for _, alias := range u.RequiredActions {
		if !p.o.built(alias) {
			p.report.add("users.requiredActions", Kept, "this required action is not built yet: a sign-in that comes to it fails", alias)
		}
	}
	return out, p.credentials(out.Person, rep, path)
}

// id gives a fresh id, or the one that the file gives, which is opaque text
// and must not be given twice.
func (p *people) id(kind string, given *string, path string) string {
	id := representation.Value(given)
	switch {
	case id == "":
		return secret.NewID()
	case !isID(id):
		p.note(latchkey.Invalid(path, wrongID))
	case !p.seen.add(kind, id):
		p.note(latchkey.Invalid(path, "The id %q is given twice.", id))
	default:
		return id
	}
	return secret.NewID()
}

const wrongID = "An id has at most 255 characters and no control characters."

func isID(id string) bool { return len(id) <= 255 && strings.IndexFunc(id, unicode.IsControl) < 0 }

// address gives the user's address, when mail can be sent there. The empty one
// says that the user has none.
func (p *people) address(rep *representation.User, name string) *string {
	email := strings.TrimSpace(representation.Value(rep.Email))
	if email == "" {
		return rep.Email
	}
	if _, err := latchkey.ParseAddress(email); err != nil {
		p.report.add("users.email", NotTaken, "this is no address that mail can be sent to", name)
		return nil
	}
	return &email
}

// rolesNamed finds roles by name, in the order of their ids.
func (p *people) rolesNamed(realm []string, client map[string][]string, path string) []string {
	ids := []string{}
	find := func(clientID, name, where string) {
		if id, ok := p.roles[roleName{clientID, name}]; ok {
			ids = append(ids, id)
		} else if !p.faulty[clientID] {
			p.note(latchkey.Invalid(where, "There is no role with the name %q.", name))
		}
	}
	for _, name := range realm {
		find("", name, path+".realmRoles")
	}
	for _, clientID := range sortedKeys(client) {
		for _, name := range client[clientID] {
			find(clientID, name, at(path+".clientRoles", clientID))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// groupsAt finds the user's groups, in the order of their ids.
func (p *people) groupsAt(rep *representation.User) []string {
	ids := []string{}
	for _, path := range rep.Groups {
		if id := p.groups[path]; id != "" {
			ids = append(ids, id)
		} else {
			p.report.add("users.groups", NotTaken, whyNoGroup, path)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// consents takes over what the user said yes to.
func (p *people) consents(rep *representation.User, u *latchkey.User, name string) []*latchkey.Consent {
	out := []*latchkey.Consent{}
	for _, given := range rep.ClientConsents {
		client := p.snap.ClientByClientID(given.ClientID)
		if client == nil || slices.ContainsFunc(out, func(c *latchkey.Consent) bool { return c.ClientID == client.ID }) {
			p.report.add("users.clientConsents", NotTaken, "there is no client with this clientId, or it is named twice", name+": "+given.ClientID)
			continue
		}
		c := &latchkey.Consent{RealmID: u.RealmID, UserID: u.ID, ClientID: client.ID,
			CreatedAt: representation.FromMillis(given.CreatedDate), UpdatedAt: representation.FromMillis(given.LastUpdatedDate)}
		if c.CreatedAt.IsZero() {
			c.CreatedAt = p.o.Now
		}
		if c.UpdatedAt.IsZero() {
			c.UpdatedAt = c.CreatedAt
		}
		for _, scope := range given.GrantedClientScopes {
			if s := p.snap.ScopeByName(scope); s != nil {
				c.Scopes = append(c.Scopes, s.ID)
			} else {
				p.report.add("users.clientConsents", NotTaken, "there is no client scope of this name", scope)
			}
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *latchkey.Consent) int { return strings.Compare(a.ClientID, b.ClientID) })
	return out
}

// federated takes over which accounts at identity providers are linked.
func (p *people) federated(rep *representation.User, name string) []*latchkey.FederatedIdentity {
	out := []*latchkey.FederatedIdentity{}
	for _, given := range rep.FederatedIdentities {
		alias := given.IdentityProvider
		if alias == "" || slices.ContainsFunc(out, func(f *latchkey.FederatedIdentity) bool { return f.IdentityProvider == alias }) {
			p.report.add("users.federatedIdentities", NotTaken, "it names no identity provider, or the user has one there already", name)
			continue
		}
		out = append(out, &latchkey.FederatedIdentity{IdentityProvider: alias, FederatedUserID: given.UserID, FederatedUsername: given.UserName})
	}
	if len(out) > 0 {
		p.report.add("users.federatedIdentities", Kept, reason("identityProvider"), name)
	}
	return out
}

// credentials takes the user's credentials over: passwords, seeds of one-time
// passwords, and the others as they are. A password in clear waits in
// SecretData until hashPasswords.
func (p *people) credentials(u *latchkey.Person, rep *representation.User, path string) error {
	if rep.Credentials != nil {
		u.Credentials = []*latchkey.Credential{}
	}
	for i := range rep.Credentials {
		in := &rep.Credentials[i]
		at := path + ".credentials[" + strconv.Itoa(i) + "]"
		c := &latchkey.Credential{RealmID: p.snap.Realm.ID, UserID: u.User.ID, Type: representation.Value(in.Type),
			UserLabel: representation.Value(in.UserLabel), Priority: representation.Value(in.Priority), CreatedAt: representation.FromMillis(in.CreatedDate)}
		if c.CreatedAt.IsZero() {
			c.CreatedAt = p.o.Now
		}
		c.ID = p.id("credential", in.ID, at+".id")
		var err error
		switch c.Type {
		case latchkey.CredentialPassword, "":
			c.Type = latchkey.CredentialPassword
			if err = p.checkPolicy(in, u.User, at); err == nil {
				err = p.password(c, in, u.User.Username, at)
			}
		case latchkey.CredentialOTP, "totp", "hotp":
			err = p.oneTimePassword(c, in, u.User.Username, at)
		default:
			p.otherCredential(c, in, u.User.Username)
		}
		if err != nil {
			return err
		}
		if c.SecretData == "" {
			continue
		}
		if representation.Value(in.Temporary) && c.Type == latchkey.CredentialPassword {
			u.User.AddRequiredAction(latchkey.ActionUpdatePassword)
		}
		u.Credentials = append(u.Credentials, c)
	}
	return nil
}

// hashPasswords hashes the passwords that a file gives in clear.
func hashPasswords(ctx context.Context, list []*latchkey.Person) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, u := range list {
		for _, c := range u.Credentials {
			if c.Type != latchkey.CredentialPassword || c.CredentialData != "" {
				continue
			}
			g.Go(func() error {
				hashed, err := credential.NewPassword(ctx, latchkey.Secret(c.SecretData))
				if err == nil {
					c.SecretData, c.CredentialData = hashed.SecretData, hashed.CredentialData
				}
				return err
			})
		}
	}
	return g.Wait()
}

// NewServiceAccount makes the account of a client that signs in as itself.
func NewServiceAccount(c *latchkey.Client, now time.Time) *latchkey.User {
	return &latchkey.User{RealmID: c.RealmID, ID: secret.NewID(), Username: accountName(c),
		Enabled: true, CreatedAt: now, ServiceAccountClientID: c.ID}
}

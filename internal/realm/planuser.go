package realm

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"latchkey"
	"latchkey/internal/credential"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
	"latchkey/internal/token"
)

// makeUsers makes the file's accounts. As in Keycloak an account is enabled
// and has roles only where the file says so.
func (p *planner) makeUsers() {
	p.snap.Index()
	names, addresses, services := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range p.file.Users {
		rep := &p.file.Users[i]
		name := strings.ToLower(strings.TrimSpace(representation.Value(rep.Username)))
		if name == "" && p.snap.Realm.RegistrationEmailAsUsername {
			name = strings.ToLower(strings.TrimSpace(representation.Value(rep.Email)))
		}
		if name == "" {
			p.note(latchkey.Invalid("users["+strconv.Itoa(i)+"]", "A user needs a username."))
			continue
		}
		path := at("users", name)
		if names[name] {
			p.note(twice(path, "username"))
			continue
		}
		names[name] = true
		u, err := p.user(rep, name, path)
		if p.note(err) {
			continue
		}
		if c := u.user.ServiceAccountClientID; c != "" {
			if services[c] {
				p.note(twice(path+".serviceAccountClientId", "client"))
			}
			services[c] = true
		}
		if key := latchkey.CanonicalAddress(u.user.Email); u.user.Email != "" && !p.snap.Realm.DuplicateEmailsAllowed {
			if addresses[key] {
				p.note(twice(path+".email", "address"))
			}
			addresses[key] = true
		}
		p.users = append(p.users, u)
	}
}

func (p *planner) user(rep *representation.User, name, path string) (*plannedUser, error) {
	u := &latchkey.User{RealmID: p.snap.Realm.ID, CreatedAt: representation.FromMillis(rep.CreatedTimestamp)}
	if u.CreatedAt.IsZero() {
		u.CreatedAt = p.o.Now
	}
	given := *rep
	given.Username = &name
	u.ID = p.id("user", rep.ID, path+".id")
	if given.Email = p.address(rep, name); given.Email == nil {
		given.EmailVerified = nil
	}
	if err := given.Apply(u); err != nil {
		return nil, under(path, err)
	}
	out := &plannedUser{user: u}
	if clientID := representation.Value(rep.ServiceAccountClientID); clientID != "" {
		c := p.snap.ClientByClientID(clientID)
		if c == nil {
			return nil, latchkey.Invalid(path+".serviceAccountClientId", "There is no client with the clientId %q.", clientID)
		}
		u.ServiceAccountClientID = c.ID
	}
	out.roles = p.rolesNamed(rep.RealmRoles, rep.ClientRoles, path)
	out.groups = p.userGroups(rep)
	for _, alias := range u.RequiredActions {
		if !p.o.built(alias) {
			p.report.add("users.requiredActions", Kept, "this required action is not built yet: a sign-in that comes to it fails", alias)
		}
	}
	return out, p.credentials(out, rep, path)
}

// address gives the user's address, when mail can be sent there.
func (p *planner) address(rep *representation.User, name string) *string {
	email := strings.TrimSpace(representation.Value(rep.Email))
	if email == "" {
		return nil
	}
	if _, err := latchkey.ParseAddress(email); err != nil {
		p.report.add("users.email", NotTaken, "this is no address that mail can be sent to", name)
		return nil
	}
	return &email
}

// userGroups finds the user's groups, in the order of their ids.
func (p *planner) userGroups(rep *representation.User) []string {
	var ids []string
	for _, path := range rep.Groups {
		if id := p.groupPaths[path]; id != "" {
			ids = append(ids, id)
		} else {
			p.report.add("users.groups", NotTaken, whyNoGroup, path)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// makeServiceAccounts makes the account of every client that signs in as
// itself and whose account is not in the file.
func (p *planner) makeServiceAccounts() {
	have := map[string]bool{}
	for _, u := range p.users {
		have[u.user.ServiceAccountClientID] = true
	}
	for _, c := range p.snap.Clients {
		if c.ServiceAccountsEnabled && !have[c.ID] {
			p.users = append(p.users, &plannedUser{user: NewServiceAccount(c, p.o.Now), roles: []string{p.defaultRole.ID}})
		}
	}
}

// makeKeys makes the keys that the realm signs with: RS256, which every
// application can check, HS512 for refresh tokens, which nobody else checks,
// and that of the realm's default algorithm.
func (p *planner) makeKeys() error {
	realm := p.snap.Realm
	algorithms := union([]string{"RS256", "HS512"}, []string{realm.DefaultSignatureAlgorithm})
	for _, algorithm := range algorithms {
		key, err := token.NewKey(realm.ID, algorithm, p.o.Now)
		if latchkey.ErrorCode(err) == latchkey.CodeInvalid {
			return latchkey.Invalid("defaultSignatureAlgorithm", "There is no signature algorithm %q.", algorithm)
		}
		if err != nil {
			return err
		}
		p.snap.Keys = append(p.snap.Keys, key)
	}
	return nil
}

// hashPasswords hashes the passwords that the file gives in clear.
func (p *planner) hashPasswords() error {
	var g errgroup.Group
	for _, u := range p.users {
		for _, c := range u.credentials {
			if c.CredentialData == "" {
				g.Go(func() error {
					hashed, err := credential.NewPassword(context.Background(), latchkey.Secret(c.SecretData))
					if err == nil {
						c.SecretData, c.CredentialData = hashed.SecretData, hashed.CredentialData
					}
					return err
				})
			}
		}
	}
	return g.Wait()
}

// credentials takes the user's credentials over: passwords, seeds of one-time
// passwords, and the others as they are. A password in clear waits in
// SecretData until hashPasswords.
func (p *planner) credentials(u *plannedUser, rep *representation.User, path string) error {
	for i := range rep.Credentials {
		in := &rep.Credentials[i]
		at := path + ".credentials[" + strconv.Itoa(i) + "]"
		c := &latchkey.Credential{RealmID: p.snap.Realm.ID, UserID: u.user.ID, Type: representation.Value(in.Type),
			UserLabel: representation.Value(in.UserLabel), Priority: representation.Value(in.Priority), CreatedAt: representation.FromMillis(in.CreatedDate)}
		if c.CreatedAt.IsZero() {
			c.CreatedAt = p.o.Now
		}
		c.ID = p.id("credential", in.ID, at+".id")
		var err error
		switch c.Type {
		case latchkey.CredentialPassword, "":
			c.Type = latchkey.CredentialPassword
			err = p.password(c, in, u.user.Username, at)
		case latchkey.CredentialOTP, "totp", "hotp":
			err = p.oneTimePassword(c, in, u.user.Username, at)
		default:
			p.otherCredential(c, in, u.user.Username)
		}
		if err != nil {
			return err
		}
		if c.SecretData == "" {
			continue
		}
		if representation.Value(in.Temporary) && c.Type == latchkey.CredentialPassword {
			u.user.AddRequiredAction(latchkey.ActionUpdatePassword)
		}
		u.credentials = append(u.credentials, c)
	}
	return nil
}

// NewServiceAccount makes the account of a client that signs in as itself.
func NewServiceAccount(c *latchkey.Client, now time.Time) *latchkey.User {
	return &latchkey.User{RealmID: c.RealmID, ID: secret.NewID(), Username: "service-account-" + strings.ToLower(c.ClientID),
		Enabled: true, CreatedAt: now, ServiceAccountClientID: c.ID}
}

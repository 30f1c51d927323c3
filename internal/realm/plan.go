package realm

import (
	"context"
	"errors"

	"latchkey"
	"latchkey/internal/profile"
	"latchkey/internal/representation"
	"latchkey/internal/secret"
)

// planner makes a plan: file is what was asked for, base what every realm of
// that name has.
type planner struct {
	o    Options
	file *representation.Realm
	base *representation.Realm

	snap  *latchkey.Snapshot
	users []*latchkey.Person
	// streamed says that there are more people, to be read one by one.
	streamed bool
	report   Report
	faults   []error
	// faulty are the clients that roles were given for and that do not exist,
	// which is named once.
	faulty map[string]bool

	ids         map[string]bool // "kind/id" of what has an id already
	roles       map[roleName]*latchkey.Role
	defaultRole *latchkey.Role
	groupPaths  map[string]string // ids by path
	parts       parts
	// keyComponents are those that the realm's keys are made of.
	keyComponents []*latchkey.Component
}

// eventsKept is how long a realm that is made here keeps its events, in
// seconds: strangers cause events, so they must go at some time.
const eventsKept int64 = 90 * 24 * 60 * 60

// roleName is how representations name a role: client is a clientId, empty
// for a realm role.
type roleName struct{ client, role string }

func prepare(rep *representation.Realm, unknown []representation.Unknown, people *stream, o Options) (*Plan, error) {
	p, err := draft(rep, unknown, people, o)
	switch {
	case err != nil && p != nil: // a key may be one more fault
		return nil, representation.Join(err, p.makeKeys())
	case err != nil:
		return nil, err
	}
	if err := firstError(func() error { return hashPasswords(context.Background(), p.users) }, p.makeKeys); err != nil {
		return nil, err
	}
	p.snap.Index()
	p.report.sort()
	plan := &Plan{snap: p.snap, parts: p.parts, users: p.users, report: p.report}
	if p.streamed {
		plan.begun = &latchkey.RealmImport{RealmID: p.snap.Realm.ID, Digest: people.digest, Total: people.total, Enabled: p.snap.Realm.Enabled, StartedAt: o.Now}
		p.snap.Realm.Enabled = false
	}
	return plan, nil
}

// note keeps a fault of the file, so that the others are found too, and says
// whether there is one. What a fault is about is made as far as it can be, so
// that what names it is no fault.
func (p *planner) note(err error) bool {
	if err != nil && len(p.faults) < representation.MaxFaults {
		p.faults = append(p.faults, err)
	}
	return err != nil
}

// draft makes all of a plan but what takes long. Its error is about all that
// is wrong with the file.
func draft(rep *representation.Realm, unknown []representation.Unknown, people *stream, o Options) (*planner, error) {
	name := representation.Value(rep.Realm)
	if name == "" {
		return nil, latchkey.Invalid("realm", "Realm name cannot be empty")
	}
	if err := latchkey.ValidateRealmName(name); err != nil {
		return nil, err
	}
	base, err := builtin(name)
	if err != nil {
		return nil, err
	}
	p := &planner{o: o, file: rep, base: base, ids: map[string]bool{}, groupPaths: map[string]string{}, faulty: map[string]bool{}, roles: map[roleName]*latchkey.Role{}}
	p.report.unknown(unknown)
	p.snap = &latchkey.Snapshot{Realm: &latchkey.Realm{Name: name, Version: 1, CreatedAt: o.Now, Profile: latchkey.DefaultUserProfile()}}
	p.snap.Realm.ID = p.id("realm", rep.ID, "id")
	p.makeConfigs()
	p.makeFlows()
	p.makeActions()
	p.makeScopes()
	if err := p.makeSettings(); err != nil {
		return nil, err
	}
	if err := p.makeClients(); err != nil {
		return nil, err
	}
	p.makeRoles()
	p.makeComposites()
	p.makeScopeMappings()
	p.makeGroups()
	p.makeProviders()
	p.readComponents()
	p.makeUsers(people)
	if err := representation.Join(p.faults...); err != nil {
		return p, err
	}
	p.nameUnacted()
	return p, nil
}

// id gives a fresh id, or the one that the file gives, which is opaque text
// and must not be given twice.
func (p *planner) id(kind string, given *string, path string) string {
	id := representation.Value(given)
	switch {
	case id == "":
		return secret.NewID()
	case !isID(id):
		p.note(latchkey.Invalid(path, wrongID))
	case p.ids[kind+"/"+id]:
		p.note(latchkey.Invalid(path, "The id %q is given twice.", id))
	default:
		p.ids[kind+"/"+id] = true
		return id
	}
	return secret.NewID()
}

// under puts the path of what an error is about in front of its field.
func under(path string, err error) error { return representation.Under(path, err) }

func twice(path, what string) error { return latchkey.Invalid(path, "This %s is given twice.", what) }

// makeSettings fills in the realm's own settings: those of every realm, then
// what the file says. It needs the flows.
func (p *planner) makeSettings() error {
	realm := p.snap.Realm
	p.snap.Index()
	if err := p.base.Apply(realm, p.snap); err != nil {
		return err
	}
	file := *p.file
	if file.BrowserFlow == nil && p.o.MagicLink {
		file.BrowserFlow = new(latchkey.FlowMagicLink)
	}
	if file.EventsEnabled == nil && p.o.Events {
		file.EventsEnabled = new(true)
		if file.EventsExpiration == nil {
			file.EventsExpiration = new(eventsKept)
		}
	}
	file.SMTPServer = p.smtp()
	file.Kept = p.keptOfRealm()
	p.leaveOut(&file)
	if file.Enabled == nil && realm.Name == latchkey.MasterRealm {
		file.Enabled = new(true)
	}
	if !p.o.Strict {
		p.takeAsIs(realm)
	}
	if p.note(ApplySettings(&file, realm, p.snap)) {
		// So much of it decides about faults that are found later.
		realm.RegistrationEmailAsUsername = representation.Value(file.RegistrationEmailAsUsername)
		realm.DuplicateEmailsAllowed = representation.Value(file.DuplicateEmailsAllowed)
	}
	realm.DefaultDefaultClientScopes = p.defaultScopes("defaultDefaultClientScopes",
		p.file.DefaultDefaultClientScopes, p.base.DefaultDefaultClientScopes)
	realm.DefaultOptionalClientScopes = p.defaultScopes("defaultOptionalClientScopes",
		p.file.DefaultOptionalClientScopes, p.base.DefaultOptionalClientScopes)
	return nil
}

// takeAsIs takes over what only a new value is looked at of: the report names
// what is wrong with it (see nameAsIs).
func (p *planner) takeAsIs(realm *latchkey.Realm) {
	if p.file.PasswordPolicy != nil {
		realm.PasswordPolicy = *p.file.PasswordPolicy
	}
	bound := boundFlows(realm)
	for setting, alias := range p.file.BoundFlows() {
		if p.snap.FlowByAlias(alias) != nil {
			*bound[setting] = alias
		}
	}
}

// smtp gives the mail configuration without the secrets that the file only
// shows masked, and names what is not acted on.
func (p *planner) smtp() map[string]string {
	if p.file.SMTPServer == nil {
		return nil
	}
	out := map[string]string{}
	for _, key := range sortedKeys(p.file.SMTPServer) {
		value := p.file.SMTPServer[key]
		switch {
		case representation.IsMasked(value):
			p.report.add("smtpServer", NotTaken, "the file shows it masked: enter it anew", key)
		case representation.SMTPKeys[key]:
			out[key] = value
		case value != "" && value != "false":
			p.report.add("smtpServer", Kept, "not acted on", key)
		}
	}
	return out
}

func (p *planner) readProfile(text string) error {
	var shape representation.Profile
	unknown, err := representation.Decode([]byte(text), &shape)
	if err != nil {
		return under(profileConfigKey, err)
	}
	noun, err := shape.Noun()
	if err != nil {
		return under(profileConfigKey, err)
	}
	p.snap.Realm.Profile = noun
	if rest := profile.UnknownRules(&noun); len(rest) > 0 {
		p.report.add("userProfile.attributes.validations", Kept, "this rule is not known: no value is held against it", rest...)
	}
	for _, err := range profile.Odd(&noun) {
		var e *latchkey.Error
		if errors.As(err, &e) {
			p.report.add("userProfile.attributes", Kept, "this means nothing", e.Message)
		}
	}
	for i := range unknown {
		unknown[i].Path = "userProfile." + unknown[i].Path
	}
	p.report.unknown(unknown)
	return nil
}

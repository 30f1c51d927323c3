package latchkey

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Snapshot is everything that a realm is configured with, read at one version
// and never changed: requests share it and touch the database for people and
// logins only.
type Snapshot struct {
	Realm           *Realm
	Clients         []*Client // by clientId
	Scopes          []*ClientScope
	Roles           []*Role
	Flows           []*Flow
	Configs         []*AuthenticatorConfig
	RequiredActions []*RequiredAction // by priority
	Keys            []*Key            // highest priority first, then the newest

	clientByID       map[string]*Client
	clientByClientID map[string]*Client
	scopeByID        map[string]*ClientScope
	scopeByName      map[string]*ClientScope
	roleByID         map[string]*Role
	flowByID         map[string]*Flow
	flowByAlias      map[string]*Flow
	configByID       map[string]*AuthenticatorConfig
	actionByAlias    map[string]*RequiredAction
	derived          *derived
}

// derived keeps what was worked out of a snapshot.
type derived struct {
	mu     sync.RWMutex
	values map[any]any
}

// maxDerived bounds what a snapshot keeps beside itself: when it is
// full, everything is worked out anew.
const maxDerived = 1024

// Derive gives what build works out of the snapshot, once for each key: a
// snapshot never changes, and neither may what build gives, since everybody
// shares it. Keys are values of types of the caller's own. Of two callers at
// once both may work it out.
func (s *Snapshot) Derive(key any, build func() any) any {
	d := s.derived
	if d == nil { // not indexed yet
		return build()
	}
	d.mu.RLock()
	v, ok := d.values[key]
	d.mu.RUnlock()
	if ok {
		return v
	}
	v = build()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.values) >= maxDerived {
		clear(d.values)
	}
	d.values[key] = v
	return v
}

// Index builds the look-ups and sorts what has an order. It is called once,
// before the snapshot is shared.
func (s *Snapshot) Index() *Snapshot {
	s.derived = &derived{values: map[any]any{}}
	s.clientByID, s.clientByClientID = make(map[string]*Client, len(s.Clients)), make(map[string]*Client, len(s.Clients))
	s.Clients = arranged(s.Clients, func(a, b *Client) int { return strings.Compare(a.ClientID, b.ClientID) })
	for _, c := range s.Clients {
		s.clientByID[c.ID], s.clientByClientID[c.ClientID] = c, c
	}
	s.scopeByID, s.scopeByName = map[string]*ClientScope{}, map[string]*ClientScope{}
	for _, c := range s.Scopes {
		s.scopeByID[c.ID], s.scopeByName[c.Name] = c, c
	}
	s.roleByID = make(map[string]*Role, len(s.Roles))
	for _, r := range s.Roles {
		s.roleByID[r.ID] = r
	}
	s.flowByID, s.flowByAlias = map[string]*Flow{}, map[string]*Flow{}
	for _, f := range s.Flows {
		s.flowByID[f.ID], s.flowByAlias[f.Alias] = f, f
		byPriority := func(a, b Execution) int { return cmp.Compare(a.Priority, b.Priority) }
		if !slices.IsSortedFunc(f.Executions, byPriority) { // a flow that another snapshot has, too, is
			f.Executions = arranged(f.Executions, byPriority)
		}
	}
	s.configByID = map[string]*AuthenticatorConfig{}
	for _, c := range s.Configs {
		s.configByID[c.ID] = c
	}
	s.actionByAlias = map[string]*RequiredAction{}
	for _, a := range s.RequiredActions {
		s.actionByAlias[a.Alias] = a
	}
	s.RequiredActions = arranged(s.RequiredActions, func(a, b *RequiredAction) int { return cmp.Compare(a.Priority, b.Priority) })
	s.Keys = arranged(s.Keys, func(a, b *Key) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), b.Start().Compare(a.Start()))
	})
	return s
}

// arranged gives the list in order. Two snapshots may share a list, so one that
// is not in order is left as it is, and another made.
func arranged[T any](list []T, compare func(a, b T) int) []T {
	if slices.IsSortedFunc(list, compare) {
		return list
	}
	list = slices.Clone(list)
	slices.SortStableFunc(list, compare)
	return list
}

// ClientByID finds a client by its internal id; nil when there is none.
func (s *Snapshot) ClientByID(id string) *Client { return s.clientByID[id] }

// ClientByClientID finds a client by OAuth's client_id; nil when there is none.
func (s *Snapshot) ClientByClientID(clientID string) *Client { return s.clientByClientID[clientID] }

// Scope finds a client scope by its id; nil when there is none.
func (s *Snapshot) Scope(id string) *ClientScope { return s.scopeByID[id] }

// ScopeByName finds a client scope by its name; nil when there is none.
func (s *Snapshot) ScopeByName(name string) *ClientScope { return s.scopeByName[name] }

// Role finds a role by its id; nil when there is none.
func (s *Snapshot) Role(id string) *Role { return s.roleByID[id] }

// RoleNamed finds a realm role (clientID empty) or a role of the client with
// that internal id by its name; nil when there is none.
func (s *Snapshot) RoleNamed(clientID, name string) *Role {
	for _, r := range s.Roles {
		if r.ClientID == clientID && r.Name == name {
			return r
		}
	}
	return nil
}

// ExpandRoles gives the roles with the ids and all that they are composed of,
// each once; ids of roles that do not exist are left out.
func (s *Snapshot) ExpandRoles(ids []string) []*Role {
	seen := map[string]bool{}
	var out []*Role
	for queue := append([]string(nil), ids...); len(queue) > 0; queue = queue[1:] {
		r := s.roleByID[queue[0]]
		if r == nil || seen[r.ID] {
			continue
		}
		seen[r.ID] = true
		out = append(out, r)
		queue = append(queue, r.Composites...)
	}
	return out
}

// Flow finds a flow by its id; nil when there is none.
func (s *Snapshot) Flow(id string) *Flow { return s.flowByID[id] }

// FlowByAlias finds a flow by its alias; nil when there is none.
func (s *Snapshot) FlowByAlias(alias string) *Flow { return s.flowByAlias[alias] }

// Config finds an authenticator config by its id; nil when there is none.
func (s *Snapshot) Config(id string) *AuthenticatorConfig { return s.configByID[id] }

// RequiredAction finds a required action by its alias; nil when there is none.
func (s *Snapshot) RequiredAction(alias string) *RequiredAction { return s.actionByAlias[alias] }

// BrowserFlow gives the flow that signs people in to the client: the client's
// own binding, else the realm's; nil when that flow does not exist.
func (s *Snapshot) BrowserFlow(c *Client) *Flow {
	if c != nil {
		if f := s.flowByID[c.FlowBindings["browser"]]; f != nil {
			return f
		}
	}
	return s.flowByAlias[s.Realm.BrowserFlow]
}

// DirectGrantFlow gives the flow that a token request with a name and a
// password runs through: the client's own binding, else the realm's; nil when
// that flow does not exist.
func (s *Snapshot) DirectGrantFlow(c *Client) *Flow {
	if f := s.flowByID[c.FlowBindings["direct_grant"]]; f != nil {
		return f
	}
	return s.flowByAlias[s.Realm.DirectGrantFlow]
}

// EntryFlow gives the flow that a login of the client is entered by; nil when
// it does not exist.
func (s *Snapshot) EntryFlow(c *Client, entry Entry) *Flow {
	switch entry {
	case EntryRegistration:
		return s.flowByAlias[s.Realm.RegistrationFlow]
	case EntryReset:
		return s.flowByAlias[s.Realm.ResetCredentialsFlow]
	}
	return s.BrowserFlow(c)
}

// ActiveKey gives the key that signs with the algorithm at that time; nil when
// there is none.
func (s *Snapshot) ActiveKey(algorithm string, at time.Time) *Key {
	for _, k := range s.Keys {
		if k.Algorithm == algorithm && k.Status == KeyActive && !k.ActiveFrom.After(at) {
			return k
		}
	}
	return nil
}

// Key finds a key that may verify by its kid; nil when there is none.
func (s *Snapshot) Key(kid string) *Key {
	for _, k := range s.Keys {
		if k.ID == kid && k.Status != KeyDisabled {
			return k
		}
	}
	return nil
}

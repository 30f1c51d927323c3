package realm

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"latchkey"
	"latchkey/internal/store"
)

// Cache holds the snapshots of realms. A request takes one and keeps it; a
// change makes a new one, which is swapped in whole. It holds nothing that
// correctness needs: a node that misses a notice is right again after the next
// poll of versions, at most a second later.
type Cache struct {
	db    *store.DB
	state atomic.Pointer[cached]
	stale sync.Map // realm id -> a mark: look at the version before the next use
	marks atomic.Int64

	mu    sync.Mutex // guards the swap and what is being loaded
	loads map[string]*load
}

// maxRealms bounds the cache; a snapshot is some hundred kilobytes.
const maxRealms = 1000

// cached is one state of the cache. It is never changed.
type cached struct{ byID, byName map[string]*latchkey.Snapshot }

type load struct {
	done chan struct{}
	snap *latchkey.Snapshot
	err  error
}

// NewCache makes an empty cache; [Cache.Run] keeps it fresh.
func NewCache(db *store.DB) *Cache {
	c := &Cache{db: db, loads: map[string]*load{}}
	c.state.Store(&cached{})
	return c
}

// Get gives the snapshot of the realm with that name, enabled or not. The
// error is CodeNotFound when there is none.
func (c *Cache) Get(ctx context.Context, name string) (*latchkey.Snapshot, error) {
	if snap := c.state.Load().byName[name]; snap != nil {
		snap, err := c.fresh(ctx, snap)
		// A realm that was renamed or deleted leaves its name to another.
		if latchkey.ErrorCode(err) != latchkey.CodeNotFound && (err != nil || snap.Realm.Name == name) {
			return snap, err
		}
	}
	if err := latchkey.ValidateRealmName(name); err != nil {
		return nil, notFound()
	}
	return c.load(ctx, "name:"+name, func(tx *store.Tx) (*latchkey.Realm, error) { return tx.RealmByName(name) })
}

// ByID gives the snapshot of the realm with that id.
func (c *Cache) ByID(ctx context.Context, id string) (*latchkey.Snapshot, error) {
	if snap := c.state.Load().byID[id]; snap != nil {
		return c.fresh(ctx, snap)
	}
	return c.reload(ctx, id)
}

// Invalidate says that the realm was changed: the next Get looks at its
// version before it answers. A door that changes a realm calls it after the
// commit, so that it reads its own change.
func (c *Cache) Invalidate(realmID string) { c.stale.Store(realmID, c.marks.Add(1)) }

// retryAfter is how long Run waits when the database could not be read; until
// then the old snapshots serve.
const retryAfter = time.Second

// Run reloads what has changed, on this node or another, until ctx ends.
func (c *Cache) Run(ctx context.Context) error {
	changed, stop := c.db.Watch(store.TopicRealms)
	defer stop()
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-again:
		}
		again = nil
		if c.Refresh(ctx) != nil {
			again = time.After(retryAfter)
		}
	}
}

// Refresh compares the versions of the realms that the cache holds with those
// of the database, and reloads those that moved.
func (c *Cache) Refresh(ctx context.Context) error {
	var versions map[string]int64
	err := c.db.View(ctx, func(tx *store.Tx) (err error) {
		versions, err = tx.RealmVersions()
		return err
	})
	if err != nil {
		return err
	}
	for id, snap := range c.state.Load().byID {
		switch version, there := versions[id]; {
		case !there:
			c.drop(id)
		case version != snap.Realm.Version:
			if _, err := c.reload(ctx, id); err != nil && latchkey.ErrorCode(err) != latchkey.CodeNotFound {
				return err
			}
		}
	}
	return nil
}

// fresh gives the snapshot, or its successor when the realm was invalidated
// and its version moved. The mark stays until the answer is known, so that
// everyone who asks meanwhile looks too.
func (c *Cache) fresh(ctx context.Context, snap *latchkey.Snapshot) (*latchkey.Snapshot, error) {
	id := snap.Realm.ID
	mark, stale := c.stale.Load(id)
	if !stale {
		return snap, nil
	}
	var version int64
	err := c.db.View(ctx, func(tx *store.Tx) error {
		realm, err := tx.Realm(id)
		if err == nil {
			version = realm.Version
		}
		return err
	})
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		c.drop(id)
		return nil, notFound()
	}
	// A load that somebody began before the change may answer first with what
	// was before it.
	for err == nil && snap.Realm.Version < version {
		snap, err = c.reload(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	c.stale.CompareAndDelete(id, mark)
	return snap, nil
}

func (c *Cache) reload(ctx context.Context, id string) (*latchkey.Snapshot, error) {
	snap, err := c.load(ctx, "id:"+id, func(tx *store.Tx) (*latchkey.Realm, error) { return tx.Realm(id) })
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		c.drop(id)
	}
	return snap, err
}

// load reads a snapshot once for all who ask for it at the same time, and
// swaps it in. Who waited for another's failure tries again: the other may
// have given up, or looked before the realm was made.
func (c *Cache) load(ctx context.Context, key string, find func(*store.Tx) (*latchkey.Realm, error)) (*latchkey.Snapshot, error) {
	for {
		c.mu.Lock()
		other := c.loads[key]
		if other == nil {
			break
		}
		c.mu.Unlock()
		select {
		case <-other.done:
			if other.err == nil {
				return other.snap, nil
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	mine := &load{done: make(chan struct{})}
	c.loads[key] = mine
	c.mu.Unlock()

	mine.snap, mine.err = c.read(ctx, find)
	if mine.err == nil {
		mine.snap = c.swapIn(mine.snap)
	}
	c.mu.Lock()
	delete(c.loads, key)
	c.mu.Unlock()
	close(mine.done)
	return mine.snap, mine.err
}

// read reads the snapshot between two changes. Where they come without a pause,
// so that no reading ends as it began, it makes them wait: nobody is turned away
// while a script configures the realm.
func (c *Cache) read(ctx context.Context, find func(*store.Tx) (*latchkey.Realm, error)) (snap *latchkey.Snapshot, err error) {
	reading := func(hold bool) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			realm, err := find(tx)
			if err == nil && hold {
				err = tx.HoldRealm(realm.ID)
			}
			if err != nil {
				return err
			}
			// Of a realm that is held already, what changed is read alone.
			snap, err = tx.SnapshotAfter(realm.ID, c.state.Load().byID[realm.ID])
			return err
		}
	}
	err = c.db.View(ctx, reading(false))
	if latchkey.ErrorCode(err) == latchkey.CodeUnavailable {
		err = c.db.Update(ctx, reading(true))
	}
	return snap, err
}

// swapIn makes the snapshot the current one, unless a newer one came first.
func (c *Cache) swapIn(snap *latchkey.Snapshot) *latchkey.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.state.Load()
	old := now.byID[snap.Realm.ID]
	if old != nil && old.Realm.Version > snap.Realm.Version {
		return old
	}
	next := now.without(snap.Realm.ID)
	for id := range next.byID { // any: it is read again when it is asked for
		if len(next.byID) < maxRealms {
			break
		}
		next = next.without(id)
	}
	next.byID[snap.Realm.ID], next.byName[snap.Realm.Name] = snap, snap
	c.state.Store(next)
	return snap
}

func (c *Cache) drop(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Store(c.state.Load().without(id))
}

// without copies the state but for one realm.
func (s *cached) without(id string) *cached {
	next := &cached{byID: maps.Clone(s.byID), byName: maps.Clone(s.byName)}
	if next.byID == nil {
		next.byID, next.byName = map[string]*latchkey.Snapshot{}, map[string]*latchkey.Snapshot{}
	}
	if old := next.byID[id]; old != nil {
		delete(next.byID, id)
		if next.byName[old.Realm.Name] == old {
			delete(next.byName, old.Realm.Name)
		}
	}
	return next
}

func notFound() error { return latchkey.Errorf(latchkey.CodeNotFound, "Realm not found.") }

package server

import (
	"context"
	"time"

	"latchkey"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// lookAtKeys is how often every realm's keys are looked at; those of a realm
// that changed are looked at once, at once.
const lookAtKeys = time.Hour

// keepKeys sees to it that every realm has the keys that it needs: that each is
// followed by another in time, that what a client wants is there, and that what
// is over ends. Any node may do it, and all do.
func (s *Server) keepKeys(ctx context.Context) error {
	changed, stop := s.db.Watch(store.TopicRealms)
	defer stop()
	seen := map[string]int64{}
	all := time.NewTicker(lookAtKeys)
	defer all.Stop()
	for {
		if err := s.lookAtRealms(ctx, seen); err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("the realms' keys could not be looked at", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-all.C:
			clear(seen)
		}
	}
}

// lookAtRealms looks at the keys of every realm whose version is not the one
// that was seen before.
func (s *Server) lookAtRealms(ctx context.Context, seen map[string]int64) error {
	var versions map[string]int64
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		versions, err = tx.RealmVersions()
		return err
	})
	if err != nil {
		return err
	}
	for id, version := range versions {
		if seen[id] == version {
			continue
		}
		if err := s.keepRealmKeys(ctx, id); err != nil && latchkey.ErrorCode(err) != latchkey.CodeNotFound {
			return err
		}
		seen[id] = version
	}
	for id := range seen {
		if _, there := versions[id]; !there {
			delete(seen, id)
		}
	}
	return nil
}

// keepRealmKeys does what is due for one realm. Keys are drawn before the
// transaction.
func (s *Server) keepRealmKeys(ctx context.Context, id string) error {
	var snap *latchkey.Snapshot
	err := s.db.View(ctx, func(tx *store.Tx) (err error) {
		snap, err = tx.Snapshot(id)
		return err
	})
	if err != nil {
		return err
	}
	changes, err := token.KeysDue(snap, s.cfg.Now())
	if err != nil || len(changes) == 0 {
		return err
	}
	var done []token.KeyChange
	err = s.db.Update(ctx, func(tx *store.Tx) (err error) {
		done, err = token.ApplyKeys(tx, id, changes)
		return err
	})
	if err != nil {
		return err
	}
	s.realms.Invalidate(id)
	for _, c := range done {
		if c.New != nil {
			s.cfg.Log.Info("a realm has a new key", "realm", snap.Realm.Name, "kid", c.New.ID, "algorithm", c.New.Algorithm, "from", c.New.Start())
		} else {
			s.cfg.Log.Info("a realm's key is over", "realm", snap.Realm.Name, "kid", c.Disable)
		}
	}
	return nil
}

package realm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"

	"latchkey"
	"latchkey/internal/representation"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

// Side is one of two realms that are compared.
type Side struct {
	settings map[string]any
	people   func(each func(person map[string]any) error) error
}

// SideOfFiles is the realm of an export, as it stands there. The error has the
// code "invalid" when it holds another number of realms than one.
func SideOfFiles(files ...File) (*Side, error) {
	sources, err := Read(files...)
	if err != nil {
		return nil, err
	}
	if len(sources) != 1 {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The export holds %d realms. One can be compared.", len(sources))
	}
	s := sources[0]
	return side(s.Representation, func(each func(map[string]any) error) error {
		var fault error
		err := s.people.each(func(rep *representation.User, _ []representation.Unknown, _ int) error {
			person, err := tree(rep)
			if err != nil {
				return err
			}
			return each(person)
		}, func(err error) bool {
			if err != nil && fault == nil {
				fault = err
			}
			return err != nil
		})
		return representation.Join(fault, err)
	})
}

// SideOfRealm is a realm of the database, with its secrets but for the keys.
func SideOfRealm(ctx context.Context, db *store.DB, name string) (*Side, error) {
	shown := Shown{Secrets: true}
	var out bytes.Buffer
	options := WriteOptions{Shown: shown, People: NoPeople}
	err := Write(ctx, db, name, func(string) (io.WriteCloser, error) { return unclosed{&out}, nil }, options)
	if err != nil {
		return nil, err
	}
	rep := new(representation.Realm)
	if _, err := representation.Decode(out.Bytes(), rep); err != nil {
		return nil, err
	}
	return side(rep, func(each func(map[string]any) error) error { return peopleOf(ctx, db, name, each) })
}

type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

func peopleOf(ctx context.Context, db *store.DB, name string, each func(map[string]any) error) error {
	var c *Contents
	after := ""
	for {
		var list []*latchkey.Person
		err := db.View(ctx, func(tx *store.Tx) error {
			realm, err := tx.RealmByName(name)
			if err == nil && c == nil {
				c, err = Load(tx, realm.ID)
			}
			if err == nil {
				list, err = tx.People(realm.ID, after, peoplePage)
			}
			return err
		})
		if err != nil || len(list) == 0 {
			return err
		}
		for _, p := range list {
			after = p.User.Username
			person, err := tree(c.ExportPerson(p, Shown{Secrets: true}))
			if err == nil {
				err = each(person)
			}
			if err != nil {
				return err
			}
		}
	}
}

func side(rep *representation.Realm, people func(func(map[string]any) error) error) (*Side, error) {
	few := rep.Users
	shown := *rep
	shown.Users, shown.KeycloakVersion = nil, nil
	settings, err := tree(shown)
	if err != nil {
		return nil, err
	}
	// Keys are in exports that were asked for them.
	if components, ok := settings["components"].(map[string]any); ok {
		if keys, ok := components[token.KeyProviderType].([]any); ok {
			for _, key := range keys {
				if key, ok := key.(map[string]any); ok {
					delete(key, "config")
				}
			}
		}
	}
	return &Side{settings: settings, people: func(each func(map[string]any) error) error {
		for i := range few {
			person, err := tree(few[i])
			if err == nil {
				err = each(person)
			}
			if err != nil {
				return err
			}
		}
		return people(each)
	}}, nil
}

func tree(v any) (map[string]any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return out, dec.Decode(&out)
}

// shownPeople is how many people that differ are compared member by member;
// the others are counted.
const shownPeople = 1000

// Compare hands over, path by path, what differs between two realms, and says
// how many people more differ that are not shown. Of people it keeps a hash
// each, so that realms may be large.
func Compare(a, b *Side, people bool, found func(Difference)) (more int, err error) {
	d := &differ{found: found}
	d.objects("", a.settings, b.settings)
	if !people {
		return 0, nil
	}
	hashes := map[string][16]byte{}
	err = a.people(func(p map[string]any) error {
		name, hash, err := personHash(p)
		hashes[name] = hash
		return err
	})
	if err != nil {
		return 0, err
	}
	other := map[string]map[string]any{} // of B, who differ or are not in A
	err = b.people(func(p map[string]any) error {
		name, hash, err := personHash(p)
		if was, ok := hashes[name]; !ok || was != hash {
			if len(other) >= shownPeople {
				more++
			} else {
				other[name] = p
			}
			if ok {
				hashes[name] = [16]byte{1}
			}
			return err
		}
		delete(hashes, name)
		return err
	})
	if err != nil {
		return more, err
	}
	// What is left of A differs, or is not in B.
	left := 0
	err = a.people(func(p map[string]any) error {
		name, _, err := personHash(p)
		if _, differs := hashes[name]; !differs || err != nil {
			return err
		}
		switch theirs, ok := other[name]; {
		case ok:
			d.objects(at("users", name), p, theirs)
			delete(other, name)
		case hashes[name] == [16]byte{1}: // counted already
		case left >= shownPeople:
			more++
		default:
			left++
			found(Difference{Path: at("users", name), A: "{}"})
		}
		return nil
	})
	for _, name := range sortedKeys(other) {
		found(Difference{Path: at("users", name), B: "{}"})
	}
	return more, err
}

func personHash(p map[string]any) (name string, hash [16]byte, err error) {
	name, _ = p["username"].(string)
	text, err := json.Marshal(p)
	sum := sha256.Sum256(text)
	copy(hash[:], sum[:])
	return name, hash, err
}

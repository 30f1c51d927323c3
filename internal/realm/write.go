package realm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"latchkey"
	"latchkey/internal/store"
)

// PeopleIn says where an export has the people of a realm.
type PeopleIn string

// Where an export has the people of a realm, in the words of Keycloak.
const (
	RealmFile      PeopleIn = "realm_file"      // in the realm's own file
	SameFile       PeopleIn = "same_file"       // in one file of their own
	DifferentFiles PeopleIn = "different_files" // in many
	NoPeople       PeopleIn = "skip"
)

// WriteOptions say what an export holds and how it is cut up.
type WriteOptions struct {
	Shown
	People  PeopleIn
	PerFile int // people in one of DifferentFiles; zero: a thousand
	// Progress is told how many people are written. It may be nil.
	Progress func(done int)
}

// peoplePage is how many people are read at a time.
const peoplePage = 500

// Write exports a realm. create makes a file: NAME-realm.json, and those with
// people beside it. A realm that nobody changes is written to the same bytes
// each time, and so is a copy that was imported. What is changed while it is
// written may be in the export or not.
func Write(ctx context.Context, db *store.DB, name string, create func(name string) (io.WriteCloser, error), o WriteOptions) error {
	var c *Contents
	err := db.View(ctx, func(tx *store.Tx) error {
		realm, err := tx.RealmByName(name)
		if err != nil {
			return err
		}
		if err := through(tx, realm); err != nil {
			return err
		}
		c, err = Load(tx, realm.ID)
		return err
	})
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return latchkey.Errorf(latchkey.CodeNotFound, "There is no realm named %q.", name)
	}
	if err != nil {
		return err
	}
	w := &writing{ctx: ctx, db: db, c: c, o: o, create: create}
	if w.o.PerFile <= 0 {
		w.o.PerFile = 1000
	}
	return w.all()
}

// through refuses a realm of which a part is missing: whoever keeps its export
// would take it for the whole.
func through(tx *store.Tx, realm *latchkey.Realm) error {
	begun, err := tx.RealmImport(realm.ID)
	switch {
	case latchkey.ErrorCode(err) == latchkey.CodeNotFound:
		return nil
	case err != nil:
		return err
	}
	return latchkey.Errorf(latchkey.CodeConflict, "An import of the realm %s is not through: %d of %d people are there. Go on with it first: latchkey realm import --resume",
		realm.Name, begun.Done, begun.Total)
}

// writing is an export under way.
type writing struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one call of Write
	db     *store.DB
	c      *Contents
	o      WriteOptions
	create func(name string) (io.WriteCloser, error)

	after string // the username that was written last
	done  int
}

func (w *writing) all() error {
	name := w.c.Realm.Name
	err := w.file(name+"-realm.json", w.c.Export(w.o.Shown), w.o.People == RealmFile, 0)
	if err != nil {
		return err
	}
	head := struct {
		Realm string `json:"realm"`
	}{name}
	switch w.o.People {
	case SameFile:
		return w.file(name+"-users-0.json", head, true, 0)
	case DifferentFiles:
		for i := 0; ; i++ {
			before := w.done
			more, err := w.ahead()
			if err != nil || !more && i > 0 {
				return err
			}
			if err := w.file(fmt.Sprintf("%s-users-%d.json", name, i), head, true, w.o.PerFile); err != nil || w.done == before {
				return err
			}
		}
	}
	return nil
}

// ahead says whether there are people behind those that were written.
func (w *writing) ahead() (more bool, err error) {
	err = w.db.View(w.ctx, func(tx *store.Tx) error {
		list, err := tx.People(w.c.Realm.ID, w.after, 1)
		more = len(list) > 0
		return err
	})
	return more, err
}

// file writes a file: the members of head and, where people are asked for, at
// most so many of them; zero means all.
func (w *writing) file(name string, head any, people bool, most int) error {
	text, err := json.MarshalIndent(head, "", "  ")
	if err != nil {
		return err
	}
	out, err := w.create(name)
	if err != nil {
		return err
	}
	if people {
		err = w.people(out, bytes.TrimSuffix(text, []byte("\n}")), most)
	} else {
		_, err = out.Write(append(text, '\n'))
	}
	return errors.Join(err, out.Close())
}

func (w *writing) people(out io.Writer, head []byte, most int) error {
	if _, err := out.Write(append(head, ",\n  \"users\": ["...)); err != nil {
		return err
	}
	first := true
	for written := 0; most == 0 || written < most; {
		limit := peoplePage
		if most > 0 {
			limit = min(limit, most-written)
		}
		var list []*latchkey.Person
		err := w.db.View(w.ctx, func(tx *store.Tx) (err error) {
			list, err = tx.People(w.c.Realm.ID, w.after, limit)
			return err
		})
		if err != nil {
			return err
		}
		if len(list) == 0 {
			break
		}
		text, err := w.page(list, first)
		if err == nil {
			_, err = out.Write(text)
		}
		if err != nil {
			return err
		}
		first = false
		written += len(list)
		w.done += len(list)
		w.after = list[len(list)-1].User.Username
		if w.o.Progress != nil {
			w.o.Progress(w.done)
		}
	}
	end := "\n  ]\n}\n"
	if first {
		end = "]\n}\n"
	}
	_, err := out.Write([]byte(end))
	return err
}

func (w *writing) page(list []*latchkey.Person, first bool) ([]byte, error) {
	var text bytes.Buffer
	for _, p := range list {
		one, err := json.Marshal(w.c.ExportPerson(p, w.o.Shown))
		if err != nil {
			return nil, err
		}
		if !first {
			text.WriteByte(',')
		}
		first = false
		text.WriteString("\n    ")
		if err := json.Indent(&text, one, "    ", "  "); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

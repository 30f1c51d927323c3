package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"latchkey"
	"latchkey/internal/realm"
	"latchkey/internal/server"
	"latchkey/internal/store"
)

// realmCmd is `latchkey realm`.
type realmCmd struct {
	Export realmExportCmd `cmd:"" help:"Write a realm to a file or a folder, as Keycloak's export does."`
	Import realmImportCmd `cmd:"" help:"Take realms in from a file or a folder, Keycloak's or Latchkey's."`
	Delete realmDeleteCmd `cmd:"" help:"Delete a realm with all that is in it."`
	Diff   realmDiffCmd   `cmd:"" help:"Say what differs between two realms or exports. The exit code is 1 when something does."`
}

// realmExportCmd is `latchkey realm export`.
type realmExportCmd struct {
	Realm   string `name:"realm" required:"" placeholder:"NAME" help:"The realm."`
	File    string `name:"file" placeholder:"FILE" help:"The file to write; standard output where neither it nor --dir is said."`
	Dir     string `name:"dir" placeholder:"FOLDER" help:"The folder to write to: NAME-realm.json and, with --users different_files, NAME-users-0.json and so on."`
	Users   string `name:"users" placeholder:"WHERE" help:"Where the people go: realm_file, same_file, different_files or skip. Without it: realm_file, and different_files with --dir."`
	PerFile int    `name:"users-per-file" default:"1000" help:"How many people one of different_files has."`
	Secrets bool   `name:"secrets" help:"Write secrets and password hashes, too. The export is as secret as a backup then."`
	Keys    bool   `name:"keys" help:"Write the realm's private keys, too: tokens stay valid where it is imported."`
	placed
}

// peopleGo are the places that --users names.
var peopleGo = []realm.PeopleIn{realm.RealmFile, realm.SameFile, realm.DifferentFiles, realm.NoPeople}

// Run writes the export; a file that is there is replaced once the new one is
// whole.
func (c *realmExportCmd) Run(h *host) error {
	o := realm.WriteOptions{Shown: realm.Shown{Secrets: c.Secrets, Keys: c.Keys}, People: realm.PeopleIn(c.Users), PerFile: c.PerFile}
	switch {
	case c.File != "" && c.Dir != "":
		return latchkey.Invalid("dir", "--file and --dir both say where the export goes. Keep one of them.")
	case c.PerFile < 1:
		return latchkey.Invalid("users-per-file", "--users-per-file is a number of people, at least 1.")
	case c.Users != "" && !slices.Contains(peopleGo, o.People):
		return latchkey.Invalid("users", "--users is one of realm_file, same_file, different_files and skip, not %q.", c.Users)
	case c.Users == "" && c.Dir != "":
		o.People = realm.DifferentFiles
	case c.Users == "":
		o.People = realm.RealmFile
	case c.Dir == "" && (o.People == realm.SameFile || o.People == realm.DifferentFiles):
		return latchkey.Invalid("users", "People in files of their own need a folder. Say --dir.")
	}
	db, err := c.open(h)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if c.Dir != "" {
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			return &latchkey.Error{Code: latchkey.CodeInvalid, Field: "dir", Message: "The folder cannot be made. Choose another with --dir.", Err: err}
		}
	}
	p := newProgress(h)
	o.Progress = func(done int) { p.show(c.Realm, done, 0) }
	return realm.Write(h.ctx, db, c.Realm, func(name string) (io.WriteCloser, error) { return c.create(h, name) }, o)
}

func (c *realmExportCmd) create(h *host, name string) (io.WriteCloser, error) {
	path := c.File
	if c.Dir != "" {
		path = filepath.Join(c.Dir, name)
	}
	if path == "" {
		return stays{h.stdout}, nil
	}
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Field: "file", Message: "The export cannot be written to " + path + ".", Err: err}
	}
	return &whole{f, bufio.NewWriterSize(f, 1<<16), path}, nil
}

// stays is standard output, which nobody closes.
type stays struct{ io.Writer }

// Close does nothing.
func (stays) Close() error { return nil }

// whole is a file that has its name once it is whole.
type whole struct {
	file *os.File
	*bufio.Writer
	path string
}

// Close gives the file its name.
func (w *whole) Close() error {
	if err := errors.Join(w.Flush(), w.file.Sync(), w.file.Close()); err != nil {
		return err
	}
	return os.Rename(w.file.Name(), w.path)
}

// realmImportCmd is `latchkey realm import`.
type realmImportCmd struct {
	Path     string `arg:"" placeholder:"PATH" help:"The file, or the folder with NAME-realm.json and NAME-users-0.json and so on."`
	IfExists string `name:"if-exists" enum:"skip,fail,update-users" default:"fail" help:"What to do with a realm that is there: skip leaves it alone, fail is an error, update-users makes and changes its people as the file says. Its settings are changed by the Admin REST API, or by deleting it first: latchkey realm delete."`
	Resume   bool   `name:"resume" help:"Go on with an import that was ended before it was through."`
	placed
}

// Run takes the export in, says what became of each realm, and names what was
// not taken over.
func (c *realmImportCmd) Run(h *host) error {
	files, err := realm.FilesAt(c.Path)
	if err != nil {
		return err
	}
	sources, err := realm.Read(files...)
	if err != nil {
		return err
	}
	db, err := c.open(h)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	p := newProgress(h)
	o := realm.ImportOptions{Options: realm.Options{Now: time.Now(), Built: server.Built}, IfExists: realm.IfExists(c.IfExists), Resume: c.Resume, Progress: p.show}
	results, err := realm.Import(h.ctx, db, sources, o)
	for _, r := range results {
		if _, err := fmt.Fprintln(h.stdout, became(r)); err != nil {
			return err
		}
		for _, line := range r.Report.Lines() {
			if _, err := fmt.Fprintf(h.stdout, "  %s\n", line); err != nil {
				return err
			}
		}
	}
	return c.told(err)
}

// told is the error of an import for the person who asked for it: with what is
// wrong in the file and where, and with what to do.
func (c *realmImportCmd) told(err error) error {
	var fault *latchkey.Error
	if errors.Is(err, context.Canceled) {
		return latchkey.Errorf(latchkey.CodeUnavailable, "The import was ended. What is there stays; say the same with --resume to go on.")
	}
	if !errors.As(err, &fault) || fault.Field == "" {
		return err
	}
	if fault.Code == latchkey.CodeConflict && strings.HasSuffix(fault.Field, ".realm") && c.IfExists == string(realm.Fail) {
		return latchkey.Errorf(latchkey.CodeConflict, "%s Say --if-exists update-users to make and change its people, skip to leave it alone, or begin anew after `latchkey realm delete`.", fault.Message)
	}
	return &latchkey.Error{Code: fault.Code, Message: "The realm export " + c.Path + " cannot be taken in.", Err: err}
}

func became(r realm.Result) string {
	switch {
	case r.Created:
		return fmt.Sprintf("realm %s: made, with %d people", r.Realm, r.People)
	case r.Resumed:
		return fmt.Sprintf("realm %s: the import is through, with %d people more", r.Realm, r.People)
	case r.People > 0:
		return fmt.Sprintf("realm %s: %d people were made or changed", r.Realm, r.People)
	}
	return fmt.Sprintf("realm %s: there already, left as it is", r.Realm)
}

// progress says once a second how far a command is.
type progress struct {
	out         io.Writer
	start, last time.Time
	from        int // where it began, or was when it was first heard of
	heard       bool
	what        string // of which it is so many
}

func newProgress(h *host) *progress {
	now := time.Now()
	return &progress{out: h.stderr, start: now, last: now, what: "people"}
}

func (p *progress) show(name string, done, total int) {
	now := time.Now()
	first := !p.heard && done < total // whoever waits for long hears of it at once
	if !p.heard {
		p.heard, p.from, p.start = true, done, now
	}
	if !first && now.Sub(p.last) < time.Second && (done < total || total == 0) {
		return
	}
	p.last = now
	of := ""
	if total > 0 {
		of = fmt.Sprintf(" of %d", total)
	}
	rate := ""
	if seconds := now.Sub(p.start).Seconds(); seconds > 0.5 {
		rate = fmt.Sprintf(", %.0f a second", float64(done-p.from)/seconds)
	}
	_, _ = fmt.Fprintf(p.out, "realm %s: %d%s %s%s\n", name, done, of, p.what, rate)
}

// realmDiffCmd is `latchkey realm diff`.
type realmDiffCmd struct {
	A     string `arg:"" placeholder:"A" help:"An export (a file or a folder that is there), else the name of a realm."`
	B     string `arg:"" placeholder:"B" help:"What to compare it with."`
	Users bool   `name:"compare-users" default:"true" negatable:"" help:"Compare people, too."`
	placed
}

// errDiffers is the exit code 1 of a comparison that found something.
var errDiffers = errors.New("the realms differ")

// Run compares, a line a difference.
func (c *realmDiffCmd) Run(h *host) error {
	var db *store.DB
	defer func() {
		if db != nil {
			_ = db.Close()
		}
	}()
	var sides []*realm.Side
	for _, name := range []string{c.A, c.B} {
		var side *realm.Side
		_, err := os.Stat(name)
		if err == nil {
			var files []realm.File
			if files, err = realm.FilesAt(name); err == nil {
				side, err = realm.SideOfFiles(files...)
			}
		} else {
			if db == nil {
				if db, err = c.open(h); err != nil {
					return err
				}
			}
			side, err = realm.SideOfRealm(h.ctx, db, name)
		}
		if err != nil {
			return err
		}
		sides = append(sides, side)
	}
	n := 0
	var failed error
	more, err := realm.Compare(sides[0], sides[1], c.Users, func(d realm.Difference) {
		n++
		if _, err := fmt.Fprintln(h.stdout, d); err != nil {
			failed = err
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	if more > 0 {
		if _, err := fmt.Fprintf(h.stdout, "users: %d people more differ\n", more); err != nil {
			return err
		}
	}
	if n+more > 0 {
		return errDiffers
	}
	return nil
}

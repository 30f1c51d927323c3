package realm

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"latchkey"
	"latchkey/internal/representation"
)

// File is a part of an export, which is read more than once.
type File struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// Text is a file that is in memory already.
func Text(name string, data []byte) File {
	return File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// FilesAt gives the files of an export: the one with the path, or, in a folder,
// those that Keycloak's export writes there: NAME-realm.json and
// NAME-users-N.json. The error has the code "invalid" when there are none.
func FilesAt(path string) ([]File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Message: "There is no realm export at " + path, Err: err}
	}
	if !info.IsDir() {
		return []File{onDisk(path)}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, &latchkey.Error{Code: latchkey.CodeInvalid, Message: "The folder " + path + " cannot be read.", Err: err}
	}
	type part struct {
		name   string
		number int
		file   File
	}
	var settings, people []part
	for _, e := range entries {
		found := exportName.FindStringSubmatch(e.Name())
		switch {
		case e.IsDir() || found == nil:
		case found[2] == "realm":
			settings = append(settings, part{name: found[1], file: onDisk(filepath.Join(path, e.Name()))})
		default:
			n, _ := strconv.Atoi(found[3]) // digits, or nothing
			people = append(people, part{found[1], n, onDisk(filepath.Join(path, e.Name()))})
		}
	}
	if len(settings) == 0 {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The folder %s has no file that is named NAME-realm.json.", path)
	}
	slices.SortFunc(people, func(a, b part) int {
		if a.name != b.name {
			return strings.Compare(a.name, b.name)
		}
		return a.number - b.number
	})
	var out []File
	for _, p := range append(settings, people...) {
		out = append(out, p.file)
	}
	return out, nil
}

var exportName = regexp.MustCompile(`^(.+)-(realm|users)(?:-(\d{1,9}))?\.json$`)

func onDisk(path string) File {
	return File{Name: path, Open: func() (io.ReadCloser, error) { return os.Open(path) }} //nolint:gosec // the operator names the file
}

// Source is one realm of an export that was read.
type Source struct {
	Representation *representation.Realm
	unknown        []representation.Unknown
	people         *stream
}

// Name is the realm's name.
func (s *Source) Name() string { return representation.Value(s.Representation.Realm) }

// People is how many users the export has that are read one by one.
func (s *Source) People() int {
	if s.people == nil {
		return 0
	}
	return s.people.total
}

// Prepare makes the plan of the realm; see the function [Prepare]. All its
// people are looked at; when they are more than some hundred, the plan makes
// the realm without them, and [Import] reads them again.
func (s *Source) Prepare(o Options) (*Plan, error) {
	return prepare(s.Representation, s.unknown, s.people, o)
}

// Parse reads an export that is in memory; see [Read].
func Parse(data []byte) ([]*Source, error) { return Read(Text("", data)) }

// Read reads an export of Keycloak: files with one realm or a list of realms,
// and files with people of those. It checks the shape; whether the parts fit
// together is found by Prepare. Of the people it keeps where they are, so that
// the files have to stay. An error names the member that is wrong.
func Read(files ...File) ([]*Source, error) {
	r := reading{names: map[string]*Source{}, digests: map[*Source]hash.Hash{}}
	for _, f := range files {
		if err := r.file(f, len(files) > 1); err != nil {
			return nil, err
		}
	}
	if len(r.sources) == 0 {
		return nil, latchkey.Errorf(latchkey.CodeInvalid, "The file holds no realm.")
	}
	for _, s := range r.sources {
		s.people.digest = r.digests[s].Sum(nil)
	}
	return r.sources, nil
}

// reading is an export as far as it was read.
type reading struct {
	sources []*Source
	names   map[string]*Source
	digests map[*Source]hash.Hash
}

func (r *reading) file(f File, several bool) error {
	digest, counts := sha256.New(), map[int]int{}
	var settings []byte
	err := f.read(func(in io.Reader) (err error) {
		settings, err = representation.Split(io.TeeReader(in, digest), func(realm, _ int, _ []byte) error {
			counts[realm]++
			return nil
		})
		return err
	})
	if err != nil {
		return r.in(f, err)
	}
	var fresh []*Source
	if name, ok := peopleOnly(settings); ok && several && r.names[name] != nil {
		fresh = append(fresh, r.names[name])
	} else if fresh, err = r.realms(settings); err != nil {
		return r.in(f, err)
	}
	for i, s := range fresh {
		s.people.files = append(s.people.files, peopleFile{f, i})
		s.people.total += counts[i]
		r.digests[s].Write(digest.Sum(nil))
	}
	return nil
}

// in says which file the error is about, where there is a name.
func (r *reading) in(f File, err error) error {
	if f.Name == "" {
		return err
	}
	return &latchkey.Error{Code: latchkey.ErrorCode(err), Message: "The realm export " + f.Name + " cannot be read.", Err: err}
}

// peopleOnly says whose people a file holds, when it holds nothing else.
func peopleOnly(settings []byte) (realm string, ok bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(settings, &members) != nil || members["users"] == nil || json.Unmarshal(members["realm"], &realm) != nil {
		return "", false
	}
	maps.DeleteFunc(members, func(name string, _ json.RawMessage) bool { return name == "realm" || name == "users" })
	return realm, len(members) == 0
}

func (r *reading) realms(settings []byte) ([]*Source, error) {
	var fresh []*Source
	unknown, err := representation.DecodeEach(settings, func() any {
		s := &Source{Representation: new(representation.Realm), people: new(stream)}
		fresh = append(fresh, s)
		return s.Representation
	})
	if err != nil {
		return nil, err
	}
	for i, s := range fresh {
		s.unknown = unknown[i]
		if s.Name() == "" {
			return nil, latchkey.Invalid("realm", "Realm name cannot be empty")
		}
		if r.names[s.Name()] != nil {
			return nil, twice(at("realms", s.Name()), "name")
		}
		r.names[s.Name()], r.digests[s] = s, sha256.New()
	}
	r.sources = append(r.sources, fresh...)
	return fresh, nil
}

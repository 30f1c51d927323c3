package realm

import (
	"context"
	"errors"
	"io"
	"strconv"

	"latchkey"
	"latchkey/internal/representation"
)

// batch is how many people are written in one transaction. A realm with no
// more than that is made in one, with its settings.
const batch = 500

// stream reads the people of one realm out of its files, again and again.
type stream struct {
	files  []peopleFile
	total  int
	digest []byte
}

// peopleFile is a file with people; realm is the place of theirs in the file.
type peopleFile struct {
	File
	realm int
}

// errFaults ends a reading that has found faults enough.
var errFaults = errors.New("faults enough")

// each reads every user: the representation, what it has no place for, and the
// number of the user in the export. One that cannot be read is noted.
func (s *stream) each(user func(*representation.User, []representation.Unknown, int) error, note func(error) bool) error {
	index, faults := 0, 0
	for _, f := range s.files {
		err := f.read(func(in io.Reader) error {
			_, err := representation.Split(in, func(realm, line int, text []byte) error {
				if realm != f.realm {
					return nil
				}
				index++
				rep, unknown, err := decodeUser(text, index-1, line)
				if note(err) {
					if faults++; faults >= representation.MaxFaults {
						return errFaults
					}
					return nil
				}
				return user(rep, unknown, index-1)
			})
			return err
		})
		if err != nil && !errors.Is(err, errFaults) {
			return err
		}
	}
	return nil
}

// read opens the file for the time of f.
func (f File) read(use func(io.Reader) error) error {
	in, err := f.Open()
	if err != nil {
		return &latchkey.Error{Code: latchkey.CodeInvalid, Message: "The file " + f.Name + " cannot be read.", Err: err}
	}
	return errors.Join(use(in), in.Close())
}

func decodeUser(text []byte, index, line int) (*representation.User, []representation.Unknown, error) {
	rep := new(representation.User)
	unknown, err := representation.Decode(text, rep)
	path := at("users", representation.Value(rep.Username))
	if representation.Value(rep.Username) == "" {
		path = "users[" + strconv.Itoa(index) + "]"
	}
	var e *latchkey.Error
	if errors.As(err, &e) && e.Field == "" {
		return nil, nil, latchkey.Invalid(path, "The JSON of the user that begins at line %d cannot be read.", line)
	}
	for i := range unknown {
		unknown[i].Path = path + "." + unknown[i].Path
	}
	return rep, unknown, under(path, err)
}

// batches makes the people behind the first skip and hands them over, some
// hundred at a time, with their passwords hashed. It reads ahead while write
// writes.
func (s *stream) batches(ctx context.Context, all *people, skip int, write func([]*account) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ready := make(chan []*account, 1)
	read := make(chan error, 1)
	go func() {
		defer close(ready)
		read <- s.fill(ctx, all, skip, ready)
	}()
	for list := range ready {
		if err := write(list); err != nil {
			stop()
			for range ready { // the reader is let go
			}
			return err
		}
	}
	return <-read
}

func (s *stream) fill(ctx context.Context, all *people, skip int, ready chan<- []*account) error {
	var list []*account
	hand := func() error {
		if len(list) == 0 {
			return nil
		}
		persons := make([]*latchkey.Person, len(list))
		for i, a := range list {
			persons[i] = a.Person
		}
		if err := hashPasswords(ctx, persons); err != nil {
			return err
		}
		select {
		case ready <- list:
			list = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var fault error
	all.note = func(err error) bool {
		if err != nil && fault == nil {
			fault = err
		}
		return err != nil
	}
	err := s.each(func(rep *representation.User, _ []representation.Unknown, index int) error {
		u := all.add(rep, index)
		switch {
		case fault != nil:
			return fault
		case index < skip:
			return nil
		}
		list = append(list, u)
		if len(list) < batch {
			return nil
		}
		return hand()
	}, all.note)
	if err = errors.Join(err, fault); err != nil {
		return err
	}
	return hand()
}

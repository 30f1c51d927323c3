package demo

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/oauth2"
)

// maxFile is how many bytes of the file are read.
const maxFile = 64 << 20

// kept is what the file holds.
type kept struct {
	People   map[string]keptSession `json:"people"`
	Attempts map[string]keptAttempt `json:"attempts"`
}

type keptSession struct {
	Token   *oauth2.Token `json:"token"`
	IDToken string        `json:"id_token"`
	Name    string        `json:"name"`
	Expires time.Time     `json:"expires"`
}

type keptAttempt struct {
	Browser  string    `json:"browser"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Expires  time.Time `json:"expires"`
}

// save writes the file, whole or not at all. The caller holds the lock. What
// cannot be kept is still in memory, so a failure is for the log.
func (s *sessions) save() {
	if s.file == "" {
		return
	}
	k := kept{People: map[string]keptSession{}, Attempts: map[string]keptAttempt{}}
	now := s.now()
	maps.DeleteFunc(s.people, func(_ string, n *session) bool { return !now.Before(n.expires) })
	maps.DeleteFunc(s.attempts, func(_ string, a attempt) bool { return !now.Before(a.expires) })
	for id, n := range s.people {
		k.People[id] = keptSession{n.token, n.idToken, n.name, n.expires}
	}
	for id, a := range s.attempts {
		k.Attempts[id] = keptAttempt{a.browser, a.nonce, a.verifier, a.expires}
	}
	if err := write(s.file, k); err != nil {
		s.log.Warn("demo: who is signed in could not be kept", "error", err)
	}
}

func write(path string, k kept) error {
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// load reads the file. One that is missing or no use is begun anew: it only
// costs signing in again.
func (s *sessions) load() {
	if s.file == "" {
		return
	}
	k, err := read(s.file)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			s.log.Warn("demo: who was signed in could not be read", "error", err)
		}
		return
	}
	for id, n := range k.People {
		if n.Token != nil && len(s.people) < maxKept {
			s.people[id] = &session{token: n.Token, idToken: n.IDToken, name: n.Name, expires: n.Expires}
		}
	}
	for id, a := range k.Attempts {
		if len(s.attempts) < maxKept {
			s.attempts[id] = attempt{browser: a.Browser, nonce: a.Nonce, verifier: a.Verifier, expires: a.Expires}
		}
	}
}

func read(path string) (k kept, err error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the folder
	if err != nil {
		return k, err
	}
	defer func() { _ = f.Close() }()
	return k, json.NewDecoder(io.LimitReader(f, maxFile)).Decode(&k)
}
